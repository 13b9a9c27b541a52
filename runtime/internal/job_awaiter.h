// co_await of a function that runs elsewhere: what cpu() and blocking() have in common.
#ifndef MAGPIE_RUNTIME_INTERNAL_JOB_AWAITER_H_
#define MAGPIE_RUNTIME_INTERNAL_JOB_AWAITER_H_

#include <coroutine>
#include <exception>
#include <functional>
#include <type_traits>
#include <utility>

#include "magpie/runtime/internal/job_executor.h"
#include "magpie/runtime/internal/promise.h"
#include "magpie/runtime/internal/result.h"

namespace magpie::internal {

enum class job_kind { cpu, blocking };

// What does not depend on the type of the function.
class job_awaiter_base : public job {
 protected:
  explicit job_awaiter_base(job_kind kind) noexcept : kind_(kind) {}
  ~job_awaiter_base() override = default;

  bool start(promise_base& who);
  // Throws `cancelled` if the function has not run and never will.
  void finish();

 private:
  const job_kind kind_;
  job_executor* executor_ = nullptr;
};

template <class Function>
class job_awaiter final : job_awaiter_base {
 public:
  using value_type = std::invoke_result_t<Function&&>;

  job_awaiter(job_kind kind, Function function)
      : job_awaiter_base(kind), function_(std::move(function)) {}

  static bool await_ready() noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> who) {
    return start(who.promise());
  }
  value_type await_resume() {
    finish();
    return result_.take();
  }

 private:
  void execute() noexcept override {
    try {
      if constexpr (std::is_void_v<value_type>) {
        std::invoke(std::move(function_));
        result_.emplace();
      } else {
        result_.emplace(std::invoke(std::move(function_)));
      }
    } catch (...) {
      result_.fail(std::current_exception());
    }
  }

  Function function_;
  result<value_type> result_;
};

// What cpu() and blocking() return: the function, until it is awaited.
template <class Function>
class [[nodiscard("the function does not run until this is awaited")]] submitted {
 public:
  submitted(job_kind kind, Function function) : kind_(kind), function_(std::move(function)) {}
  job_awaiter<Function> operator co_await() && { return {kind_, std::move(function_)}; }

 private:
  job_kind kind_;
  Function function_;
};

}  // namespace magpie::internal

#endif  // MAGPIE_RUNTIME_INTERNAL_JOB_AWAITER_H_
