#include "magpie/runtime/internal/context.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <ctime>
#include <thread>
#include <utility>
#include <vector>

#include "magpie/runtime/error.h"
#include "magpie/runtime/gather.h"
#include "magpie/runtime/run.h"
#include "magpie/runtime/sleep.h"
#include "magpie/runtime/spawn.h"
#include "magpie/tests/runtime/leftovers.h"
#include "magpie/tests/runtime/schedules.h"

namespace magpie::testing {
namespace context_test {

using namespace std::chrono_literals;

class context_test : public over_workers {};
MAGPIE_OVER_WORKERS(context_test);

struct tally {
  std::atomic<int> started{0};
  std::atomic<int> cancelled{0};
  std::atomic<int> ended{0};
};

task<> leaf(tally& counts, clock::duration length) {
  const counted frame;
  ++counts.started;
  try {
    co_await sleep_for(length);
    ++counts.ended;
  } catch (const cancelled&) {
    ++counts.cancelled;
    throw;
  }
}

task<> tree(tally& counts, int depth, int breadth, clock::duration length) {
  const counted frame;
  if (depth == 0) {
    co_await leaf(counts, length);
    co_return;
  }
  std::vector<task<>> children;
  children.reserve(static_cast<std::size_t>(breadth));
  for (int i = 0; i < breadth; ++i)
    children.push_back(tree(counts, depth - 1, breadth, length));
  co_await gather(std::move(children));
}

task<bool> ended_cancelled(join_handle<> handle) {
  try {
    co_await handle;
  } catch (const cancelled&) {
    co_return true;
  }
  co_return false;
}

task<> cancel_a_tree() {
  tally counts;
  auto handle = spawn(tree(counts, 4, 3, 1h));
  co_await sleep_for(1s);
  EXPECT_EQ(counts.started, 81);
  handle.cancel();
  const bool as_cancelled = co_await ended_cancelled(std::move(handle));
  EXPECT_TRUE(as_cancelled);
  EXPECT_EQ(counts.cancelled, 81);
  EXPECT_EQ(counts.ended, 0);
  EXPECT_EQ(clock::now().time_since_epoch(), 1s);
}

TEST_P(context_test, cancellation_reaches_every_leaf) {
  in_simulated_orders(GetParam(), [] { return cancel_a_tree(); });
}

// What is cancelled before it suspends for the first time.
task<> cancel_before_anything_suspends() {
  tally counts;
  auto handle = spawn(tree(counts, 3, 3, 1h));
  handle.cancel();
  const bool as_cancelled = co_await ended_cancelled(std::move(handle));
  EXPECT_TRUE(as_cancelled);
  EXPECT_EQ(counts.ended, 0);
  EXPECT_EQ(counts.cancelled, counts.started);
}

TEST_P(context_test, cancelled_before_it_started) {
  in_many_orders(GetParam(), [] { return cancel_before_anything_suspends(); });
}

// A failure cancels the subtree of its gather, and nothing else.
task<> fail_beside(tally& inside, tally& outside) {
  auto fails = []() -> task<> {
    co_await sleep_for(1s);
    throw std::runtime_error("no");
  };
  auto subtree = [&]() -> task<> {
    bool failed = false;
    try {
      co_await gather(tree(inside, 2, 3, 1h), fails());
    } catch (const std::runtime_error&) {
      failed = true;
    }
    EXPECT_TRUE(failed);
    // The caller itself is not cancelled.
    co_await sleep_for(1s);
  };
  co_await gather(subtree(), tree(outside, 2, 3, 5s));
}

TEST_P(context_test, a_failure_cancels_its_siblings_only) {
  in_simulated_orders(GetParam(), [] {
    auto body = []() -> task<> {
      tally inside;
      tally outside;
      co_await fail_beside(inside, outside);
      EXPECT_EQ(inside.cancelled, 9);
      EXPECT_EQ(outside.cancelled, 0);
      EXPECT_EQ(outside.ended, 9);
      EXPECT_EQ(clock::now().time_since_epoch(), 5s);
    };
    return body();
  });
}

// What starts under a cancelled context is told at its first suspension.
task<> start_more_after_cancellation() {
  tally counts;
  auto body = [&counts]() -> task<> {
    try {
      co_await sleep_for(1h);
    } catch (const cancelled&) {
    }
    co_await gather(leaf(counts, 1h), tree(counts, 2, 2, 1h));
  };
  auto handle = spawn(body());
  co_await sleep_for(1s);
  handle.cancel();
  const bool as_cancelled = co_await ended_cancelled(std::move(handle));
  EXPECT_TRUE(as_cancelled);
  EXPECT_EQ(counts.started, 5);
  EXPECT_EQ(counts.cancelled, 5);
  EXPECT_EQ(clock::now().time_since_epoch(), 1s);
}

TEST_P(context_test, later_children_are_cancelled_too) {
  in_simulated_orders(GetParam(), [] { return start_more_after_cancellation(); });
}

// A spawned task is no child of the one that spawned it.
TEST_P(context_test, spawned_tasks_are_not_cancelled_with_their_maker) {
  in_simulated_orders(GetParam(), [] {
    auto body = []() -> task<> {
      tally counts;
      join_handle<> inner;
      auto maker = [&]() -> task<> {
        inner = spawn(leaf(counts, 3s));
        co_await sleep_for(1h);
      };
      auto outer = spawn(maker());
      co_await sleep_for(1s);
      outer.cancel();
      const bool as_cancelled = co_await ended_cancelled(std::move(outer));
      EXPECT_TRUE(as_cancelled);
      co_await inner;
      EXPECT_EQ(counts.ended, 1);
    };
    return body();
  });
}

// -------------------------------------------------------------------------------------- depth

double processor_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

task<> chain(tally& counts, int depth) {
  const counted frame;
  if (depth == 0) {
    co_await leaf(counts, 1h);
    co_return;
  }
  co_await gather(chain(counts, depth - 1));
}

class deep_context_test : public runtime_test {};

// A hundred thousand gathers inside each other, of which the innermost is the first to suspend. In
// linear time: quadratic would be minutes.
TEST_F(deep_context_test, cancelled) {
  auto body = []() -> task<> {
    tally counts;
    auto handle = spawn(chain(counts, 100'000));
    co_await sleep_for(1s);
    EXPECT_EQ(counts.started, 1);
    handle.cancel();
    const bool as_cancelled = co_await ended_cancelled(std::move(handle));
    EXPECT_TRUE(as_cancelled);
    EXPECT_EQ(counts.cancelled, 1);
  };
  const double before = processor_seconds();
  simulate(body());
  EXPECT_LT(processor_seconds() - before, 10.0);
}

TEST_F(deep_context_test, ended) {
  auto body = []() -> task<> {
    tally counts;
    co_await chain(counts, 100'000);
    EXPECT_EQ(counts.ended, 1);
  };
  const double before = processor_seconds();
  simulate(body());
  EXPECT_LT(processor_seconds() - before, 10.0);
}

// -------------------------------------------------------------------------------- real threads

// Trees that enter and leave while several threads cancel them.
TEST_P(context_test, cancelled_by_several_threads_while_it_grows) {
  runtime workers(options().workers(GetParam()));
  for (int round = 0; round < 50; ++round) {
    tally counts;
    auto handle = workers.spawn(tree(counts, 4, 3, 1us * round));
    std::thread other([&handle] { handle.cancel(); });
    handle.cancel();
    other.join();
    try {
      handle.get();
    } catch (const cancelled&) {
    }
    EXPECT_EQ(counts.started, counts.cancelled + counts.ended);
    EXPECT_EQ(counted::live(), 0);
  }
}

}  // namespace context_test
}  // namespace magpie::testing
