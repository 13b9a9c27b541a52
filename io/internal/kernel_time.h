// A time limit as system calls take it.
#ifndef MAGPIE_IO_INTERNAL_KERNEL_TIME_H_
#define MAGPIE_IO_INTERNAL_KERNEL_TIME_H_

#include <time.h>

#include "magpie/runtime/clock.h"

namespace magpie::io::internal {

// Null, which is no limit, for duration::max(); else `storage`, which holds it then.
inline timespec* kernel_time(clock::duration limit, timespec& storage) noexcept {
  if (limit == clock::duration::max()) return nullptr;
  const auto seconds = std::chrono::floor<std::chrono::seconds>(limit);
  storage.tv_sec = static_cast<time_t>(seconds.count());
  storage.tv_nsec = static_cast<long>(std::chrono::nanoseconds(limit - seconds).count());
  return &storage;
}

}  // namespace magpie::io::internal

#endif  // MAGPIE_IO_INTERNAL_KERNEL_TIME_H_
