#include "magpie/runtime/internal/group.h"

#include <mutex>
#include <utility>

#include "magpie/runtime/error.h"
#include "magpie/runtime/internal/promise.h"
#include "magpie/runtime/internal/worker.h"

namespace magpie::internal {
namespace {

bool is_cancelled(const std::exception_ptr& error) noexcept {
  try {
    std::rethrow_exception(error);
  } catch (const cancelled&) {
    return true;
  } catch (...) {
    return false;
  }
}

}  // namespace

group::~group() {
  while (task_record* failed = failed_) {
    failed_ = failed->next_in_group_;
    failed->drop_reference();
  }
}

void group::open(promise_base& who) noexcept {
  owner_ = &current_worker()->owner();
  around_ = who.context;
  body_scope_.emplace(*around_);
}

void group::add(task_record& child) noexcept {
  const std::lock_guard lock(mutex_);
  ++size_;
  child.next_in_group_ = children_;
  child.link_in_group_ = &children_;
  if (children_ != nullptr) children_->link_in_group_ = &child.next_in_group_;
  children_ = &child;
  if (cancelled_) child.root().cancel();  // Nothing waits under it yet.
}

void group::remove(task_record& child) noexcept {
  ready_list ready;
  {
    const std::lock_guard lock(mutex_);
    unlink(child);
    wake_if_empty(ready);
  }
  ready.resume_all();
}

void group::wake_if_empty(ready_list& ready) noexcept {
  if (size_ != 0 || waiting_ == nullptr) return;
  if (waiting_->claim(suspension::outcome::completed)) ready.add(*waiting_);
  waiting_ = nullptr;
}

void group::unlink(task_record& child) noexcept {
  --size_;
  *child.link_in_group_ = child.next_in_group_;
  if (child.next_in_group_ != nullptr) child.next_in_group_->link_in_group_ = child.link_in_group_;
  child.next_in_group_ = nullptr;
}

void group::cancel() noexcept {
  ready_list ready;
  {
    const std::lock_guard lock(mutex_);
    cancel_all(ready);
  }
  ready.resume_all();
}

void group::cancel_all(ready_list& ready) noexcept {
  if (std::exchange(cancelled_, true)) return;
  body_scope_->cancel(ready);
  for (task_record* child = children_; child != nullptr; child = child->next_in_group_)
    child->root().cancel(ready);
}

bool group::cancel_requested() const noexcept {
  const std::lock_guard lock(mutex_);
  return cancelled_;
}

std::size_t group::size() const noexcept {
  const std::lock_guard lock(mutex_);
  return size_;
}

bool group::child_ended(task_record& child) noexcept {
  const bool failed = child.rare_->failure != nullptr && !is_cancelled(child.rare_->failure);
  ready_list ready;
  {
    const std::lock_guard lock(mutex_);
    unlink(child);
    if (failed) {
      *last_failed_ = &child;
      last_failed_ = &child.next_in_group_;
      cancel_all(ready);
    }
    wake_if_empty(ready);
  }
  ready.resume_all();
  return failed;
}

void group::body_failed(std::exception_ptr error) noexcept {
  body_error_ = std::move(error);
  body_error_counts_ = !is_cancelled(body_error_);
  cancelled_before_body_ended_ = cancel_requested();
  cancel();
}

std::vector<std::exception_ptr> group::errors() {
  std::vector<std::exception_ptr> all;
  if (body_error_counts_) all.push_back(body_error_);
  for (task_record* failed = failed_; failed != nullptr; failed = failed->next_in_group_)
    all.push_back(failed->rare_->failure);
  return all;
}

bool group_join::start(promise_base& who) noexcept {
  if (!cancellable_) {
    arm_uncancellable(who);
  } else if (!arm(who)) {
    return false;
  }
  const std::lock_guard lock(awaited_.mutex_);
  if (awaited_.size_ > 0) {
    awaited_.waiting_ = this;
    return true;
  }
  // If a cancellation was faster, that one resumes the coroutine.
  return !claim(outcome::completed);
}

bool group_join::await_resume() noexcept {
  if (disarm() != outcome::cancelled) return true;
  const std::lock_guard lock(awaited_.mutex_);
  awaited_.waiting_ = nullptr;
  return false;
}

}  // namespace magpie::internal
