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

  // The same for the task that callable(arguments...) returns, and keeps both until that has ended;
  // see magpie::spawn().
  template <class Callable, class A1 = internal::not_given, class A2 = internal::not_given,
            class A3 = internal::not_given, class A4 = internal::not_given>
    requires internal::makes_task_of_given<Callable, A1, A2, A3, A4>
  auto spawn(Callable&& callable, A1&& a1 = {}, A2&& a2 = {}, A3&& a3 = {}, A4&& a4 = {},
             std::source_location where = std::source_location::current()) {
    return spawn(
        internal::keep_given(std::forward<Callable>(callable), std::forward<A1>(a1),
                             std::forward<A2>(a2), std::forward<A3>(a3), std::forward<A4>(a4)),
        std::string(), where);
  }
  template <class Callable, class... Arguments>
    requires internal::makes_task<Callable, Arguments...>
  auto spawn(internal::name_and_place name, Callable&& callable, Arguments&&... arguments) {
    return spawn(
        internal::keep(std::forward<Callable>(callable), std::forward<Arguments>(arguments)...),
        std::move(name.name), name.place);
  }
  template <class Callable, class... Arguments>
    requires internal::no_call<Callable, Arguments...>
  join_handle<> spawn(Callable&& /*callable*/, Arguments&&... /*arguments*/) {
    internal::say_why_no_call<Callable, Arguments...>();
    return {};
  }

  // A thread that is no worker: runs a task and blocks until it has ended; gives its result or
  // throws what it has thrown. On a worker of any runtime: throws usage_error.
  template <class T>
  T run(task<T> main, std::source_location where = std::source_location::current()) {
    refuse_nested_run();
    return spawn(std::move(main), "main", where).get();
  }

  // Refuses new tasks, cancels those that run, and blocks until they have ended. Reports each that
  // takes longer than options::shutdown_timeout. Once; then it does nothing. On a worker of any
  // runtime, or in the hook that is told of those tasks: throws usage_error.
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
  task_record& record = spawn_access::record(handle);
  guard.watch(record);
  record.wait();
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
template <class T>
T run(task<T> main, const options& settings = options(),
      std::source_location where = std::source_location::current()) {
  runtime temporary(settings);
  if (const auto limit = settings.stops_on_signals()) {
    return internal::run_until_signalled(temporary, std::move(main), *limit, where);
  }
  return temporary.run(std::move(main), where);
}

}  // namespace magpie

#endif  // MAGPIE_RUNTIME_RUN_H_
