// A futex for tests on one thread: it notes what it is asked for, and a test says what happens
// while a thread would wait.
#ifndef MAGPIE_TESTS_RUNTIME_SCRIPTED_FUTEX_H_
#define MAGPIE_TESTS_RUNTIME_SCRIPTED_FUTEX_H_

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <utility>

namespace magpie::testing {

class scripted_futex {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  // What the code under test calls. Returns at once if the word has changed, as the kernel does.
  static void wait(const std::atomic<std::uint32_t>& word, std::uint32_t expected,
                   time_point deadline) {
    if (word.load() != expected) return;
    ++waits_;
    last_deadline_ = deadline;
    if (during_wait_) during_wait_();
  }
  static void wake(const std::atomic<std::uint32_t>&) { ++wakes_; }

  static constexpr int fewest_pauses = 1;
  static constexpr int most_pauses = 1;
  static void pause() {}

  // From now on. Without it, a wait ends as at its deadline.
  static void during_wait(std::function<void()> what) { during_wait_ = std::move(what); }

  static int waits() { return waits_; }
  static int wakes() { return wakes_; }
  static time_point last_deadline() { return last_deadline_; }

  static void reset() {
    waits_ = 0;
    wakes_ = 0;
    last_deadline_ = {};
    during_wait_ = nullptr;
  }

 private:
  static inline int waits_ = 0;
  static inline int wakes_ = 0;
  static inline time_point last_deadline_;
  static inline std::function<void()> during_wait_;
};

// Base of the tests that use it.
class scripted_futex_test : public ::testing::Test {
 protected:
  void SetUp() override { scripted_futex::reset(); }
  void TearDown() override { scripted_futex::reset(); }
};

}  // namespace magpie::testing

#endif  // MAGPIE_TESTS_RUNTIME_SCRIPTED_FUTEX_H_
