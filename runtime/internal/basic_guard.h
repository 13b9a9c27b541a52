// A lock that is held, and given back at the end of the scope.
#ifndef MAGPIE_RUNTIME_INTERNAL_BASIC_GUARD_H_
#define MAGPIE_RUNTIME_INTERNAL_BASIC_GUARD_H_

#include <cstdint>
#include <utility>

namespace magpie::internal {

enum class hold : std::uint8_t { exclusive, shared };

[[noreturn]] void refuse_unlock();

// Moves only. One thread at a time; not necessarily the one that has locked.
template <class Mutex, hold How>
class [[nodiscard("a guard that is dropped unlocks at once")]] basic_guard {
 public:
  // Of nothing.
  basic_guard() noexcept = default;
  basic_guard(basic_guard&& other) noexcept : of_(std::exchange(other.of_, nullptr)) {}
  basic_guard& operator=(basic_guard&& other) noexcept {
    basic_guard(std::move(other)).swap(*this);
    return *this;
  }
  ~basic_guard() {
    if (of_ != nullptr) release();
  }

  bool owns_lock() const noexcept { return of_ != nullptr; }
  explicit operator bool() const noexcept { return owns_lock(); }

  // What is locked; null if nothing is.
  Mutex* mutex() const noexcept { return of_; }

  // Does not block. Throws usage_error if nothing is locked.
  void unlock() {
    if (of_ == nullptr) refuse_unlock();
    release();
  }

  void swap(basic_guard& other) noexcept { std::swap(of_, other.of_); }

 private:
  friend Mutex;
  explicit basic_guard(Mutex& locked) noexcept : of_(&locked) {}

  void release() noexcept {
    Mutex& locked = *std::exchange(of_, nullptr);
    if constexpr (How == hold::exclusive) {
      locked.unlock();
    } else {
      locked.unlock_shared();
    }
  }

  Mutex* of_ = nullptr;
};

}  // namespace magpie::internal

#endif  // MAGPIE_RUNTIME_INTERNAL_BASIC_GUARD_H_
