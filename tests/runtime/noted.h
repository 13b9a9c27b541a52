// A value that shows when it is used after its end, and a coroutine that gives it.
#ifndef MAGPIE_TESTS_RUNTIME_NOTED_H_
#define MAGPIE_TESTS_RUNTIME_NOTED_H_

#include <memory>

#include "magpie/runtime/sleep.h"
#include "magpie/runtime/task.h"
#include "magpie/tests/runtime/leftovers.h"

namespace magpie::testing {

// Overwrites itself when it is gone, so that who still looks sees it.
class noted {
 public:
  explicit noted(int value) : value_(std::make_unique<int>(value)) {}
  noted(noted&& other) noexcept = default;
  noted(const noted& other) : value_(std::make_unique<int>(other.value())) {}
  noted& operator=(const noted&) = delete;
  noted& operator=(noted&&) = delete;
  ~noted() {
    if (value_) *value_ = -1;
  }
  int value() const { return *value_; }

 private:
  std::unique_ptr<int> value_;
  counted alive_;
};

inline task<int> by_value(noted kept) {
  co_await yield();
  co_return kept.value();
}

}  // namespace magpie::testing

#endif  // MAGPIE_TESTS_RUNTIME_NOTED_H_
