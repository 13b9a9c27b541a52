// What a coroutine runs under.
#ifndef MAGPIE_RUNTIME_INTERNAL_OWN_CONTEXT_H_
#define MAGPIE_RUNTIME_INTERNAL_OWN_CONTEXT_H_

#include <coroutine>

#include "magpie/runtime/internal/promise.h"

namespace magpie::internal {

// co_await: the context of the coroutine, which outlives it. Never suspends.
class own_context_awaiter {
 public:
  static bool await_ready() noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> who) noexcept {
    own_ = who.promise().context;
    return false;
  }
  const context& await_resume() const noexcept { return *own_; }

 private:
  const context* own_ = nullptr;
};

}  // namespace magpie::internal

#endif  // MAGPIE_RUNTIME_INTERNAL_OWN_CONTEXT_H_
