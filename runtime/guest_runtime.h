// guest_runtime: a runtime without workers of its own, for a thread whose loop belongs to somebody
// else: a user interface, a game, another library's event loop.
//
//   guest_runtime guest([&] { loop.post([&] { turn(); }); });
//   void turn() {
//     const bool more = guest.run_ready(5ms);
//     more ? loop.post([&] { turn(); }) : loop.at(guest.deadline(), [&] { turn(); });
//   }
//
// For a loop that waits for descriptors: io/guest_runtime.h. (Trio has a guest mode; libuv gives
// such a loop uv_backend_fd() and uv_backend_timeout().)
#ifndef MAGPIE_RUNTIME_GUEST_RUNTIME_H_
#define MAGPIE_RUNTIME_GUEST_RUNTIME_H_

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <source_location>
#include <string>
#include <utility>

#include "magpie/runtime/clock.h"
#include "magpie/runtime/options.h"
#include "magpie/runtime/spawn.h"
#include "magpie/runtime/task.h"

namespace magpie {

// One worker, which is the thread that makes this. Inside its tasks everything works as on other
// workers: timers, cpu(), blocking(), I/O (whose events the I/O thread brings). All of them run
// inside run_ready() and shutdown(). From outside there is spawn(): such a task can do what else
// takes a runtime.
class guest_runtime {
 public:
  // `wake` is called when run_ready() should be: on any thread, and not while there is more to do
  // anyway. It may come late, when run_ready() has been called meanwhile, and then on two threads
  // at once. It must not block, nor call run_ready() or shutdown() itself; what it throws is
  // reported. Of the options, workers and io are not asked for, nor is stop_on_signals. Throws
  // usage_error on a worker; std::invalid_argument without a function.
  explicit guest_runtime(std::function<void()> wake, const options& settings = options(),
                         std::source_location where = std::source_location::current());

  guest_runtime(const guest_runtime&) = delete;
  guest_runtime& operator=(const guest_runtime&) = delete;

  // Its own thread, outside tasks. Shuts down, if that has not been done.
  ~guest_runtime();

  // Its own thread, outside tasks. Runs what is ready: one turn of a task at least, until nothing
  // is, or about as long as `limit`; a turn is not interrupted. True: there is more, so that this
  // should be called again soon. False: it should be called at deadline(), or after `wake`. Throws
  // usage_error on another thread, inside a task, and after shutdown().
  bool run_ready(clock::duration limit = std::chrono::milliseconds(5));

  // Its own thread. When run_ready() should be called if `wake` does not come before: in the past
  // if that has said that there is more, time_point::max() if never.
  clock::time_point deadline() const noexcept;

  // Any thread; the task runs in a later run_ready(). Throws `stopped` after shutdown() has begun,
  // usage_error for an empty task. join_handle::get() on the guest's own thread would wait for
  // ever: it throws usage_error there, before the task has ended.
  template <internal::task_or_operation What>
  auto spawn(What&& what, std::string name = {},
             std::source_location where = std::source_location::current()) {
    return internal::spawn_access::spawn(scheduler(), internal::own_task(std::forward<What>(what)),
                                         std::move(name), where);
  }

  // Its own thread, outside tasks. As runtime::shutdown(): cancels what runs and blocks until it
  // has ended. When it returns, `wake` is called no more.
  void shutdown();

  // Any thread. Tasks that have been spawned and have not ended; out of date at once.
  std::size_t live_tasks() const noexcept;

 private:
  class state;
  internal::scheduler& scheduler() const noexcept;
  const std::unique_ptr<state> state_;
};

}  // namespace magpie

#endif  // MAGPIE_RUNTIME_GUEST_RUNTIME_H_
