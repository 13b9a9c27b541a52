// spawn: a task that runs beside the caller, and the handle to it.
//
//   auto upload = magpie::spawn(send(file), "upload");
//   auto backup = magpie::spawn("backup", [file]() -> magpie::task<> { ... });  // Keeps the file.
//   ...
//   co_await upload;
//
// To end one early, ask it to, and wait until it has:
//
//   upload.cancel();
//   try {
//     co_await upload;
//   } catch (const magpie::cancelled&) {
//     if (upload.valid()) throw;  // It was not the upload that was cancelled, but this task.
//   }
#ifndef MAGPIE_RUNTIME_SPAWN_H_
#define MAGPIE_RUNTIME_SPAWN_H_

#include <concepts>
#include <coroutine>
#include <cstdint>
#include <memory>
#include <source_location>
#include <string>
#include <utility>

#include "magpie/runtime/internal/kept_call.h"
#include "magpie/runtime/internal/task_record.h"
#include "magpie/runtime/suspension.h"
#include "magpie/runtime/task.h"
#include "magpie/runtime/unowned.h"

namespace magpie {

template <class T>
class join_handle;

namespace internal {

template <class T>
using record_pointer = std::unique_ptr<task_record_of<T>, drop_reference>;

// What does not depend on the type of the result.
void start_task(scheduler& owner, task_record& record, promise_base& root, group* of);
scheduler& scheduler_for_spawn();
void refuse_blocking_wait(const task_record& awaited);
// The record of a join_handle; throws usage_error if there is none.
task_record& not_empty(task_record* record);

struct spawn_access {
  template <class T>
  static join_handle<T> spawn(scheduler& owner, task<T> what, std::string name,
                              std::source_location where, group* of = nullptr);

  template <class T>
  static task_record& record(const join_handle<T>& from) {
    return not_empty(from.record_.get());
  }
};

class join_awaiter : public suspension {
 protected:
  explicit join_awaiter(task_record* joined) noexcept : joined_(joined) {}
  bool ready();
  bool start(promise_base& who) noexcept;
  void finish();

 private:
  task_record* const joined_;
  // While it waits: the join_handle may be moved, detached or destroyed meanwhile.
  task_reference kept_;
};

template <class T>
class join_awaiter_of final : join_awaiter {
 public:
  explicit join_awaiter_of(task_record_of<T>* joined) noexcept
      : join_awaiter(joined), record_(joined) {}

  bool await_ready() { return ready(); }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> who) noexcept {
    return start(who.promise());
  }
  T await_resume() {
    finish();
    return record_->result().take();
  }

 private:
  task_record_of<T>* const record_;
};

}  // namespace internal

// The way to a spawned task. Moves only; not synchronised, except that cancel(), done(), id() and
// name() may be called by several threads at once. Dropping it lets the task run on; if such a task
// fails, it is reported (options::on_report). May outlive the runtime.
template <class T = void>
class [[nodiscard("dropping a join_handle detaches the task; say so with detach()")]] join_handle {
 public:
  using value_type = T;

  join_handle() noexcept = default;

  // Whether there is a task whose outcome has not been taken.
  bool valid() const noexcept { return record_ != nullptr && !record_->outcome_claimed(); }

  // co_await handle: suspends until the task has ended; gives its result, or throws what it has
  // thrown, once. The handle may be moved or dropped meanwhile. Cancelling the caller ends the wait
  // and not the task. Throws usage_error if the outcome has been taken, or another task waits.
  internal::join_awaiter_of<T> operator co_await() noexcept {
    return internal::join_awaiter_of<T>(record_.get());
  }

  // The same for a thread that is no worker: blocks it. On a worker: throws usage_error.
  T get() {
    internal::refuse_blocking_wait(internal::not_empty(record_.get()));
    record_->wait();
    record_->claim_outcome();
    return record_->result().take();
  }

  // An empty handle (made without arguments, moved from, detached) is done, and has nothing to
  // cancel; id() and name() throw usage_error.

  // Asks the task to end: whatever it waits for throws `cancelled` in it, now and at
  // every later suspension. Does not wait. After the end: does nothing.
  void cancel() noexcept {
    if (record_ != nullptr) record_->root().cancel();
  }

  // The same, and says why: to the task itself (current_task) and to whoever holds the handle. The
  // first reason is kept.
  void cancel(std::string reason) noexcept {
    if (record_ != nullptr) record_->cancel(std::move(reason));
  }
  // Empty if none was given.
  std::string cancel_reason() const { return internal::not_empty(record_.get()).cancel_reason(); }

  // Calls callback() once when the task has ended, whether or not the handle is still there: on the
  // worker where it ends, in the order in which the callbacks were added, before anybody learns of
  // the end (get() returns, done() says so, whoever awaits it goes on); or at once on the calling
  // thread, if it has ended. It holds up that worker, so it
  // should be short. What it throws is reported (options::on_report), or thrown here in the second
  // case. Allocates.
  template <std::invocable Callback>
  void on_end(Callback callback) {
    internal::not_empty(record_.get())
        .add_callback(std::make_unique<internal::end_callback_of<Callback>>(std::move(callback)));
  }

  bool done() const noexcept { return record_ == nullptr || record_->done(); }
  std::uint64_t id() const { return internal::not_empty(record_.get()).id(); }
  const std::string& name() const { return internal::not_empty(record_.get()).name(); }

  void detach() noexcept { record_.reset(); }

 private:
  friend internal::spawn_access;
  explicit join_handle(internal::record_pointer<T> record) noexcept : record_(std::move(record)) {}

  internal::record_pointer<T> record_;
};

namespace internal {

template <class T>
join_handle<T> spawn_access::spawn(scheduler& owner, task<T> what, std::string name,
                                   std::source_location where, group* of) {
  task_access::check(what);
  // One reference for the handle; the other is the task's, and nobody's until it has started.
  record_pointer<T> record(new task_record_of<T>(owner, std::move(name), where));
  task_handle<T> root = task_access::release(what);
  root.promise().context = &record->root();
  root.promise().set_result(record->result());
  try {
    start_task(owner, *record, root.promise(), of);
  } catch (...) {
    root.destroy();
    record->drop_reference();
    throw;
  }
  return join_handle<T>(std::move(record));
}

}  // namespace internal

// On a worker: starts `what` on the same runtime, concurrently with the caller. It is ready at
// once, but does not run before the caller suspends or another worker is idle. It is no child: it
// neither ends nor is cancelled with the caller, only with the runtime. So it must own what it
// uses; a parameter that is a reference or a view must refer to something that outlives the task,
// and so must a lambda whose call has made it: its captures are not part of the task. See below.
// Throws usage_error on a thread that is no worker (use runtime::spawn there) and for an empty
// task, `stopped` when the runtime is shutting down, std::bad_alloc.
template <class T>
join_handle<T> spawn(task<T> what MAGPIE_LIFETIMEBOUND, std::string name = {},
                     std::source_location where = std::source_location::current()) {
  return internal::spawn_access::spawn(internal::scheduler_for_spawn(), std::move(what),
                                       std::move(name), where);
}

// spawn(callable, arguments...), spawn("name", callable, arguments...): the same for the task that
// callable(arguments...) returns, and keeps both until that has ended, as copies (a std::move(x) is
// moved). So a capture of a lambda, and a reference to what was given, stay valid.
//
//   magpie::spawn(send, std::move(file), address);
//   magpie::spawn("upload", [file = std::move(file)]() -> magpie::task<> { ... });
//
// The copies are made here, and what that throws is thrown here. The call is made by the new task,
// on its worker; what the callable throws is how the task ends. As with std::thread, the copies are
// handed over as rvalues: to a parameter T, const T& or T&&; for T& give std::ref(x), whose x is
// not kept. They are destroyed when the coroutine has been, before anybody learns of the end of the
// task: also when it is cancelled, and when it has never run because this throws. So a result must
// not refer to them.
//
// Views (std::string_view, std::span, std::views::filter(v, f) of an lvalue v) and arrays are
// refused, as they would be kept and what they refer to would not: give the owner, or say with
// unowned(view) that it outlives the task. Pointers are kept as they are, so that of a string
// literal is fine; what lies behind them, or behind members and captures, is not looked into.
//
// Arguments are converted as in any call, and what that makes is kept as well; but what a callable
// passes on, as std::bind_front does, is converted there and gone when it returns.
//
// Without a name up to four arguments. Costs the frame of one more coroutine.
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

}  // namespace magpie

#endif  // MAGPIE_RUNTIME_SPAWN_H_
