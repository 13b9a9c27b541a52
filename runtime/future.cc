#include "magpie/runtime/future.h"

#include <mutex>

#include "magpie/runtime/error.h"
#include "magpie/runtime/internal/failed_callback.h"

namespace magpie::internal {

// Deep, if there were many: one after the other.
future_core::~future_core() {
  while (first_ != nullptr)
    first_ = std::move(first_->next_);
}

bool future_core::done() const noexcept {
  const std::lock_guard lock(lock_);
  return settled();
}

bool future_core::cancelled() const noexcept {
  const std::lock_guard lock(lock_);
  return state_ == state::cancelled;
}

void future_core::check() const {
  if (const std::exception_ptr error = exception()) std::rethrow_exception(error);
}

std::exception_ptr future_core::exception() const {
  state now;
  {
    const std::lock_guard lock(lock_);
    now = state_;
  }
  switch (now) {
    case state::pending:
    case state::being_set:
      throw usage_error("magpie: this future has no result yet; co_await it, or ask done()");
    case state::cancelled:
      throw magpie::cancelled();
    case state::broken:
      return std::make_exception_ptr(
          broken_promise("magpie: the promise of a future has gone without setting it"));
    case state::value:
    case state::error:
      break;
  }
  return error_;
}

bool future_core::fail(std::exception_ptr error) {
  if (error == nullptr) {
    throw usage_error("magpie: promise::set_exception() was given no exception");
  }
  return settle(state::pending, state::error, std::move(error));
}

bool future_core::cancel() noexcept {
  return settle(state::pending, state::cancelled);
}

void future_core::abandon() noexcept {
  settle(state::pending, state::broken);
}

bool future_core::begin_value() noexcept {
  const std::lock_guard lock(lock_);
  if (state_ != state::pending) return false;
  state_ = state::being_set;
  return true;
}

void future_core::end_value(bool made) noexcept {
  if (made) {
    settle(state::being_set, state::value);
    return;
  }
  const std::lock_guard lock(lock_);
  state_ = state::pending;
}

bool future_core::settle(state from, state how, std::exception_ptr error) noexcept {
  ready_list ready;
  std::unique_ptr<done_callback> callbacks;
  {
    const std::lock_guard lock(lock_);
    if (state_ != from) return false;
    state_ = how;
    error_.swap(error);
    callbacks = std::move(first_);
    while (wait_node* next = waiters_.claim_front())
      ready.add(next->waiting());
  }
  announce(ready, std::move(callbacks));
  return true;
}

void future_core::announce(ready_list& ready, std::unique_ptr<done_callback> first) noexcept {
  ready.resume_all();
  for (; first != nullptr; first = std::move(first->next_)) {
    try {
      first->call();
    } catch (...) {
      report_failed_callback("on_done()", first->given_at_);
    }
  }
}

void future_core::add_callback(std::unique_ptr<done_callback> callback) {
  {
    const std::lock_guard lock(lock_);
    if (!settled()) {
      done_callback* const added = callback.get();
      (last_ == nullptr ? first_ : last_->next_) = std::move(callback);
      last_ = added;
      return;
    }
  }
  callback->call();
}

void refuse_empty_future() {
  throw usage_error("magpie: this promise or future is empty: it was moved from, or never set up");
}

void refuse_second_result() {
  throw usage_error("magpie: this promise has been resolved already; it has one result");
}

}  // namespace magpie::internal
