// spawn: a task that runs beside the caller, and the handle to it.
//
//   auto upload = magpie::spawn(send(file), "upload");
//   auto backup = magpie::spawn(keep([file]() -> magpie::task<> { ... }), "backup");  // keep.h
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

#include "magpie/runtime/as_task.h"
#include "magpie/runtime/internal/task_record.h"
#include "magpie/runtime/suspension.h"
#include "magpie/runtime/task.h"

namespace magpie {

template <class T>
class join_handle;
class runtime;
class task_group;

namespace internal {

class place;

template <class T>
using record_pointer = std::unique_ptr<task_record_of<T>, drop_handle>;

// What a task may belong to besides its runtime.
struct belonging {
  group* of = nullptr;                         // Null: it is no child.
  const std::shared_ptr<place>* at = nullptr;  // Null: it runs anywhere.
};

// What does not depend on the type of the result.
void start_task(scheduler& owner, task_record& record, promise_base& root, belonging to);
scheduler& scheduler_for_spawn();
scheduler& scheduler_of(runtime& on) noexcept;
void refuse_blocking_wait(const task_record& awaited);
// The record of a join_handle; throws usage_error if there is none.
task_record& not_empty(task_record* record);

struct spawn_access {
  template <class T>
  static join_handle<T> spawn(scheduler& owner, task<T> what, std::string&& name,
                              std::source_location where, belonging to = {});
  template <class T>
  static join_handle<T> spawn(task_group& into, task<T> what, std::string&& name,
                              std::source_location where,
                              const std::shared_ptr<place>* at = nullptr);

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
  bool refused_ = false;  // Another one waits.
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
// fails, or still runs when the runtime ends, it is reported (options::on_report). May outlive the
// runtime.
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

  // The same for a thread that is no worker: blocks it. On a worker: throws usage_error, unless the
  // task has ended.
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
    static_assert(
        !internal::task_or_operation<std::invoke_result_t<Callback&>>,
        "magpie: this callback makes a task, which nobody would await: spawn() that task");
    internal::not_empty(record_.get())
        .add_callback(std::make_unique<internal::end_callback_of<Callback>>(std::move(callback)));
  }

  bool done() const noexcept { return record_ == nullptr || record_->done(); }
  std::uint64_t id() const { return internal::not_empty(record_.get()).id(); }
  const std::string& name() const { return internal::not_empty(record_.get()).name(); }

  // Drops it, and says that the task may run on without anybody: the end of the runtime then
  // cancels it without a report. What it throws is reported all the same.
  void detach() noexcept {
    if (record_ != nullptr) record_->detach();
    record_.reset();
  }

 private:
  friend internal::spawn_access;
  explicit join_handle(internal::record_pointer<T> record) noexcept : record_(std::move(record)) {}

  internal::record_pointer<T> record_;
};

namespace internal {

template <class T>
join_handle<T> spawn_access::spawn(scheduler& owner, task<T> what, std::string&& name,
                                   std::source_location where, belonging to) {
  task_access::check(what);
  // One reference for the handle; the other is the task's, and nobody's until it has started.
  record_pointer<T> record(new task_record_of<T>(owner, std::move(name), where));
  task_handle<T> root = task_access::release(what);
  root.promise().continuation = continuation(nullptr);
  root.promise().context = &record->root();
  root.promise().set_result(record->result());
  try {
    start_task(owner, *record, root.promise(), to);
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
// and so must a lambda whose call has made it: its captures are not part of the task (keep.h).
// Throws usage_error on a thread that is no worker (use runtime::spawn there) and for an empty
// task, `stopped` when the runtime is shutting down, std::bad_alloc.
template <class T>
join_handle<T> spawn(task<T> what MAGPIE_LIFETIMEBOUND, std::string name = {},
                     std::source_location where = std::source_location::current()) {
  return internal::spawn_access::spawn(internal::scheduler_for_spawn(), std::move(what),
                                       std::move(name), where);
}

// The same for anything else that can be awaited (as_task.h): spawn(with_timeout(1s, send(file))).
template <internal::operation What>
auto spawn(What&& what, std::string name = {},
           std::source_location where = std::source_location::current()) {
  return spawn(internal::own_task(std::forward<What>(what)), std::move(name), where);
}

// Anything else: does not compile, and says what to write.
template <class What, class... Others>
  requires(!internal::task_or_operation<What>)
join_handle<> spawn(What&& /*what*/, Others&&... /*others*/) {
  internal::say_what_spawn_takes<What>();
  return {};
}

}  // namespace magpie

#endif  // MAGPIE_RUNTIME_SPAWN_H_
