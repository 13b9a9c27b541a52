// Without magpie: the least that a coroutine needs.
#include <chrono>
#include <coroutine>
#include <exception>
#include <string>
#include <utility>
#include <vector>

template <class T>
struct value_of {
  T value{};
  void return_value(T returned) { value = std::move(returned); }
  T take() { return std::move(value); }
};
template <>
struct value_of<void> {
  void return_void() {}
  void take() {}
};

template <class T = void>
class task {
 public:
  struct promise_type : value_of<T> {
    std::coroutine_handle<> parent = std::noop_coroutine();
    std::exception_ptr failure;

    struct final_awaiter {
      bool await_ready() noexcept { return false; }
      std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> ended) noexcept {
        return ended.promise().parent;
      }
      void await_resume() noexcept {}
    };

    task get_return_object() {
      return task(std::coroutine_handle<promise_type>::from_promise(*this));
    }
    std::suspend_always initial_suspend() noexcept { return {}; }
    final_awaiter final_suspend() noexcept { return {}; }
    void unhandled_exception() { failure = std::current_exception(); }
  };

  explicit task(std::coroutine_handle<promise_type> handle) : handle_(handle) {}
  task(task&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
  ~task() {
    if (handle_) handle_.destroy();
  }

  bool await_ready() noexcept { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> parent) noexcept {
    handle_.promise().parent = parent;
    return handle_;
  }
  T await_resume() {
    if (handle_.promise().failure) std::rethrow_exception(handle_.promise().failure);
    return handle_.promise().take();
  }

 private:
  std::coroutine_handle<promise_type> handle_;
};

#include "magpie/benchmarks/compile_cost/ten_coroutines.h"

task<int> start_plain() {
  return all_of_them("Ada");
}
