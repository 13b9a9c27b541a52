// call_soon, call_later, call_at: a plain function that a worker calls, soon or at some time.
//
//   call_handle expiry = call_later(5s, [session] { session->expire(); });
//   ...
//   expiry.cancel();
//
// A thread that is no worker names the runtime: call_soon(world, f).
#ifndef MAGPIE_RUNTIME_CALL_LATER_H_
#define MAGPIE_RUNTIME_CALL_LATER_H_

#include <atomic>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <source_location>
#include <type_traits>
#include <utility>

#include "magpie/runtime/clock.h"
#include "magpie/runtime/spawn.h"
#include "magpie/runtime/task.h"

namespace magpie {

class runtime;
class call_handle;

namespace internal {

// A function and the right to call it, once.
class pending_call {
 public:
  explicit pending_call(clock::time_point when) noexcept : when_(when) {}
  pending_call(const pending_call&) = delete;
  pending_call& operator=(const pending_call&) = delete;
  virtual ~pending_call() = default;

  clock::time_point when() const noexcept { return when_; }
  bool cancelled() const noexcept { return state_.load() == state::cancelled; }

  // Any thread. False: it has been called or cancelled before. True: it will never be called, and
  // the function is gone.
  bool cancel() noexcept;

  // Worker. Calls it, unless it has been cancelled; throws what it throws.
  void call();

 private:
  enum class state : std::uint8_t { waiting, called, cancelled };

  // Whoever claims it has the function for itself.
  bool claim(state how) noexcept {
    state expected = state::waiting;
    return state_.compare_exchange_strong(expected, how);
  }
  virtual void invoke() = 0;
  virtual void drop() noexcept = 0;

  const clock::time_point when_;
  std::atomic<state> state_{state::waiting};
};

template <class Function>
class pending_call_of final : public pending_call {
 public:
  template <class Given>
  pending_call_of(Given&& function, clock::time_point when)
      : pending_call(when), function_(std::forward<Given>(function)) {}

 private:
  void invoke() override { std::invoke(*function_); }
  void drop() noexcept override { function_.reset(); }
  std::optional<Function> function_;
};

// Null: on the runtime of the calling worker.
call_handle start_call(runtime* on, std::shared_ptr<pending_call> call, std::source_location where);

template <class Function>
call_handle make_call(runtime* on, Function&& function, clock::time_point when,
                      std::source_location where);

// What a duration from now on means on the calling thread.
template <class Rep, class Period>
clock::time_point time_from_now(std::chrono::duration<Rep, Period> delay) {
  return after(clock::now(), saturated(delay));
}

}  // namespace internal

// The way to a function that is to be called. Moves only. May be used by several threads at once,
// and may outlive the runtime. Dropping it changes nothing.
class call_handle {
 public:
  // An empty one: has nothing to cancel, and is not cancelled.
  call_handle() noexcept = default;

  // Any thread; does not wait. True: the function will never be called, and has been destroyed, on
  // this thread. False: it has begun or ended, or been cancelled before.
  bool cancel() noexcept;

  // Whether it will never be called: cancel() came first, or the end of the runtime.
  bool cancelled() const noexcept { return call_ != nullptr && call_->cancelled(); }

  // When it is due; time_point::min() for call_soon. Throws usage_error if the handle is empty.
  clock::time_point when() const;

 private:
  friend call_handle internal::start_call(runtime* on, std::shared_ptr<internal::pending_call> call,
                                          std::source_location where);
  call_handle(std::shared_ptr<internal::pending_call> call, join_handle<> carrier) noexcept
      : call_(std::move(call)), carrier_(std::move(carrier)) {}

  std::shared_ptr<internal::pending_call> call_;
  join_handle<> carrier_;
};

// What holds for all of them:
//
// The function is called once, on a worker and never inside the call that asks for it, unless it is
// cancelled before. It holds up that worker, so it should be short; it may spawn tasks. What it
// throws is reported (options::on_report, report::kind::failed_callback). It is destroyed when it
// has been called.
//
// Order. With one worker, functions that tasks give to call_soon are called in the order in which
// they were given, and those of call_later and call_at in the order of their times, equal ones as
// they were given. What a plain thread gives begins in about that order: a worker that is busy
// looks now and then at what has come from outside, before what it has taken from there earlier.
// With several workers all begin in about that order, and may run at the same time. What has to
// come one after the other belongs into one task that reads from a queue.
//
// The end of the runtime. What call_soon has taken is called, also while the runtime is shutting
// down, which waits for it. What call_later and call_at have taken and is not due by then is not
// called; it is destroyed on a worker, and the handle is cancelled. After the beginning of the
// shutdown nothing is taken: throws `stopped`.
//
// Cost: a spawned task with its record, and a shared block that holds the function. Throws
// std::bad_alloc, and what moving the function throws; nothing is kept then.

// On a worker. On another thread: throws usage_error.
template <class Function>
call_handle call_soon(Function&& function,
                      std::source_location where = std::source_location::current()) {
  return internal::make_call(nullptr, std::forward<Function>(function), clock::time_point::min(),
                             where);
}
template <class Rep, class Period, class Function>
call_handle call_later(std::chrono::duration<Rep, Period> delay, Function&& function,
                       std::source_location where = std::source_location::current()) {
  return internal::make_call(nullptr, std::forward<Function>(function),
                             internal::time_from_now(delay), where);
}
template <class Function>
call_handle call_at(clock::time_point when, Function&& function,
                    std::source_location where = std::source_location::current()) {
  return internal::make_call(nullptr, std::forward<Function>(function), when, where);
}

// Any thread, a worker of any runtime among them.
template <class Function>
call_handle call_soon(runtime& on, Function&& function,
                      std::source_location where = std::source_location::current()) {
  return internal::make_call(&on, std::forward<Function>(function), clock::time_point::min(),
                             where);
}
template <class Rep, class Period, class Function>
call_handle call_later(runtime& on, std::chrono::duration<Rep, Period> delay, Function&& function,
                       std::source_location where = std::source_location::current()) {
  return internal::make_call(&on, std::forward<Function>(function), internal::time_from_now(delay),
                             where);
}
template <class Function>
call_handle call_at(runtime& on, clock::time_point when, Function&& function,
                    std::source_location where = std::source_location::current()) {
  return internal::make_call(&on, std::forward<Function>(function), when, where);
}

namespace internal {

template <class Function>
call_handle make_call(runtime* on, Function&& function, clock::time_point when,
                      std::source_location where) {
  using stored = std::decay_t<Function>;
  static_assert(std::invocable<stored&>, "magpie: this is to be called without arguments");
  static_assert(!task_or_operation<std::invoke_result_t<stored&>>,
                "magpie: this function makes a task, which nobody would await: spawn() that task");
  return start_call(
      on, std::make_shared<pending_call_of<stored>>(std::forward<Function>(function), when), where);
}

}  // namespace internal
}  // namespace magpie

#endif  // MAGPIE_RUNTIME_CALL_LATER_H_
