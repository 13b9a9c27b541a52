#include "magpie/runtime/task.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <cstring>

#include "magpie/runtime/clock.h"
#include "magpie/runtime/error.h"
#include "magpie/runtime/gather.h"
#include "magpie/runtime/internal/platform.h"
#include "magpie/runtime/run.h"
#include "magpie/runtime/sleep.h"
#include "magpie/runtime/spawn.h"
#include "magpie/runtime/testing/simulation.h"
#include "magpie/tests/runtime/ends_cancelled.h"
#include "magpie/tests/runtime/leftovers.h"

namespace magpie::testing {
namespace task_depth_test {

using namespace std::chrono_literals;

class task_depth_test : public runtime_test {};

task<long> one() {
  co_return 1;
}

task<long> sum_of_ones(long count) {
  long sum = 0;
  for (long i = 0; i < count; ++i)
    sum += co_await one();
  co_return sum;
}

TEST_F(task_depth_test, a_million_awaits_that_complete_at_once) {
  EXPECT_EQ(run(sum_of_ones(1'000'000), options().workers(1)), 1'000'000);
}

TEST_F(task_depth_test, a_hundred_thousand_awaits_in_a_simulation) {
  EXPECT_EQ(simulate(sum_of_ones(100'000)), 100'000);
}

task<long> deep(long levels) {
  const counted frame;
  if (levels == 0) co_return 0;
  const long below = co_await deep(levels - 1);
  co_return below + 1;
}

#if defined(MAGPIE_ASAN) || defined(MAGPIE_TSAN)
constexpr long depth = 200'000;
#else
constexpr long depth = 1'000'000;
#endif

TEST_F(task_depth_test, recursion_a_million_deep) {
  EXPECT_EQ(run(deep(depth), options().workers(1)), depth);
  EXPECT_EQ(counted::live(), 0);
}

// Each level on top of the one before, until the stack that a turn may use is full.
task<long> deep_fork(long levels) {
  const counted frame;
  if (levels == 0) co_return 1;
  auto [below, beside] = co_await gather(deep_fork(levels - 1), one());
  co_return below + beside;
}

TEST_F(task_depth_test, forks_a_hundred_thousand_deep) {
  for (const std::size_t workers : {1U, 2U, 8U}) {
    EXPECT_EQ(run(deep_fork(100'000), options().workers(workers)), 100'001);
    EXPECT_EQ(counted::live(), 0);
  }
}

// What a coroutine has on the stack of its worker, and not in its frame.
[[gnu::noinline]] long use(char* buffer, std::size_t size) {
  std::memset(buffer, 1, size);
  return buffer[size - 1];
}

task<long> deep_fork_with_buffers(int levels) {
  const counted frame;
  long own = 0;
  {
    char buffer[200'000];
    own = use(buffer, sizeof buffer);
  }
  if (levels == 0) co_return own;
  auto [below, beside] = co_await gather(deep_fork_with_buffers(levels - 1), one());
  co_return own + below + beside;
}

// A hundred of them on top of each other would be 20 MB, and a thread has 8.
TEST_F(task_depth_test, large_frames_on_the_stack_are_not_piled_up) {
  EXPECT_EQ(run(deep_fork_with_buffers(100), options().workers(1)), 201);
  EXPECT_EQ(counted::live(), 0);
}

task<> deep_then(long levels, bool& arrived, clock::duration length) {
  const counted frame;
  if (levels > 0) {
    co_await deep_then(levels - 1, arrived, length);
    co_return;
  }
  arrived = true;
  co_await sleep_for(length);
}

TEST_F(task_depth_test, recursion_a_million_deep_that_suspends_at_the_bottom) {
  bool arrived = false;
  simulate(deep_then(depth, arrived, 1h));
  EXPECT_TRUE(arrived);
  EXPECT_EQ(counted::live(), 0);
}

// Whether it has been cancelled is asked at each level, and must not cost more with each.
TEST_F(task_depth_test, gathers_within_gathers_that_yield) {
  struct nested {
    static task<long> level(long left) {
      co_await yield();
      if (left == 0) co_return 0;
      const auto [below, other] = co_await gather(level(left - 1), one());
      co_return below + other;
    }
  };
  constexpr long levels = 50'000;
  EXPECT_EQ(run(nested::level(levels), options().workers(1)), levels);
}

// The exception is thrown and caught at each level.
TEST_F(task_depth_test, a_deep_recursion_is_cancelled) {
  constexpr int levels = 20'000;
  bool arrived = false;
  auto body = [&]() -> task<> {
    auto handle = spawn(deep_then(levels, arrived, 1h));
    co_await sleep_for(1s);
    EXPECT_EQ(counted::live(), levels + 1);
    handle.cancel();
    const bool was_cancelled = co_await ends_cancelled(handle);
    EXPECT_TRUE(was_cancelled);
    EXPECT_EQ(counted::live(), 0);
  };
  simulate(body());
  EXPECT_TRUE(arrived);
}

}  // namespace task_depth_test
}  // namespace magpie::testing
