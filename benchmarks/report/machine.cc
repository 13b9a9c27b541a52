#include "magpie/benchmarks/report/machine.h"

#include <sys/utsname.h>
#include <unistd.h>

#include <cstdlib>
#include <ctime>
#include <fstream>

#include "magpie/benchmarks/report/format.h"

namespace magpie::bench {
namespace {

// What follows `key` and its separators in the first such line of a file.
std::string value_in(const char* file, const std::string& key) {
  std::ifstream lines(file);
  for (std::string line; std::getline(lines, line);) {
    if (line.compare(0, key.size(), key) != 0) continue;
    const std::size_t from = line.find_first_not_of(" \t:=\"", key.size());
    const std::size_t to = line.find_last_not_of("\" \t");
    if (from != std::string::npos) return line.substr(from, to - from + 1);
  }
  return "unknown";
}

std::string kernel() {
  utsname names{};
  uname(&names);
  return std::string(names.sysname) + " " + names.release + " " + names.machine;
}

std::string now() {
  const std::time_t seconds = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[64];
  std::strftime(text, sizeof text, "%Y-%m-%d %H:%M UTC", &parts);
  return text;
}

std::string load() {
  double averages[1] = {0};
  if (getloadavg(averages, 1) != 1) return "unknown";
  return format_number(averages[0]) + " over the last minute before the start";
}

std::string compiler() {
#ifdef __clang__
  const std::string name = "clang ";
#else
  const std::string name = "gcc ";
#endif
#ifdef NDEBUG
  return name + __VERSION__ + ", without assertions";
#else
  return name + __VERSION__ + ", with assertions";
#endif
}

}  // namespace

std::vector<std::pair<std::string, std::string>> describe_machine(std::size_t workers) {
  const double memory =
      static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGESIZE));
  return {
      {"processor", value_in("/proc/cpuinfo", "model name")},
      {"cores", std::to_string(workers) + " available of " +
                    std::to_string(sysconf(_SC_NPROCESSORS_ONLN)) + " online"},
      {"workers", "N = " + std::to_string(workers)},
      {"memory", format_bytes(memory)},
      {"kernel", kernel()},
      {"system", value_in("/etc/os-release", "PRETTY_NAME")},
      {"compiler", compiler()},
      {"load", load()},
      {"time", now()},
  };
}

}  // namespace magpie::bench
