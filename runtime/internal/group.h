// The children of one task_group, and what becomes of them together.
#ifndef MAGPIE_RUNTIME_INTERNAL_GROUP_H_
#define MAGPIE_RUNTIME_INTERNAL_GROUP_H_

#include <coroutine>
#include <cstddef>
#include <exception>
#include <optional>
#include <vector>

#include "magpie/runtime/internal/context.h"
#include "magpie/runtime/internal/mutex.h"
#include "magpie/runtime/internal/task_record.h"
#include "magpie/runtime/suspension.h"

namespace magpie::internal {

// Lives in the frame of the coroutine that waits for it.
class group {
 public:
  group() = default;
  group(const group&) = delete;
  group& operator=(const group&) = delete;
  // When all children have ended.
  ~group();

  // Worker, once, before anything else: the group belongs to the coroutine that runs now.
  void open(promise_base& who) noexcept;

  // Fixed by open().
  scheduler& owner() const noexcept { return *owner_; }
  const task_record& task() const noexcept { return around_->task(); }
  context& body_scope() noexcept { return *body_scope_; }
  clock::time_point deadline() const noexcept { return around_->deadline(); }
  bool caller_cancelled() const noexcept { return around_->cancelled(); }

  // Any thread, while the body or a child runs. A child that is about to start; cancelled from the
  // start if the group is.
  void add(task_record& child) noexcept;
  // One that has not started after all.
  void remove(task_record& child) noexcept;

  // Any thread, while the body or a child runs. Cancels the body and all children.
  void cancel() noexcept;
  bool cancel_requested() const noexcept;
  std::size_t size() const noexcept;

  // Worker, once for each child that has started, when it has ended. Afterwards the group may be
  // gone. True: the child has failed, and its own reference is now the group's, so that whoever
  // handles the errors is not still sharing them with the worker where the child has ended.
  bool child_ended(task_record& child) noexcept;

  // The coroutine of the group.
  void body_failed(std::exception_ptr error) noexcept;
  // Whether the body has let `cancelled` pass, and whether cancel() had been called before.
  bool body_was_cancelled() const noexcept { return body_error_ != nullptr && !body_error_counts_; }
  bool cancelled_before_body_ended() const noexcept { return cancelled_before_body_ended_; }
  // When all have ended: what the body and the children have thrown, in this order and among the
  // children in the order of their ends; not what is `cancelled`.
  std::vector<std::exception_ptr> errors();

 private:
  friend class group_join;

  // Under mutex_.
  void unlink(task_record& child) noexcept;
  void cancel_all(ready_list& ready) noexcept;
  void wake_if_empty(ready_list& ready) noexcept;

  scheduler* owner_ = nullptr;
  context* around_ = nullptr;
  std::optional<context> body_scope_;
  std::exception_ptr body_error_;  // Its own coroutine only.
  bool body_error_counts_ = false;
  bool cancelled_before_body_ended_ = false;

  mutable mutex mutex_;
  // Under mutex_.
  bool cancelled_ = false;
  std::size_t size_ = 0;
  task_record* children_ = nullptr;
  task_record* failed_ = nullptr;  // With a reference each.
  task_record** last_failed_ = &failed_;
  suspension* waiting_ = nullptr;
};

// co_await until no child is left. Gives false if the wait was cancelled first.
class group_join : public suspension {
 public:
  explicit group_join(group& awaited, bool cancellable) noexcept
      : awaited_(awaited), cancellable_(cancellable) {}

  bool await_ready() const noexcept { return awaited_.size() == 0; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> who) noexcept {
    return start(who.promise());
  }
  bool await_resume() noexcept;

 private:
  bool start(promise_base& who) noexcept;

  group& awaited_;
  const bool cancellable_;
};

}  // namespace magpie::internal

#endif  // MAGPIE_RUNTIME_INTERNAL_GROUP_H_
