// A guest_runtime for a loop that waits for descriptors: with poll(2), epoll(7), or whatever a
// library calls "watch this descriptor".
//
//   io::guest_runtime guest;
//   for (;;) {
//     pollfd waited[] = {{guest.descriptor(), POLLIN, 0}, ...};
//     ::ppoll(waited, 2, until(guest.deadline()), nullptr);
//     guest.run_ready();
//   }
#ifndef MAGPIE_IO_GUEST_RUNTIME_H_
#define MAGPIE_IO_GUEST_RUNTIME_H_

#include <chrono>
#include <cstddef>
#include <source_location>
#include <string>
#include <utility>

#include "magpie/io/internal/wake_event.h"
#include "magpie/runtime/clock.h"
#include "magpie/runtime/guest_runtime.h"
#include "magpie/runtime/options.h"
#include "magpie/runtime/spawn.h"
#include "magpie/runtime/task.h"

namespace magpie::io {

class guest_runtime {
 public:
  // As magpie::guest_runtime; besides, throws std::system_error if the system refuses a descriptor.
  explicit guest_runtime(const options& settings = options(),
                         std::source_location where = std::source_location::current())
      : runtime_([this] { event_.signal(); }, settings, where) {}

  // Readable, level-triggered, when run_ready() should be called, but for what deadline() says. It
  // is only to be waited for: not to be read, written or closed. It stays open until the end.
  int descriptor() const noexcept { return event_.fd(); }

  // These are as those of magpie::guest_runtime.
  clock::time_point deadline() const noexcept { return runtime_.deadline(); }

  bool run_ready(clock::duration limit = std::chrono::milliseconds(5)) {
    event_.wait(clock::duration::zero());
    bool more = true;
    try {
      more = runtime_.run_ready(limit);
    } catch (...) {
      event_.signal();  // It was refused.
      throw;
    }
    if (more) event_.signal();
    return more;
  }

  template <magpie::internal::task_or_operation What>
  auto spawn(What&& what, std::string name = {},
             std::source_location where = std::source_location::current()) {
    return runtime_.spawn(std::forward<What>(what), std::move(name), where);
  }

  void shutdown() { runtime_.shutdown(); }
  std::size_t live_tasks() const noexcept { return runtime_.live_tasks(); }

 private:
  internal::wake_event event_;  // Outlives the runtime, which signals it.
  magpie::guest_runtime runtime_;
};

}  // namespace magpie::io

#endif  // MAGPIE_IO_GUEST_RUNTIME_H_
