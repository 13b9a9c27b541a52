#include "magpie/runtime/cpu.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <thread>
#include <vector>

#include "magpie/runtime/gather.h"
#include "magpie/runtime/run.h"
#include "magpie/tests/runtime/leftovers.h"

namespace magpie::testing {
namespace {

using namespace std::chrono_literals;

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

task<> stay(crowd& all, std::chrono::microseconds length) {
  co_await cpu([&all, &length] {
    const int now = ++all.inside;
    int seen = all.most;
    while (seen < now && !all.most.compare_exchange_weak(seen, now)) {
    }
    std::this_thread::sleep_for(length);
    ++all.passed;
    --all.inside;
  });
}

task<> gather_crowd(crowd& all, int count, std::chrono::microseconds length) {
  std::vector<task<>> tasks;
  for (int i = 0; i < count; ++i)
    tasks.push_back(stay(all, length));
  co_await gather(std::move(tasks));
}

TEST_F(cpu_test, never_more_at_once_than_there_are_slots) {
  for (const int slots : {1, 2, 3}) {
    crowd all;
    run(gather_crowd(all, 100, 200us),
        options().workers(2).cpu_threads(static_cast<std::size_t>(slots)));
    EXPECT_EQ(all.passed, 100);
    EXPECT_LE(all.most, slots);
  }
}

// More slots than processors: each gets a thread all the same.
TEST_F(cpu_test, every_slot_gets_a_thread) {
  constexpr int slots = 4;
  std::atomic<int> inside{0};
  auto meet = [&inside]() -> task<> {
    co_await cpu([&inside] {
      ++inside;
      while (inside < slots)
        std::this_thread::yield();
    });
  };
  auto body = [&]() -> task<> { co_await gather(meet(), meet(), meet(), meet()); };
  run(body(), options().workers(1).cpu_threads(slots));
  EXPECT_EQ(inside, slots);
}

TEST_F(cpu_test, one_slot) {
  crowd all;
  runtime workers(options().workers(1).cpu_threads(1));
  for (int round = 0; round < 20; ++round)
    workers.run(gather_crowd(all, 20, 0us));
  EXPECT_EQ(all.passed, 400);
}

TEST_F(cpu_test, several_runtimes) {
  crowd all;
  runtime one(options().workers(1).cpu_threads(1));
  runtime two(options().workers(2).cpu_threads(2));
  auto first = one.spawn(gather_crowd(all, 50, 0us));
  auto second = two.spawn(gather_crowd(all, 50, 0us));
  first.get();
  second.get();
  EXPECT_EQ(all.passed, 100);
}

TEST_F(cpu_test, runtimes_that_come_and_go) {
  for (int round = 0; round < 30; ++round) {
    crowd all;
    run(gather_crowd(all, 10, 0us), options().workers(1).cpu_threads(2));
    EXPECT_EQ(all.passed, 10);
  }
}

}  // namespace
}  // namespace magpie::testing
