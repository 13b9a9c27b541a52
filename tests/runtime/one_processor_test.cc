// Everything once on a single processor. oneTBB asks for their number only once in a process, so
// this is a program of its own.
#include <gtest/gtest.h>
#include <oneapi/tbb/parallel_for.h>
#include <sched.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <vector>

#include "magpie/runtime/blocking.h"
#include "magpie/runtime/cpu.h"
#include "magpie/runtime/gather.h"
#include "magpie/runtime/run.h"
#include "magpie/runtime/sleep.h"

namespace magpie::testing {
namespace {

using namespace std::chrono_literals;

class one_processor_test : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    cpu_set_t all;
    ASSERT_EQ(::sched_getaffinity(0, sizeof all, &all), 0);
    cpu_set_t one;
    CPU_ZERO(&one);
    for (std::size_t i = 0; i < CPU_SETSIZE; ++i) {
      if (CPU_ISSET(i, &all) && CPU_COUNT(&one) == 0) CPU_SET(i, &one);
    }
    ASSERT_EQ(::sched_setaffinity(0, sizeof one, &one), 0);
  }
};

TEST_F(one_processor_test, the_defaults_follow) {
  EXPECT_EQ(options().workers(), 1U);
  EXPECT_EQ(options().cpu_threads(), 1U);
}

task<int> job(int value) {
  const int got = co_await cpu([&value] { return value; });
  co_return got;
}

task<int> jobs(int count) {
  std::vector<task<int>> tasks;
  for (int i = 0; i < count; ++i)
    tasks.push_back(job(1));
  const std::vector<int> results = co_await gather(std::move(tasks));
  int sum = 0;
  for (const int result : results)
    sum += result;
  co_return sum;
}

TEST_F(one_processor_test, cpu) {
  EXPECT_EQ(run(jobs(100)), 100);
  EXPECT_EQ(run(jobs(100), options().workers(4).cpu_threads(1)), 100);
  EXPECT_EQ(run(jobs(100), options().workers(1).cpu_threads(3)), 100);
}

TEST_F(one_processor_test, cpu_with_an_algorithm_inside) {
  auto body = []() -> task<int> {
    std::atomic<int> sum{0};
    co_await cpu([&sum] { tbb::parallel_for(0, 1000, [&sum](int) { ++sum; }); });
    co_return sum.load();
  };
  EXPECT_EQ(run(body()), 1000);
}

TEST_F(one_processor_test, blocking) {
  auto body = []() -> task<int> {
    const int got = co_await magpie::blocking([] { return 5; });
    co_return got;
  };
  EXPECT_EQ(run(body()), 5);
}

task<long> fibonacci(int n) {
  if (n < 2) co_return n;
  auto [a, b] = co_await gather(fibonacci(n - 1), fibonacci(n - 2));
  co_return a + b;
}

TEST_F(one_processor_test, workers_that_share_it) {
  EXPECT_EQ(run(fibonacci(20), options().workers(4)), 6765);
  auto naps = []() -> task<> {
    for (int i = 0; i < 10; ++i)
      co_await sleep_for(100us);
  };
  run(naps(), options().workers(4));
}

}  // namespace
}  // namespace magpie::testing
