// What the tests of spawn have in common: tasks, and the reports of a runtime.
#ifndef MAGPIE_TESTS_RUNTIME_SPAWNED_H_
#define MAGPIE_TESTS_RUNTIME_SPAWNED_H_

#include <chrono>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <vector>

#include "magpie/runtime/error.h"
#include "magpie/runtime/options.h"
#include "magpie/runtime/sleep.h"
#include "magpie/runtime/spawn.h"
#include "magpie/runtime/task.h"
#include "magpie/tests/runtime/leftovers.h"

namespace magpie::testing {

inline task<int> number(int value) {
  const counted frame;
  co_return value;
}

inline task<> nothing() {
  const counted frame;
  co_return;
}

inline task<> fail(const char* what) {
  const counted frame;
  co_await yield();
  throw std::runtime_error(what);
}

inline task<> sleep_long(bool& cancelled_there) {
  const counted frame;
  try {
    co_await sleep_for(std::chrono::hours(1));
  } catch (const cancelled&) {
    cancelled_there = true;
    throw;
  }
}

// The reports of one runtime.
class reports {
 public:
  std::function<void(const report&)> hook() {
    return [this](const report& what) {
      const std::lock_guard lock(mutex_);
      all_.push_back(what);
    };
  }
  std::vector<report> all() {
    const std::lock_guard lock(mutex_);
    return all_;
  }

 private:
  std::mutex mutex_;
  std::vector<report> all_;
};

}  // namespace magpie::testing

#endif  // MAGPIE_TESTS_RUNTIME_SPAWNED_H_
