#include "magpie/runtime/internal/parker.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "magpie/runtime/internal/atomics.h"
#include "magpie/tests/runtime/scripted_futex.h"

namespace magpie::testing {
namespace parker_test {

using namespace std::chrono_literals;
using time_point = std::chrono::steady_clock::time_point;

constexpr time_point never = time_point::max();

class parker_test : public scripted_futex_test {
 protected:
  void unpark() {
    parker_.unpark([this] { ++interrupts_; });
  }

  internal::parker<internal::std_atomics, scripted_futex> parker_;
  int interrupts_ = 0;
};

TEST_F(parker_test, sleeps_until_the_deadline) {
  parker_.park(time_point(5s));
  EXPECT_EQ(scripted_futex::waits(), 1);
  EXPECT_EQ(scripted_futex::last_deadline(), time_point(5s));
  parker_.park(never);
  EXPECT_EQ(scripted_futex::waits(), 2);
  EXPECT_EQ(scripted_futex::last_deadline(), never);
}

TEST_F(parker_test, a_token_that_came_before_is_taken) {
  unpark();
  EXPECT_EQ(scripted_futex::wakes(), 0);
  parker_.park(never);
  EXPECT_EQ(scripted_futex::waits(), 0);
  // And it is gone.
  parker_.park(never);
  EXPECT_EQ(scripted_futex::waits(), 1);
}

TEST_F(parker_test, tokens_do_not_add_up) {
  for (int i = 0; i < 3; ++i)
    unpark();
  parker_.park(never);
  EXPECT_EQ(scripted_futex::waits(), 0);
  parker_.park(never);
  EXPECT_EQ(scripted_futex::waits(), 1);
}

TEST_F(parker_test, a_sleeper_is_woken) {
  scripted_futex::during_wait([this] { unpark(); });
  parker_.park(never);
  EXPECT_EQ(scripted_futex::wakes(), 1);
  // The token that woke it is used up.
  parker_.park(never);
  EXPECT_EQ(scripted_futex::waits(), 2);
  EXPECT_EQ(scripted_futex::wakes(), 2);
  EXPECT_EQ(interrupts_, 0);
}

TEST_F(parker_test, a_sleeper_is_woken_once) {
  scripted_futex::during_wait([this] {
    unpark();
    unpark();
  });
  parker_.park(never);
  EXPECT_EQ(scripted_futex::wakes(), 1);
}

TEST_F(parker_test, nobody_is_woken_after_the_deadline) {
  parker_.park(time_point(1s));
  unpark();
  EXPECT_EQ(scripted_futex::wakes(), 0);
  EXPECT_EQ(interrupts_, 0);
  // It is kept for the next time.
  parker_.park(never);
  EXPECT_EQ(scripted_futex::waits(), 1);
}

TEST_F(parker_test, interrupts_who_polls) {
  int polls = 0;
  parker_.park_in([&] {
    ++polls;
    EXPECT_EQ(interrupts_, 0);
    unpark();
    EXPECT_EQ(interrupts_, 1);
    unpark();
    EXPECT_EQ(interrupts_, 1);
  });
  EXPECT_EQ(polls, 1);
  EXPECT_EQ(scripted_futex::waits(), 0);
  EXPECT_EQ(scripted_futex::wakes(), 0);
  // The token that ended it is used up.
  parker_.park_in([&] { ++polls; });
  EXPECT_EQ(polls, 2);
}

TEST_F(parker_test, polls_not_at_all_with_a_token) {
  unpark();
  int polls = 0;
  parker_.park_in([&] { ++polls; });
  EXPECT_EQ(polls, 0);
  parker_.park_in([&] { ++polls; });
  EXPECT_EQ(polls, 1);
}

TEST_F(parker_test, interrupts_nobody_after_the_poll) {
  parker_.park_in([] {});
  unpark();
  EXPECT_EQ(interrupts_, 0);
  int polls = 0;
  parker_.park_in([&] { ++polls; });
  EXPECT_EQ(polls, 0);
}

// -------------------------------------------------------------------------------------- threads

TEST(parker_threads_test, a_deadline_in_the_past_is_no_wait) {
  internal::parker<> parker;
  parker.park(std::chrono::steady_clock::now() - 1s);
  parker.park(time_point());
  parker.park(time_point::min());
}

TEST(parker_threads_test, sleeps_no_longer_than_to_its_deadline) {
  internal::parker<> parker;
  const time_point deadline = std::chrono::steady_clock::now() + 2ms;
  while (std::chrono::steady_clock::now() < deadline)
    parker.park(deadline);
}

// Two threads take turns. Each sleeps until the other has written, in the futex or in a poll of its
// own; a wake-up that is lost stops both.
class player {
 public:
  explicit player(bool polls) : polls_(polls) {}

  // Any thread: hands over `number`.
  void give(int number) {
    number_ = number;
    parker_.unpark([this] {
      interrupted_ = true;
      interrupted_.notify_one();
    });
  }

  // Its own thread: the next number, which is not 0.
  int take() {
    // Once is enough, unless the futex has returned early.
    while (!arrived()) {
      if (polls_) {
        parker_.park_in([this] { interrupted_.wait(false); });
        interrupted_ = false;
      } else {
        parker_.park(never);
      }
    }
    return number_.exchange(0);
  }

 private:
  bool arrived() const { return number_.load(std::memory_order_relaxed) != 0; }

  const bool polls_;
  internal::parker<> parker_;
  std::atomic<int> number_ = 0;
  std::atomic<bool> interrupted_ = false;
};

TEST(parker_threads_test, no_wake_up_is_lost) {
  constexpr int rounds = 10'000;
  player left(false);
  player right(true);
  bool in_order = true;
  std::thread other([&] {
    for (int i = 1; i <= rounds; ++i)
      left.give(right.take());
  });
  for (int i = 1; i <= rounds; ++i) {
    right.give(i);
    in_order = left.take() == i && in_order;
  }
  other.join();
  EXPECT_TRUE(in_order);
}

// Whoever takes the token sees what was written before it. Nothing else orders the two: the flag
// is relaxed, and what is written is not atomic, so that ThreadSanitizer looks.
TEST(parker_threads_test, what_the_waker_wrote_is_seen) {
  for (int i = 0; i < 500; ++i) {
    internal::parker<> parker;
    std::atomic<bool> interrupted = false;
    int written = 0;
    std::thread waker([&] {
      written = 42;
      parker.unpark([&] {
        interrupted.store(true, std::memory_order_relaxed);
        interrupted.notify_one();
      });
    });
    parker.park_in([&] { interrupted.wait(false, std::memory_order_relaxed); });
    EXPECT_EQ(written, 42);
    waker.join();
  }
}

}  // namespace parker_test
}  // namespace magpie::testing
