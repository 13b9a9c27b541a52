// A handle to one end of a channel. The end is gone when the last handle to it is.
#ifndef MAGPIE_RUNTIME_INTERNAL_SHARED_END_H_
#define MAGPIE_RUNTIME_INTERNAL_SHARED_END_H_

#include <atomic>
#include <cstddef>
#include <memory>
#include <utility>

#include "magpie/runtime/error.h"

namespace magpie::internal {

[[noreturn]] void refuse_empty_handle();

// `Side` says which count of the state this is, and what happens when it falls to zero:
//   static std::atomic<std::size_t>& count(State&) noexcept;
//   static void last_gone(State&) noexcept;
template <class State, class Side>
class shared_end {
 public:
  shared_end() noexcept = default;
  explicit shared_end(std::shared_ptr<State> state) noexcept : state_(std::move(state)) { add(); }
  shared_end(const shared_end& other) noexcept : state_(other.state_) { add(); }
  shared_end(shared_end&&) noexcept = default;
  // NOLINTNEXTLINE(bugprone-unhandled-self-assignment): by value.
  shared_end& operator=(shared_end other) noexcept {
    state_.swap(other.state_);
    return *this;
  }
  ~shared_end() {
    if (state_ != nullptr && --Side::count(*state_) == 0) Side::last_gone(*state_);
  }

  bool valid() const noexcept { return state_ != nullptr; }

  // Throws usage_error if this is empty.
  State& state() const {
    if (state_ == nullptr) refuse_empty_handle();
    return *state_;
  }
  const std::shared_ptr<State>& pointer() const {
    state();
    return state_;
  }

 private:
  void add() const noexcept {
    if (state_ != nullptr) ++Side::count(*state_);
  }

  std::shared_ptr<State> state_;
};

}  // namespace magpie::internal

#endif  // MAGPIE_RUNTIME_INTERNAL_SHARED_END_H_
