// The place where a coroutine leaves its value or its exception; it belongs to whoever waits.
#ifndef MAGPIE_RUNTIME_INTERNAL_RESULT_H_
#define MAGPIE_RUNTIME_INTERNAL_RESULT_H_

#include <cstdint>
#include <exception>
#include <memory>
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

  result_state state_ = result_state::empty;

 private:
  union {
    std::exception_ptr error_;
  };
};

template <class T>
class result : public result_base {
  static_assert(alignof(T) <= __STDCPP_DEFAULT_NEW_ALIGNMENT__,
                "magpie: coroutine frames have the default alignment of operator new; return what "
                "needs more in a std::unique_ptr");

 public:
  result() noexcept {}
  ~result() {
    if constexpr (!std::is_trivially_destructible_v<T>) {
      if (state_ == result_state::value) std::destroy_at(&value_);
    }
  }

  // After emplace() too: a local variable's destructor may throw when the coroutine has returned.
  void fail(std::exception_ptr error) noexcept {
    if constexpr (!std::is_trivially_destructible_v<T>) {
      if (state_ == result_state::value) std::destroy_at(&value_);
    }
    result_base::fail(std::move(error));
  }

  // A coroutine may return again, after a local variable's destructor has thrown at the first time.
  template <class... Args>
  void emplace(Args&&... args) {
    if constexpr (!std::is_trivially_destructible_v<T>) {
      if (state_ == result_state::value) [[unlikely]] {
        state_ = result_state::empty;
        std::destroy_at(&value_);
      }
    }
    std::construct_at(&value_, std::forward<Args>(args)...);
    state_ = result_state::value;
  }

  // Once. Throws the exception, if there is one; usage_error if there is neither.
  T take() {
    if (state_ != result_state::value) [[unlikely]]
      throw_error();
    // The analyzer takes await_resume() for the next thing that happens after await_suspend(), so
    // that nothing is here yet.
    // NOLINTNEXTLINE(clang-analyzer-core.uninitialized.UndefReturn)
    return std::move(value_);
  }

 private:
  union {
    T value_;
  };
};

template <class T>
class result<T&> : public result_base {
 public:
  void emplace(T& value) noexcept {
    value_ = std::addressof(value);
    state_ = result_state::value;
  }
  T& take() {
    if (state_ != result_state::value) [[unlikely]]
      throw_error();
    return *value_;
  }

 private:
  T* value_ = nullptr;
};

template <>
class result<void> : public result_base {
 public:
  void emplace() noexcept { state_ = result_state::value; }
  void take() {
    if (has_error()) [[unlikely]]
      throw_error();
  }
};

}  // namespace magpie::internal

#endif  // MAGPIE_RUNTIME_INTERNAL_RESULT_H_
