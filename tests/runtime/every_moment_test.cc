// One program that waits in every way there is, disturbed at every moment: cancelled after each
// turn, shut down after each turn, refused each piece of memory that it asks for.
#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "magpie/runtime/blocking.h"
#include "magpie/runtime/cpu.h"
#include "magpie/runtime/error.h"
#include "magpie/runtime/gather.h"
#include "magpie/runtime/sleep.h"
#include "magpie/runtime/spawn.h"
#include "magpie/runtime/testing/simulation.h"
#include "magpie/tests/runtime/allocations.h"
#include "magpie/tests/runtime/leftovers.h"
#include "magpie/tests/runtime/naps.h"

namespace magpie::testing {
namespace every_moment_test {

using namespace std::chrono_literals;

task<std::unique_ptr<int>> compute(int value) {
  const counted frame;
  auto function = [owned = std::make_unique<int>(value), instance = counted()]() mutable {
    return std::move(owned);
  };
  auto job = cpu(std::move(function));
  std::unique_ptr<int> result = co_await std::move(job);
  co_return result;
}

task<counted> read(int) {
  const counted frame;
  auto function = [instance = counted()] { return instance; };
  auto job = blocking(std::move(function));
  counted result = co_await std::move(job);
  co_return result;
}

task<> fails(clock::duration length) {
  const counted frame;
  co_await sleep_for(length);
  throw std::runtime_error("inner");
}

// Has something to do when it is told to stop.
task<> cleans_up() {
  const counted frame;
  try {
    co_await sleep_for(1h);
  } catch (const cancelled&) {
  }
  const counted rest;
  try {
    co_await yield();
  } catch (const cancelled&) {
  }
}

task<int> branch(int depth) {
  const counted frame;
  if (depth == 0) {
    co_await yield();
    co_return 1;
  }
  auto [a, b] = co_await gather(branch(depth - 1), branch(depth - 1));
  co_return a + b;
}

task<int> program() {
  const counted frame;
  int sum = 0;
  const int napped = co_await nap(1ms, 1);
  sum += napped;

  auto beside = spawn(nap(3ms, 2), "beside");
  auto [one, pointer, copy] = co_await gather(nap(2ms, 3), compute(4), read(5));
  sum += one + *pointer;
  const int joined = co_await beside;
  sum += joined;

  const int leaves = co_await branch(3);
  sum += leaves;

  bool failed = false;
  try {
    co_await gather(fails(1ms), cleans_up());
  } catch (const std::runtime_error&) {
    failed = true;
  }
  sum += failed ? 100 : 0;

  auto left_behind = spawn(cleans_up(), "left behind");
  left_behind.detach();
  std::vector<task<int>> naps;
  for (int i = 0; i < 5; ++i)
    naps.push_back(nap(std::chrono::milliseconds(5 - i), 1));
  const std::vector<int> values = co_await gather(std::move(naps));
  sum += static_cast<int>(values.size());
  co_return sum;
}

constexpr int expected = 1 + 3 + 4 + 2 + 8 + 100 + 5;

class every_moment_test : public over_workers {
 protected:
  static constexpr std::uint64_t seeds = 5;

  simulation_options settings(std::uint64_t seed) {
    return simulation_options().workers(GetParam()).seed(seed).on_report([](const report&) {});
  }
};
MAGPIE_OVER_WORKERS(every_moment_test);

// Takes so many turns; when nothing can run, time passes. False: the task had ended before.
bool take_turns(simulation& world, const join_handle<int>& handle, std::size_t turns) {
  for (std::size_t i = 0; i < turns; ++i) {
    if (handle.done()) return false;
    const std::uint64_t before = world.turns();
    world.run_until([&] { return handle.done() || world.turns() > before; });
  }
  return !handle.done();
}

TEST_P(every_moment_test, undisturbed) {
  for (std::uint64_t seed = 1; seed <= 20 * seeds; ++seed)
    EXPECT_EQ(simulate(program(), settings(seed)), expected);
}

TEST_P(every_moment_test, cancelled) {
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    bool disturbed = true;
    for (std::size_t turns = 0; disturbed; ++turns) {
      {
        simulation world(settings(seed));
        auto handle = world.spawn(program());
        disturbed = take_turns(world, handle, turns);
        handle.cancel();
        world.run_until([&handle] { return handle.done(); });
        try {
          EXPECT_EQ(handle.get(), expected);
        } catch (const cancelled&) {
        }
      }
      ASSERT_EQ(counted::live(), 0) << "seed " << seed << ", turn " << turns;
    }
  }
}

TEST_P(every_moment_test, shut_down) {
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    bool disturbed = true;
    for (std::size_t turns = 0; disturbed; ++turns) {
      join_handle<int> handle;
      {
        simulation world(settings(seed));
        handle = world.spawn(program());
        disturbed = take_turns(world, handle, turns);
      }
      ASSERT_TRUE(handle.done());
      try {
        EXPECT_EQ(handle.get(), expected);
      } catch (const cancelled&) {
      } catch (const stopped&) {
      }
      ASSERT_EQ(counted::live(), 0) << "seed " << seed << ", turn " << turns;
    }
  }
}

// Cancelled at one moment and again at a later one: whoever catches the first is told again.
TEST_P(every_moment_test, cancelled_while_it_waits_for_a_cancelled_child) {
  auto parent = []() -> task<int> {
    const counted frame;
    auto child = spawn(program());
    try {
      const int got = co_await child;
      co_return got;
    } catch (const cancelled&) {
    }
    child.cancel();
    co_return 0;
  };
  for (std::size_t turns = 0; turns < 60; ++turns) {
    {
      simulation world(settings(turns));
      auto handle = world.spawn(parent());
      take_turns(world, handle, turns);
      handle.cancel();
      world.run_until([&handle] { return handle.done(); });
      const int got = handle.get();
      EXPECT_TRUE(got == 0 || got == expected) << got;
    }
    ASSERT_EQ(counted::live(), 0) << turns;
  }
}

// The n-th allocation fails, for every n: alone, or with all that follow. The program gives its
// result or throws std::bad_alloc, and leaves nothing behind.
class refused_memory_test : public every_moment_test {
 protected:
  // Whether something was refused.
  bool run_with(std::size_t blocks, std::size_t refusals) {
    const std::ptrdiff_t before = allocations::live();
    bool reached = false;
    {
      const simulation_options with = settings(1);
      const allocations::limit limit(blocks, refusals);
      try {
        const int got = simulate(program(), with);
        wrong_ = got != expected;
      } catch (const std::bad_alloc&) {
      } catch (const cancelled&) {
      }
      reached = limit.was_reached();
    }
    EXPECT_FALSE(wrong_) << "allocation " << blocks;
    EXPECT_EQ(counted::live(), 0) << "allocation " << blocks;
    EXPECT_EQ(allocations::live(), before) << "allocation " << blocks;
    return reached && !HasFailure();
  }

 private:
  bool wrong_ = false;
};
INSTANTIATE_TEST_SUITE_P(over, refused_memory_test, ::testing::Values(1U, 2U, 8U), workers_name);

TEST_P(refused_memory_test, once) {
  MAGPIE_NEEDS_COUNTED_ALLOCATIONS();
  std::size_t blocks = 0;
  while (run_with(blocks, 1))
    ++blocks;
  EXPECT_GT(blocks, 20U);
}

TEST_P(refused_memory_test, from_then_on) {
  MAGPIE_NEEDS_COUNTED_ALLOCATIONS();
  std::size_t blocks = 0;
  while (run_with(blocks, SIZE_MAX))
    ++blocks;
  EXPECT_GT(blocks, 20U);
}

}  // namespace every_moment_test
}  // namespace magpie::testing
