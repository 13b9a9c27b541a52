// The place where a coroutine leaves its value or its exception; it belongs to whoever waits.
#ifndef MAGPIE_RUNTIME_INTERNAL_RESULT_H_
#define MAGPIE_RUNTIME_INTERNAL_RESULT_H_

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace magpie::internal {

[[noreturn]] void throw_no_result();

enum class result_state : std::uint8_t { empty, value, error };

// What all result types share. Not an std::variant: a coroutine's hot path writes one byte here.
class result_base {
 public:
  result_base(const result_base&) = delete;
  result_base& operator=(const result_base&) = delete;

  void fail(std::exception_ptr error) noexcept {
    std::construct_at(&error_, std::move(error));
    state_ = result_state::error;
  }
  bool has_error() const noexcept { return state_ == result_state::error; }
  bool has_value() const noexcept { return state_ == result_state::value; }
  const std::exception_ptr& error() const noexcept { return error_; }

 protected:
  result_base() noexcept {}
  ~result_base() {
    if (state_ == result_state::error) [[unlikely]]
      std::destroy_at(&error_);
  }
  // Once, and gives the exception away: whoever catches it may look at it while another thread
  // destroys this.
  [[noreturn]] void throw_error() {
    if (!has_error()) throw_no_result();
    std::rethrow_exception(std::move(error_));
  }

  static constexpr std::size_t small = sizeof(std::exception_ptr);

  // Where the error would be: a value that is small enough has its place there, too.
  void* small_value() noexcept { return small_; }

 private:
  union {
    std::exception_ptr error_;
    std::byte small_[small];
  };

 protected:
  result_state state_ = result_state::empty;
};

// Where the value of a result is. Half as many bytes for each child of a gather, if it gives a
// number or a pointer (fork_join/skynet).
template <class T>
class value_place : public result_base {
 protected:
  T* value() noexcept { return &value_; }

  value_place() noexcept {}
  ~value_place() {}

 private:
  union {
    T value_;
  };
};
template <class T>
  requires(sizeof(T) <= sizeof(std::exception_ptr) && alignof(T) <= alignof(std::exception_ptr))
class value_place<T> : public result_base {
 protected:
  T* value() noexcept { return std::launder(static_cast<T*>(small_value())); }
};

template <class T>
class result : public value_place<T> {
  static_assert(alignof(T) <= __STDCPP_DEFAULT_NEW_ALIGNMENT__,
                "magpie: coroutine frames have the default alignment of operator new; return what "
                "needs more in a std::unique_ptr");

 public:
  result() noexcept {}
  ~result() {
    if constexpr (!std::is_trivially_destructible_v<T>) {
      if (this->state_ == result_state::value) std::destroy_at(value());
    }
  }

  // After emplace() too: a local variable's destructor may throw when the coroutine has returned.
  void fail(std::exception_ptr error) noexcept {
    if constexpr (!std::is_trivially_destructible_v<T>) {
      if (this->state_ == result_state::value) std::destroy_at(value());
    }
    result_base::fail(std::move(error));
  }

  // A coroutine may return again, after a local variable's destructor has thrown at the first time.
  template <class... Args>
  void emplace(Args&&... args) {
    if constexpr (!std::is_trivially_destructible_v<T>) {
      if (this->state_ == result_state::value) [[unlikely]] {
        this->state_ = result_state::empty;
        std::destroy_at(value());
      }
    }
    std::construct_at(value(), std::forward<Args>(args)...);
    this->state_ = result_state::value;
  }

  // Once. Throws the exception, if there is one; usage_error if there is neither.
  T take() {
    if (this->state_ != result_state::value) [[unlikely]]
      this->throw_error();
    return take_value();
  }

  // The same for who knows that there is a value.
  T take_value() {
    // The analyzer takes await_resume() for the next thing that happens after await_suspend(), so
    // that nothing is here yet.
    // NOLINTNEXTLINE(clang-analyzer-core.uninitialized.UndefReturn)
    return std::move(*value());
  }

 private:
  using value_place<T>::value;
};

template <class T>
class result<T&> : public value_place<T*> {
 public:
  void emplace(T& value) noexcept {
    std::construct_at(this->value(), std::addressof(value));
    this->state_ = result_state::value;
  }
  T& take() {
    if (this->state_ != result_state::value) [[unlikely]]
      this->throw_error();
    return take_value();
  }
  T& take_value() noexcept { return **this->value(); }
};

template <>
class result<void> : public result_base {
 public:
  void emplace() noexcept { state_ = result_state::value; }
  void take() {
    if (has_error()) [[unlikely]]
      throw_error();
  }
  void take_value() noexcept {}
};

}  // namespace magpie::internal

#endif  // MAGPIE_RUNTIME_INTERNAL_RESULT_H_
