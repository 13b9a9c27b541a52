// A process that the system refuses the next few threads.
#ifndef MAGPIE_TESTS_RUNTIME_LITTLE_ADDRESS_SPACE_H_
#define MAGPIE_TESTS_RUNTIME_LITTLE_ADDRESS_SPACE_H_

#include <sys/resource.h>

#include <cstddef>
#include <fstream>

namespace magpie::testing {

// While it exists, the process gets 64 MiB of address space beyond what it has: each thread
// reserves a stack. Not under the sanitizers, which need all there is.
class little_address_space {
 public:
  little_address_space() {
    ::getrlimit(RLIMIT_AS, &before_);
    rlimit little = before_;
    little.rlim_cur = in_use() + (std::size_t{64} << 20U);
    ::setrlimit(RLIMIT_AS, &little);
  }
  little_address_space(const little_address_space&) = delete;
  little_address_space& operator=(const little_address_space&) = delete;
  ~little_address_space() { ::setrlimit(RLIMIT_AS, &before_); }

 private:
  static std::size_t in_use() {
    std::ifstream statm("/proc/self/statm");
    std::size_t pages = 0;
    statm >> pages;
    return pages * 4096;
  }

  rlimit before_{};
};

}  // namespace magpie::testing

#endif  // MAGPIE_TESTS_RUNTIME_LITTLE_ADDRESS_SPACE_H_
