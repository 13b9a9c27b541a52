#include "magpie/runtime/cpu.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <thread>
#include <utility>
#include <vector>

#include "magpie/runtime/gather.h"
#include "magpie/runtime/run.h"
#include "magpie/tests/runtime/leftovers.h"

namespace magpie::testing {
namespace cpu_test {

class cpu_test : public runtime_test {
 protected:
  void SetUp() override {
    runtime_test::SetUp();
    expect_threads_of_onetbb();
  }
};

struct crowd {
  std::atomic<int> inside{0};
  std::atomic<int> most{0};
  std::atomic<int> passed{0};
};

// Gives way so many times while it is inside.
task<> stay(crowd& all, int turns) {
  co_await cpu([&all, &turns] {
    const int now = ++all.inside;
    int seen = all.most;
    while (seen < now && !all.most.compare_exchange_weak(seen, now)) {
    }
    for (int i = 0; i < turns; ++i)
      std::this_thread::yield();
    ++all.passed;
    --all.inside;
  });
}

task<> gather_crowd(crowd& all, int count, int turns) {
  std::vector<task<>> tasks;
  for (int i = 0; i < count; ++i)
    tasks.push_back(stay(all, turns));
  co_await gather(std::move(tasks));
}

// Ends when `together` are inside at once, which needs as many threads.
task<> meet(std::atomic<int>& inside, int together) {
  co_await cpu([&inside, &together] {
    ++inside;
    while (inside < together)
      std::this_thread::yield();
  });
}

task<> gather_meeting(int together) {
  std::atomic<int> inside{0};
  std::vector<task<>> tasks;
  for (int i = 0; i < together; ++i)
    tasks.push_back(meet(inside, together));
  co_await gather(std::move(tasks));
}

TEST_F(cpu_test, never_more_at_once_than_there_are_slots) {
  for (const int slots : {1, 2, 3}) {
    crowd all;
    run(gather_crowd(all, 100, 100),
        options().workers(2).cpu_threads(static_cast<std::size_t>(slots)));
    EXPECT_EQ(all.passed, 100);
    EXPECT_LE(all.most, slots);
  }
}

// More slots than processors: each gets a thread all the same.
TEST_F(cpu_test, every_slot_gets_a_thread) {
  run(gather_meeting(4), options().workers(1).cpu_threads(4));
}

// oneTBB knows one limit for the whole process.
TEST_F(cpu_test, a_runtime_with_few_slots_does_not_limit_another) {
  runtime few(options().workers(1).cpu_threads(1));
  few.run(gather_meeting(1));
  run(gather_meeting(6), options().workers(1).cpu_threads(6));
}

TEST_F(cpu_test, one_slot) {
  crowd all;
  runtime workers(options().workers(1).cpu_threads(1));
  for (int round = 0; round < 20; ++round)
    workers.run(gather_crowd(all, 20, 0));
  EXPECT_EQ(all.passed, 400);
}

TEST_F(cpu_test, several_runtimes) {
  crowd all;
  runtime one(options().workers(1).cpu_threads(1));
  runtime two(options().workers(2).cpu_threads(2));
  auto first = one.spawn(gather_crowd(all, 50, 0));
  auto second = two.spawn(gather_crowd(all, 50, 0));
  first.get();
  second.get();
  EXPECT_EQ(all.passed, 100);
}

TEST_F(cpu_test, runtimes_that_come_and_go) {
  for (int round = 0; round < 30; ++round) {
    crowd all;
    run(gather_crowd(all, 10, 0), options().workers(1).cpu_threads(2));
    EXPECT_EQ(all.passed, 10);
  }
}

}  // namespace cpu_test
}  // namespace magpie::testing
