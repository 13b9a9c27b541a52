// Random programs on real threads: whatever they do, every task ends, with its right result.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <random>
#include <stdexcept>
#include <utility>
#include <vector>

#include "magpie/runtime/blocking.h"
#include "magpie/runtime/cpu.h"
#include "magpie/runtime/gather.h"
#include "magpie/runtime/run.h"
#include "magpie/runtime/sleep.h"
#include "magpie/runtime/spawn.h"
#include "magpie/tests/runtime/leftovers.h"

namespace magpie {
namespace {

using namespace std::chrono_literals;
using testing::counted;

// The decisions of a program depend on its seed alone, whatever thread they are made on.
class dice {
 public:
  explicit dice(std::uint64_t seed) : generator_(seed) {}
  bool one_in(std::uint64_t n) { return generator_() % n == 0; }
  std::uint64_t below(std::uint64_t n) { return generator_() % n; }
  std::uint64_t seed() { return generator_(); }

 private:
  std::minstd_rand generator_;
};

struct failure : std::runtime_error {
  failure() : std::runtime_error("thrown by a leaf") {}
};

task<int> program(std::uint64_t seed, int depth);

// Spawns, perhaps cancels, and joins. What was cancelled may have ended before all the same.
task<int> detour(std::uint64_t seed, int depth) {
  dice roll(seed);
  auto handle = spawn(program(roll.seed(), depth / 2));
  if (roll.one_in(2)) handle.cancel();
  try {
    const int ignored = co_await handle;
    (void)ignored;
  } catch (const cancelled&) {
  } catch (const failure&) {
  }
  co_return 0;
}

// Waits in one of the ways there are.
task<> wait_somehow(std::uint64_t seed, int depth) {
  dice roll(seed);
  switch (roll.below(40)) {
    case 0:
      co_await sleep_for(std::chrono::microseconds(roll.below(300)));
      break;
    case 1:
      co_await yield();
      break;
    case 2: {
      auto function = [kept = counted()] {};
      auto job = cpu(std::move(function));
      co_await std::move(job);
      break;
    }
    case 3: {
      auto function = [kept = counted()] {};
      auto job = blocking(std::move(function));
      co_await std::move(job);
      break;
    }
    case 4: {
      auto aside = detour(roll.seed(), depth);
      const int nothing = co_await std::move(aside);
      EXPECT_EQ(nothing, 0);
      break;
    }
    default:
      break;
  }
}

// Gives the number of its leaves, those that failed included.
task<int> program(std::uint64_t seed, int depth) {
  const counted frame;
  dice roll(seed);
  co_await wait_somehow(roll.seed(), depth);
  if (depth == 0) {
    if (roll.one_in(1000)) throw failure();
    co_return 1;
  }
  std::vector<task<int>> children;
  const std::uint64_t count = roll.one_in(4) ? 1 + roll.below(5) : 2;
  for (std::uint64_t i = 0; i < count; ++i)
    children.push_back(program(roll.seed(), depth - 1));
  int sum = 0;
  try {
    auto all = gather(std::move(children));
    const std::vector<int> leaves = co_await std::move(all);
    for (const int n : leaves)
      sum += n;
  } catch (const failure&) {
    sum = 1;
  }
  co_return sum;
}

using storm = testing::over_workers;

TEST_P(storm, random_programs_end) {
  expect_threads_of_onetbb();
  runtime world(options().workers(GetParam()).on_report([](const report&) {}));
  for (std::uint64_t seed = 1; seed <= 150; ++seed) {
    try {
      EXPECT_GE(world.run(program(seed, 9)), 1);
    } catch (const failure&) {
    }
  }
  // Nothing but what was cancelled and detached may still run, and it ends now.
  world.shutdown();
  EXPECT_EQ(world.live_tasks(), 0U);
}

// A shutdown that comes at any moment ends everything.
TEST_P(storm, a_shutdown_ends_random_programs) {
  expect_threads_of_onetbb();
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    runtime world(options().workers(GetParam()).on_report([](const report&) {}));
    for (std::uint64_t i = 0; i < 20; ++i)
      world.spawn(program(seed * 100 + i, 6)).detach();
    world.shutdown();
    EXPECT_EQ(world.live_tasks(), 0U);
    EXPECT_THROW((void)world.spawn(program(1, 1)), stopped);
  }
}

// Many threads spawn at once, while the workers go to sleep and wake between.
TEST_P(storm, spawns_from_many_threads_all_run) {
  runtime world(options().workers(GetParam()));
  std::atomic<int> ran{0};
  constexpr int threads = 4;
  constexpr int each = 5000;
  std::vector<std::thread> outside;
  for (int t = 0; t < threads; ++t) {
    outside.emplace_back([&] {
      for (int i = 0; i < each; ++i) {
        auto one = [](std::atomic<int>& count) -> task<> {
          ++count;
          co_return;
        };
        auto handle = world.spawn(one(ran));
        if (i % 64 == 0) {
          handle.get();
        } else {
          handle.detach();
        }
      }
    });
  }
  for (std::thread& one : outside)
    one.join();
  auto last = []() -> task<> { co_await yield(); };
  world.run(last());
  while (world.live_tasks() != 0)
    std::this_thread::yield();
  EXPECT_EQ(ran.load(), threads * each);
}

// Two runtimes that join each other's tasks.
TEST_P(storm, tasks_are_joined_across_runtimes) {
  runtime one(options().workers(GetParam()));
  runtime other(options().workers(2));
  auto work = [](int n) -> task<int> {
    co_await yield();
    co_return n;
  };
  auto visit = [&work](runtime& there, int n) -> task<int> {
    int sum = 0;
    for (int i = 0; i < n; ++i) {
      auto handle = there.spawn(work(i));
      const int got = co_await handle;
      sum += got;
    }
    co_return sum;
  };
  auto here = one.spawn(visit(other, 2000));
  auto there = other.spawn(visit(one, 2000));
  EXPECT_EQ(here.get(), 1999 * 1000);
  EXPECT_EQ(there.get(), 1999 * 1000);
}

MAGPIE_OVER_WORKERS(storm);

}  // namespace
}  // namespace magpie
