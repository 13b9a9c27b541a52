// eventfd(2): a descriptor that one thread waits for and any other makes readable.
#ifndef MAGPIE_IO_INTERNAL_WAKE_EVENT_H_
#define MAGPIE_IO_INTERNAL_WAKE_EVENT_H_

#include "magpie/runtime/clock.h"

namespace magpie::io::internal {

class wake_event {
 public:
  // Throws std::system_error.
  wake_event();
  ~wake_event();
  wake_event(const wake_event&) = delete;
  wake_event& operator=(const wake_event&) = delete;

  // Any thread. Remembered until the next wait().
  void signal() noexcept;

  // One thread. Waits for signal(), at most for `limit`, and forgets it. duration::max(): no limit.
  void wait(clock::duration limit) noexcept;

  int fd() const noexcept { return fd_; }

 private:
  const int fd_;
};

}  // namespace magpie::io::internal

#endif  // MAGPIE_IO_INTERNAL_WAKE_EVENT_H_
