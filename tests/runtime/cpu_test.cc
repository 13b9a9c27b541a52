#include "magpie/runtime/cpu.h"

#include <gtest/gtest.h>
#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/parallel_reduce.h>
#include <oneapi/tbb/task_arena.h>
#include <oneapi/tbb/task_group.h>
#include <sched.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include "magpie/runtime/gather.h"
#include "magpie/runtime/run.h"
#include "magpie/tests/runtime/jobs.h"
#include "magpie/tests/runtime/leftovers.h"

namespace magpie::testing {
namespace {

struct cpu_hop {
  static constexpr bool keeps_threads = true;
  template <class Function>
  static auto go(Function&& function) {
    return cpu(std::forward<Function>(function));
  }
  static options one_thread(std::size_t workers) {
    return options().workers(workers).cpu_threads(1);
  }
};

INSTANTIATE_TYPED_TEST_SUITE_P(cpu, jobs_test, cpu_hop);

class cpu_test : public runtime_test {
 protected:
  void SetUp() override {
    runtime_test::SetUp();
    expect_threads_of_onetbb();
  }
};

TEST_F(cpu_test, at_most_as_many_at_once_as_slots) {
  for (const std::size_t slots : {1U, 2U, 3U}) {
    std::atomic<std::size_t> now = 0;
    std::atomic<std::size_t> most = 0;
    auto hops = [&]() -> task<> {
      co_await cpu([&] {
        const std::size_t running = ++now;
        std::size_t seen = most;
        while (seen < running && !most.compare_exchange_weak(seen, running)) {
        }
        std::this_thread::sleep_for(std::chrono::microseconds(200));
        --now;
      });
    };
    auto body = [&]() -> task<> {
      std::vector<task<>> all;
      for (int i = 0; i < 100; ++i)
        all.push_back(hops());
      co_await gather(std::move(all));
    };
    run(body(), options().workers(4).cpu_threads(slots));
    EXPECT_GE(most, 1U);
    EXPECT_LE(most, slots);
  }
}

// As many functions as slots wait for each other: each slot has a thread, even where the slots are
// more than the processors.
TEST_F(cpu_test, each_slot_has_a_thread) {
  constexpr int slots = 4;
  std::atomic<int> arrived = 0;
  auto meets = [&]() -> task<> {
    co_await cpu([&] {
      ++arrived;
      while (arrived < slots)
        std::this_thread::yield();
    });
  };
  auto body = [&]() -> task<> {
    std::vector<task<>> all;
    for (int i = 0; i < slots; ++i)
      all.push_back(meets());
    co_await gather(std::move(all));
  };
  run(body(), options().workers(2).cpu_threads(slots));
  EXPECT_EQ(arrived, slots);
}

// ------------------------------------------------------------------- oneTBB inside the function

long sum_in_parallel(int count) {
  return tbb::parallel_reduce(
      tbb::blocked_range<int>(0, count), 0L,
      [](const tbb::blocked_range<int>& range, long sum) {
        for (int i = range.begin(); i != range.end(); ++i)
          sum += i;
        return sum;
      },
      std::plus<>());
}

void run_parallel_algorithms(std::size_t workers, std::size_t slots) {
  auto hops = []() -> task<> {
    std::vector<std::atomic<int>> touched(10'000);
    co_await cpu([&touched] {
      tbb::parallel_for(std::size_t{0}, touched.size(),
                        [&touched](std::size_t i) { ++touched[i]; });
    });
    const bool all_once = std::all_of(touched.begin(), touched.end(),
                                      [](const std::atomic<int>& each) { return each == 1; });
    EXPECT_TRUE(all_once);
    const long sum = co_await cpu([] { return sum_in_parallel(100'000); });
    EXPECT_EQ(sum, 4'999'950'000L);
    const int both = co_await cpu([] {
      std::atomic<int> done = 0;
      tbb::task_group group;
      group.run([&done] { done += 1; });
      group.run([&done] { done += 2; });
      group.wait();
      return done.load();
    });
    EXPECT_EQ(both, 3);
  };
  auto body = [&]() -> task<> { co_await gather(hops(), hops(), hops(), hops()); };
  run(body(), options().workers(workers).cpu_threads(slots));
}

TEST_F(cpu_test, parallel_algorithms_inside) {
  for (const std::size_t workers : {1U, 4U}) {
    for (const std::size_t slots : {1U, 2U, 4U})
      run_parallel_algorithms(workers, slots);
  }
}

TEST_F(cpu_test, an_exception_out_of_a_parallel_algorithm) {
  auto body = []() -> task<> {
    co_await cpu([] {
      tbb::parallel_for(0, 1000, [](int i) {
        if (i == 500) throw std::runtime_error("500");
      });
    });
  };
  EXPECT_THROW(run(body(), options().workers(1).cpu_threads(2)), std::runtime_error);
}

// The function sees as many slots as the arena has.
TEST_F(cpu_test, runs_in_an_arena_of_its_own) {
  auto body = []() -> task<int> {
    co_return co_await cpu([] { return tbb::this_task_arena::max_concurrency(); });
  };
  EXPECT_EQ(run(body(), options().workers(1).cpu_threads(3)), 3);
  EXPECT_EQ(run(body(), options().workers(1).cpu_threads(1)), 1);
}

// --------------------------------------------------------------------------------- one processor

void restrict_to_one_processor() {
  cpu_set_t all;
  cpu_set_t one;
  ASSERT_EQ(::sched_getaffinity(0, sizeof all, &all), 0);
  CPU_ZERO(&one);
  for (std::size_t i = 0; i < CPU_SETSIZE; ++i) {
    if (CPU_ISSET(i, &all) && CPU_COUNT(&one) == 0) CPU_SET(i, &one);
  }
  ASSERT_EQ(::sched_setaffinity(0, sizeof one, &one), 0);
}

// In a process of its own, since oneTBB looks at the mask once, before its first use. There it has
// no threads of its own unless something is enqueued.
void with_one_processor(const std::function<void()>& body) {
  EXPECT_EXIT(
      {
        restrict_to_one_processor();
        body();
        ::_exit(::testing::Test::HasFailure() ? 1 : 0);
      },
      ::testing::ExitedWithCode(0), "");
}

class cpu_death_test : public cpu_test {
 protected:
  void SetUp() override {
    cpu_test::SetUp();
    // Starts the program anew: oneTBB has not been used there.
    GTEST_FLAG_SET(death_test_style, "threadsafe");
  }
};

TEST_F(cpu_death_test, with_one_processor) {
  with_one_processor([] {
    EXPECT_EQ(options().cpu_threads(), 1U);
    auto body = []() -> task<int> { co_return co_await cpu([] { return 4; }); };
    EXPECT_EQ(run(body()), 4);
  });
}

TEST_F(cpu_death_test, with_one_processor_and_parallel_algorithms) {
  with_one_processor([] {
    for (const std::size_t slots : {1U, 2U, 4U})
      run_parallel_algorithms(1, slots);
  });
}

}  // namespace
}  // namespace magpie::testing
