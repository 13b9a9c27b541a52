#include "magpie/runtime/wait.h"

#include <mutex>

#include "magpie/runtime/error.h"
#include "magpie/runtime/internal/current_worker.h"
#include "magpie/runtime/internal/worker.h"

namespace magpie {

as_completed::as_completed(std::size_t places)
    : places_(places),
      entries_(std::make_unique<entry[]>(places)),
      order_(std::make_unique<std::size_t[]>(places)) {}

as_completed::~as_completed() {
  for (std::size_t i = 0; i < added_; ++i)
    entries_[i].record->remove_observer(entries_[i]);
}

void as_completed::add(internal::task_record& record) {
  entry& added = entries_[added_];
  record.add_reference();
  added.record.reset(&record);
  added.order = this;
  added.place = added_;
  ++added_;
  if (record.add_observer(added)) return;
  ready_list nobody;  // Waits yet.
  ended(added.place, nobody);
}

void as_completed::ended(std::size_t place, ready_list& ready) noexcept {
  const std::lock_guard lock(mutex_);
  order_[ended_++] = place;
  if (waiting_ == nullptr) return;
  if (waiting_->claim(suspension::outcome::completed)) ready.add(*waiting_);
  waiting_ = nullptr;
}

bool as_completed::has_failed(std::size_t place) const noexcept {
  return entries_[place].record->has_failed();
}

namespace internal {

bool completion_awaiter::await_ready() noexcept {
  if (order_.remaining() == 0) return true;
  const std::lock_guard lock(order_.mutex_);
  return order_.ended_ > order_.told_;
}

bool completion_awaiter::start(promise_base& who) {
  {
    const std::lock_guard lock(order_.mutex_);
    if (order_.waiting_ != nullptr && !order_.waiting_->claimed()) {
      throw usage_error("magpie: two coroutines wait for the same as_completed");
    }
  }
  if (!arm(who)) return false;
  try {
    limit_.start();
  } catch (...) {
    if (!claim(outcome::completed)) return true;
    disarm();
    throw;
  }
  const std::lock_guard lock(order_.mutex_);
  if (order_.ended_ == order_.told_) {
    order_.waiting_ = this;
    return true;
  }
  // If a cancellation or the limit was faster, that one resumes the coroutine.
  return !claim(outcome::completed);
}

std::optional<std::size_t> completion_awaiter::await_resume() {
  limit_.stop();
  const outcome how = disarm();
  const std::lock_guard lock(order_.mutex_);
  if (order_.waiting_ == this) order_.waiting_ = nullptr;
  throw_if_cancelled(how);
  if (order_.ended_ == order_.told_) return std::nullopt;
  return order_.order_[order_.told_++];
}

task<wait_result> wait_for_some(std::unique_ptr<as_completed> order, std::size_t count,
                                wait_until when, clock::time_point until) {
  wait_result seen;
  std::vector<bool> done(count);
  for (;;) {
    const std::optional<std::size_t> next = co_await order->next_until(until);
    if (!next) break;
    seen.done.push_back(*next);
    done[*next] = true;
    if (when == wait_until::first_completed) until = clock::time_point::min();
    if (when == wait_until::first_exception && order->has_failed(*next)) {
      until = clock::time_point::min();
    }
  }
  for (std::size_t i = 0; i < count; ++i) {
    if (!done[i]) seen.pending.push_back(i);
  }
  co_return seen;
}

}  // namespace internal
}  // namespace magpie
