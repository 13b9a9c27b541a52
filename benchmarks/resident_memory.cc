#include "magpie/benchmarks/resident_memory.h"

#include <malloc.h>

#include <fstream>
#include <string>

namespace magpie::benchmarks {
namespace {

// A line of /proc/self/status, such as "VmHWM:     5124 kB".
std::size_t status_bytes(const std::string& wanted) {
  std::ifstream status("/proc/self/status");
  std::string name;
  while (status >> name) {
    std::size_t kilobytes = 0;
    if (name == wanted && status >> kilobytes) return kilobytes * 1024;
    std::getline(status, name);
  }
  return 0;
}

}  // namespace

std::size_t resident_bytes() {
  return status_bytes("VmRSS:");
}

std::size_t peak_resident_bytes() {
  return status_bytes("VmHWM:");
}

std::size_t allocated_bytes() {
  const struct mallinfo2 heap = ::mallinfo2();
  return heap.uordblks + heap.hblkhd;
}

void forget_peak() {
  ::malloc_trim(0);
  std::ofstream("/proc/self/clear_refs") << '5';
}

}  // namespace magpie::benchmarks
