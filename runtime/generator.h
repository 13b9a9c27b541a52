// generator<T>: a coroutine that gives many values, and may wait between them.
//
//   generator<std::string> lines(tcp_stream& from) {
//     for (;;) {
//       ...                                       // co_await whatever a task may.
//       co_yield line;
//     }
//   }
//
//   auto source = lines(stream);
//   for (;;) {
//     const std::optional<std::string> line = co_await source.next();
//     if (!line) break;
//   }
#ifndef MAGPIE_RUNTIME_GENERATOR_H_
#define MAGPIE_RUNTIME_GENERATOR_H_

#include <coroutine>
#include <memory>
#include <optional>
#include <source_location>
#include <type_traits>
#include <utility>

#include "magpie/runtime/error.h"
#include "magpie/runtime/internal/platform.h"
#include "magpie/runtime/internal/promise.h"
#include "magpie/runtime/internal/result.h"
#include "magpie/runtime/internal/worker.h"
#include "magpie/runtime/task.h"

namespace magpie {

template <class T>
class generator;

namespace internal {

// Goes back to whoever awaits the next value.
class yield_value_awaiter {
 public:
  explicit yield_value_awaiter(const bool& closing) noexcept : closing_(closing) {}

  static bool await_ready() noexcept { return false; }
  template <class Promise>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> who) noexcept {
    promise_base& consumer = *who.promise().continuation.only_parent();
    if constexpr (!transfer_is_tail_call) return current_worker()->transfer_to(consumer);
    return consumer.handle();
  }
  void await_resume() const {
    if (closing_) throw cancelled();
  }

 private:
  const bool& closing_;
};

// The same with a copy of what the coroutine keeps.
template <class T>
class yield_copy_awaiter : public yield_value_awaiter {
 public:
  yield_copy_awaiter(const bool& closing, const T& value, T*& place)
      : yield_value_awaiter(closing), copy_(value), place_(place) {}

  template <class Promise>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> who) noexcept {
    place_ = std::addressof(copy_);
    return yield_value_awaiter::await_suspend(who);
  }

 private:
  T copy_;
  T*& place_;
};

// A generator ends as a task<void> does; in between it yields.
template <class T>
class generator_promise final : public task_promise_base<void> {
 public:
  generator_promise(std::source_location made_at = std::source_location::current()) noexcept
      : task_promise_base<void>(made_at) {
    this->continuation = internal::continuation(nullptr);
  }

  generator<T> get_return_object() noexcept;

  // What is yielded lives, in the frame, until the next value is asked for.
  yield_value_awaiter yield_value(T&& value) noexcept {
    yielded = std::addressof(value);
    return yield_value_awaiter(closing);
  }
  yield_copy_awaiter<T> yield_value(const T& value)
    requires std::is_copy_constructible_v<T>
  {
    return yield_copy_awaiter<T>(closing, value, yielded);
  }

  // NOLINTNEXTLINE(clang-analyzer-core.CallAndMessage): see set_result().
  void return_void() noexcept { this->result_->emplace(); }

  T* yielded = nullptr;
  bool closing = false;
};

template <class T>
class next_value_awaiter {
 public:
  explicit next_value_awaiter(std::coroutine_handle<generator_promise<T>> source) noexcept
      : source_(source) {}

  bool await_ready() const noexcept { return source_.done(); }
  template <class Parent>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<Parent> parent) noexcept {
    generator_promise<T>& source = source_.promise();
    // Of whoever asks this time: so the generator is cancelled with its consumer.
    source.continuation = continuation(parent.promise());
    source.context = parent.promise().context;
    source.set_result(result_);
    source.yielded = nullptr;
    if constexpr (!transfer_is_tail_call) return current_worker()->transfer_to(source);
    return source_;
  }
  std::optional<T> await_resume() {
    if (result_.has_error()) result_.take();
    T* const value = source_.promise().yielded;
    if (source_.done() || value == nullptr) return std::nullopt;
    return std::optional<T>(std::move(*value));
  }

 private:
  const std::coroutine_handle<generator_promise<T>> source_;
  result<void> result_;
};

template <class T>
class [[nodiscard("next does nothing until it is awaited")]] next_value {
 public:
  explicit next_value(std::coroutine_handle<generator_promise<T>> source) noexcept
      : source_(source) {}
  next_value_awaiter<T> operator co_await() const noexcept {
    return next_value_awaiter<T>(source_);
  }

 private:
  const std::coroutine_handle<generator_promise<T>> source_;
};

}  // namespace internal

// Lazy: nothing of it runs before the first next(), and nothing between two of them. It runs in the
// place of the coroutine that awaits next(), on that one's worker, under its cancellation and time
// limits. Parameters as for task. Moves only; one coroutine at a time uses it.
//
// Dropping it, at any moment when nobody awaits next(), destroys its local variables as if co_yield
// had thrown; close() lets it wait while it cleans up.
template <class T>
class [[nodiscard("a generator runs only when next() is awaited")]] generator {
  static_assert(std::is_object_v<T> && std::is_move_constructible_v<T>,
                "magpie: a generator gives values; let it give pointers instead of references");

 public:
  using promise_type = internal::generator_promise<T>;
  using value_type = T;

  // One that has ended.
  generator() noexcept = default;
  generator(generator&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
  generator& operator=(generator&& other) noexcept {
    generator(std::move(other)).swap(*this);
    return *this;
  }
  ~generator() {
    if (handle_) handle_.destroy();
  }

  // co_await next(): runs it until it yields, and gives that value; nothing when it has ended.
  // Throws what leaves it, and then it has ended. Allocates nothing. Throws usage_error if it was
  // moved from.
  internal::next_value<T> next() {
    check();
    return internal::next_value<T>(handle_);
  }

  // co_await close(): ends it. If it has begun and not ended, `cancelled` leaves the co_yield where
  // it stands, and every later one. Waits until it has ended; what it throws other than that is
  // thrown.
  MAGPIE_COROUTINE_WRAPPER task<> close() {
    check();
    return close(handle_);
  }

  void swap(generator& other) noexcept { std::swap(handle_, other.handle_); }

 private:
  friend promise_type;
  using handle = std::coroutine_handle<promise_type>;
  explicit generator(handle h) noexcept : handle_(h) {}

  void check() const {
    if (!handle_) throw usage_error("magpie: this generator is empty: it was moved from");
  }

  static task<> close(handle which) {
    promise_type& ending = which.promise();
    // Before the first next() it has nothing to clean up; the destructor does the rest.
    if (ending.parent() == nullptr) co_return;
    ending.closing = true;
    try {
      while (!which.done()) {
        internal::next_value<T> rest(which);
        co_await rest;
      }
    } catch (const cancelled&) {
      // As it was asked to.
    }
  }

  handle handle_;
};

namespace internal {

template <class T>
generator<T> generator_promise<T>::get_return_object() noexcept {
  static_assert(alignof(generator_promise<T>) == alignof(promise_base));
  return generator<T>(std::coroutine_handle<generator_promise<T>>::from_promise(*this));
}

}  // namespace internal
}  // namespace magpie

#endif  // MAGPIE_RUNTIME_GENERATOR_H_
