#include "magpie/runtime/internal/mutex.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <thread>
#include <type_traits>
#include <vector>

#include "magpie/tests/runtime/scripted_futex.h"

namespace magpie::testing {
namespace mutex_test {

using internal::mutex;

static_assert(sizeof(mutex) == 4);
static_assert(!std::is_copy_constructible_v<mutex> && !std::is_copy_assignable_v<mutex>);
static_assert(std::is_nothrow_default_constructible_v<mutex>);

// ------------------------------------------------------------------------------------- one thread

class mutex_test : public scripted_futex_test {
 protected:
  internal::basic_mutex<std::atomic<std::uint32_t>, scripted_futex> mutex_;
};

TEST_F(mutex_test, held_and_free) {
  EXPECT_TRUE(mutex_.try_lock());
  EXPECT_FALSE(mutex_.try_lock());
  mutex_.unlock();
  mutex_.lock();
  EXPECT_FALSE(mutex_.try_lock());
  mutex_.unlock();
  EXPECT_TRUE(mutex_.try_lock());
  mutex_.unlock();
}

TEST_F(mutex_test, asks_the_kernel_for_nothing_if_nobody_waits) {
  for (int i = 0; i < 3; ++i) {
    mutex_.lock();
    // Whoever only tries does not wait.
    EXPECT_FALSE(mutex_.try_lock());
    mutex_.unlock();
  }
  EXPECT_EQ(scripted_futex::waits(), 0);
  EXPECT_EQ(scripted_futex::wakes(), 0);
}

TEST_F(mutex_test, waits_while_it_is_held_and_is_woken) {
  mutex_.lock();
  scripted_futex::during_wait([this] {
    EXPECT_EQ(scripted_futex::wakes(), 0);
    mutex_.unlock();
  });
  mutex_.lock();
  EXPECT_EQ(scripted_futex::waits(), 1);
  EXPECT_EQ(scripted_futex::last_deadline(), std::chrono::steady_clock::time_point::max());
  EXPECT_EQ(scripted_futex::wakes(), 1);
  EXPECT_FALSE(mutex_.try_lock());
  mutex_.unlock();
}

// It cannot know whether others wait as well.
TEST_F(mutex_test, whoever_has_waited_wakes_the_next_one) {
  mutex_.lock();
  scripted_futex::during_wait([this] { mutex_.unlock(); });
  mutex_.lock();
  mutex_.unlock();
  EXPECT_EQ(scripted_futex::wakes(), 2);
  // Whoever comes after that has nobody behind it.
  mutex_.lock();
  mutex_.unlock();
  EXPECT_EQ(scripted_futex::wakes(), 2);
}

TEST_F(mutex_test, waits_again_after_a_wait_that_ended_early) {
  mutex_.lock();
  scripted_futex::during_wait([this] {
    if (scripted_futex::waits() == 3) mutex_.unlock();
  });
  mutex_.lock();
  EXPECT_EQ(scripted_futex::waits(), 3);
  EXPECT_FALSE(mutex_.try_lock());
  mutex_.unlock();
}

// Another one takes it between the wake and the return.
TEST_F(mutex_test, waits_again_if_somebody_else_was_quicker) {
  mutex_.lock();
  scripted_futex::during_wait([this] {
    mutex_.unlock();
    if (scripted_futex::waits() == 1) {
      EXPECT_TRUE(mutex_.try_lock());
    }
  });
  mutex_.lock();
  EXPECT_EQ(scripted_futex::waits(), 2);
  mutex_.unlock();
}

// ---------------------------------------------------------------------------------------- threads

// Four threads count under the mutex, and what they count with is not atomic. `take(guard, i)`
// locks it for thread i. The thread that holds it sometimes gives way, so that the others come to
// wait.
template <class Take>
void expect_whole_count(int rounds, Take take) {
  constexpr int threads = 4;
  mutex guard;
  int counter = 0;
  std::vector<std::thread> all;
  for (int i = 0; i < threads; ++i) {
    all.emplace_back([&, i] {
      for (int round = 0; round < rounds; ++round) {
        take(guard, i);
        const int before = counter;
        if (round % 64 == 0) std::this_thread::yield();
        counter = before + 1;
        guard.unlock();
      }
    });
  }
  for (std::thread& thread : all)
    thread.join();
  EXPECT_EQ(counter, threads * rounds);
  EXPECT_TRUE(guard.try_lock());
  guard.unlock();
}

TEST(mutex_threads_test, protects_a_counter) {
  expect_whole_count(20'000, [](mutex& guard, int) { guard.lock(); });
}

TEST(mutex_threads_test, protects_a_counter_from_those_that_only_try) {
  expect_whole_count(5'000, [](mutex& guard, int i) {
    if (i % 2 == 0) return guard.lock();
    while (!guard.try_lock())
      std::this_thread::yield();
  });
}

// It is Lockable: the standard's algorithm takes two at once, in any order, without a deadlock.
TEST(mutex_threads_test, two_at_once) {
  constexpr int rounds = 10'000;
  mutex left;
  mutex right;
  int counter = 0;
  const auto count = [&counter](mutex& first, mutex& second) {
    for (int round = 0; round < rounds; ++round) {
      const std::scoped_lock both(first, second);
      ++counter;
    }
  };
  std::thread one([&] { count(left, right); });
  std::thread other([&] { count(right, left); });
  one.join();
  other.join();
  EXPECT_EQ(counter, 2 * rounds);
}

}  // namespace mutex_test
}  // namespace magpie::testing
