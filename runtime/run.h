// Where a program enters the runtime.
//
//   int main() { return magpie::run(serve()); }
#ifndef MAGPIE_RUNTIME_RUN_H_
#define MAGPIE_RUNTIME_RUN_H_

#include <cstddef>
#include <memory>
#include <source_location>
#include <string>
#include <utility>

#include "magpie/runtime/as_task.h"
#include "magpie/runtime/clock.h"
#include "magpie/runtime/error.h"
#include "magpie/runtime/internal/interrupt_guard.h"
#include "magpie/runtime/options.h"
#include "magpie/runtime/spawn.h"
#include "magpie/runtime/task.h"

namespace magpie {

namespace internal {
struct runtime_access;
}  // namespace internal

// The workers, and everything that they need, for programs that keep them longer than one call.
// Several may live in one process; they share nothing but oneTBB's threads.
//
// All members may be called by several threads at once, but for the destructor.
class runtime {
 public:
  // A thread that is no worker. Starts the workers. Throws std::system_error if the system refuses
  // a thread; nothing is left behind then. On a worker of any runtime: throws usage_error.
  explicit runtime(const options& settings = options());

  runtime(const runtime&) = delete;
  runtime& operator=(const runtime&) = delete;

  // Shuts down, if that has not been done. Blocks; must not run on a worker of this very runtime.
  ~runtime();

  // Any thread. Starts a task; it may have ended when this returns. Throws `stopped` after
  // shutdown(), usage_error for an empty task.
  template <class T>
  join_handle<T> spawn(task<T> what MAGPIE_LIFETIMEBOUND, std::string name = {},
                       std::source_location where = std::source_location::current()) {
    return internal::spawn_access::spawn(*scheduler_, std::move(what), std::move(name), where);
  }

  // The same for anything else that can be awaited (as_task.h).
  template <internal::operation What>
  auto spawn(What&& what, std::string name = {},
             std::source_location where = std::source_location::current()) {
    return spawn(internal::own_task(std::forward<What>(what)), std::move(name), where);
  }

  template <class What, class... Others>
    requires(!internal::task_or_operation<What>)
  join_handle<> spawn(What&& /*what*/, Others&&... /*others*/) {
    internal::say_what_spawn_takes<What>();
    return {};
  }

  // A thread that is no worker: runs a task and blocks until it has ended; gives its result or
  // throws what it has thrown. On a worker of any runtime: throws usage_error.
  template <internal::task_or_operation What>
  auto run(What&& main, std::source_location where = std::source_location::current())
      -> internal::gives<What> {
    refuse_nested_run();
    return spawn(as_task(std::forward<What>(main)), "main", where).get();
  }

  // Refuses new tasks, cancels those that run, and blocks until they have ended. Reports each that
  // nobody would learn of (its handle was dropped, and not with detach()), and each that takes
  // longer than options::shutdown_timeout; of very many of a kind, the first hundred. Once; then it
  // does nothing. On a worker of any runtime, or in the hook that is told of those tasks: throws
  // usage_error.
  void shutdown();

  std::size_t workers() const noexcept;

  // Tasks that have been spawned and have not ended; out of date at once.
  std::size_t live_tasks() const noexcept;

 private:
  friend internal::runtime_access;
  static void refuse_nested_run();

  std::unique_ptr<internal::scheduler> scheduler_;
};

namespace internal {

// For run() below, and for the test kit, which asks after tasks and timers.
struct runtime_access {
  static scheduler& scheduler_of(runtime& of) noexcept { return *of.scheduler_; }
};

// Runs `main` until everything has ended; see options::stop_on_signals.
template <class T>
T run_until_signalled(runtime& world, task<T> main, clock::duration limit,
                      std::source_location where) {
  interrupt_guard guard(runtime_access::scheduler_of(world), limit);
  join_handle<T> handle = world.spawn(std::move(main), "main", where);
  guard.wait_for_end(spawn_access::record(handle));
  world.shutdown();
  try {
    return handle.get();
  } catch (const cancelled&) {
    guard.throw_if_interrupted();
    throw;
  }
}

}  // namespace internal

// Makes a runtime, runs `main`, cancels what it has left behind, waits for that to end, and gives
// the result of `main` or throws what it has thrown. Inside a task: throws usage_error.
template <internal::task_or_operation What>
auto run(What&& main, const options& settings = options(),
         std::source_location where = std::source_location::current()) -> internal::gives<What> {
  runtime temporary(settings);
  auto body = as_task(std::forward<What>(main));
  if (const auto limit = settings.stops_on_signals()) {
    return internal::run_until_signalled(temporary, std::move(body), *limit, where);
  }
  return temporary.run(std::move(body), where);
}

}  // namespace magpie

#endif  // MAGPIE_RUNTIME_RUN_H_
