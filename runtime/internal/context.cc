#include "magpie/runtime/internal/context.h"

#include <algorithm>
#include <mutex>

#include "magpie/runtime/internal/promise.h"
#include "magpie/runtime/internal/task_record.h"

namespace magpie::internal {

void context::cancel() noexcept {
  ready_list ready;
  cancel(ready);
  ready.resume_all();
}

void context::cancel(ready_list& ready) noexcept {
  const std::lock_guard lock(task_->lock());
  enter();
  cancel_entered(ready);
}

bool context::cancelled() const noexcept {
  // Whoever has entered is told by cancel_entered(); so the first such ancestor knows.
  for (const context* c = this; c != nullptr; c = c->parent_) {
    // Read first: enter() sets it last.
    const bool entered = c->entered_.load();
    if (c->cancelled_.load()) return true;
    if (entered || c->kind_ == kind::shield) return false;
  }
  return false;
}

clock::time_point context::deadline() const noexcept {
  clock::time_point earliest = clock::time_point::max();
  for (const context* c = this; c != nullptr; c = c->parent_) {
    if (c->kind_ == kind::shield) return earliest;
    if (c->kind_ == kind::deadline) {
      earliest = std::min(earliest, static_cast<const deadline_context*>(c)->at());
    }
  }
  return std::min(earliest, task_->deadline());
}

bool context::enter_and_ask() noexcept {
  if (!entered_.load()) {
    const std::lock_guard lock(task_->lock());
    enter();
  }
  return cancelled_.load();
}

bool context::add(suspension& waiting) noexcept {
  const std::lock_guard lock(task_->lock());
  enter();
  if (cancelled_.load()) return false;
  waiting.next_ = first_waiting_;
  waiting.link_ = &first_waiting_;
  if (first_waiting_ != nullptr) first_waiting_->link_ = &waiting.next_;
  first_waiting_ = &waiting;
  return true;
}

void context::remove(suspension& waiting) noexcept {
  const std::lock_guard lock(task_->lock());
  *waiting.link_ = waiting.next_;
  if (waiting.next_ != nullptr) waiting.next_->link_ = waiting.link_;
}

void context::enter() noexcept {
  if (entered_.load()) return;
  begin_lists();
  bool gone = cancelled();  // So is, then, everything up to a shield or the first that has entered.
  for (context* c = this; !c->entered_.load(); c = c->parent_) {
    // From the inside out: each is complete before the walk that follows the list can reach it,
    // because all of this happens under one lock.
    context& parent = *c->parent_;
    if (gone) c->cancelled_.store(true);
    if (!parent.entered_.load()) parent.begin_lists();
    c->next_sibling_ = parent.first_child_;
    c->link_ = &parent.first_child_;
    if (parent.first_child_ != nullptr) parent.first_child_->link_ = &c->next_sibling_;
    parent.first_child_ = c;
    c->entered_.store(true);
    if (c->kind_ == kind::shield) gone = parent.cancelled();
  }
}

void context::leave() noexcept {
  const std::lock_guard lock(task_->lock());
  *link_ = next_sibling_;
  if (next_sibling_ != nullptr) next_sibling_->link_ = link_;
}

std::optional<std::source_location> context::waits_at() const noexcept {
  const std::lock_guard lock(task_->lock());
  for (const context* c = this; c != nullptr; c = c->next_in_tree(*this, true)) {
    // Written before its arm() and not again before its disarm(), which both take the lock.
    if (c->first_waiting_ != nullptr) return c->first_waiting_->who_->where;
  }
  return std::nullopt;
}

std::vector<std::vector<std::source_location>> context::waits(std::size_t deepest) const {
  std::vector<std::vector<std::source_location>> all;
  const std::lock_guard lock(task_->lock());
  for (const context* c = this; c != nullptr; c = c->next_in_tree(*this, true)) {
    for (const suspension* each = c->first_waiting_; each != nullptr; each = each->next_) {
      std::vector<std::source_location>& chain = all.emplace_back();
      // What awaits a coroutine that waits does not move either.
      for (const promise_base* who = each->who_; who != nullptr && chain.size() < deepest;
           who = who->parent()) {
        if (who->where.line() != 0) chain.push_back(who->where);
      }
    }
  }
  return all;
}

void context::cancel_entered(ready_list& ready) noexcept {
  for (context* c = this; c != nullptr; c = c->next_in_tree(*this, false)) {
    c->cancelled_.store(true);
    c->claim_waiting(ready);
  }
}

void context::claim_waiting(ready_list& ready) noexcept {
  for (suspension* waiting = first_waiting_; waiting != nullptr; waiting = waiting->next_) {
    if (waiting->claim(suspension::outcome::cancelled)) ready.add(*waiting);
  }
}

// The next context in depth-first order, without recursion: the tree may be as deep as the program
// likes.
context* context::next_in_tree(const context& root, bool behind_shields) const noexcept {
  const auto first_open = [behind_shields](context* c) {
    while (c != nullptr && !behind_shields && c->kind_ == kind::shield)
      c = c->next_sibling_;
    return c;
  };
  if (context* child = first_open(first_child_)) return child;
  for (const context* c = this; c != &root; c = c->parent_) {
    if (context* sibling = first_open(c->next_sibling_)) return sibling;
  }
  return nullptr;
}

}  // namespace magpie::internal
