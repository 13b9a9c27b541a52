// Groups that are cancelled: from outside, by their members, at any moment.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "magpie/runtime/current_task.h"
#include "magpie/runtime/error.h"
#include "magpie/runtime/gather.h"
#include "magpie/runtime/run.h"
#include "magpie/runtime/sleep.h"
#include "magpie/runtime/task_group.h"
#include "magpie/runtime/testing/cancel_sweep.h"
#include "magpie/runtime/testing/simulation.h"
#include "magpie/runtime/timeout.h"
#include "magpie/tests/runtime/disturbances.h"
#include "magpie/tests/runtime/elapsed.h"
#include "magpie/tests/runtime/ends_cancelled.h"
#include "magpie/tests/runtime/group_members.h"
#include "magpie/tests/runtime/leftovers.h"
#include "magpie/tests/runtime/naps.h"
#include "magpie/tests/runtime/schedules.h"

namespace magpie::testing {
namespace task_group_cancellation_test {

using namespace std::chrono_literals;

class task_group_cancellation_test : public over_workers {};
MAGPIE_OVER_WORKERS(task_group_cancellation_test);

TEST_P(task_group_cancellation_test, a_child_that_is_cancelled_alone_is_no_failure) {
  auto body = []() -> task<> {
    const int value = co_await with_task_group([](task_group& group) -> task<int> {
      auto child = group.spawn(nap(1h, 1));
      auto other = group.spawn(nap(2s, 2));
      co_await sleep_for(1s);
      child.cancel();
      co_return co_await other;
    });
    EXPECT_EQ(value, 2);
  };
  in_simulated_orders(GetParam(), body);
}

TEST_P(task_group_cancellation_test, cancel_ends_the_group_and_not_its_caller) {
  auto body = []() -> task<> {
    std::atomic<int> stopped{0};
    co_await with_task_group([&stopped](task_group& group) -> task<> {
      group.spawn(note_cancellation(stopped, 1s)).detach();
      co_await sleep_for(1s);
      group.cancel();
      EXPECT_TRUE(group.cancel_requested());
      // A late child runs until it suspends.
      group.spawn(note_cancellation(stopped, 0s)).detach();
      co_await sleep_for(1h);
    });
    EXPECT_EQ(stopped, 2);
    EXPECT_EQ(elapsed(), 2s);
    bool no_value = false;
    try {
      co_await with_task_group([](task_group& group) -> task<int> {
        group.cancel();
        co_return co_await nap(1s, 1);
      });
    } catch (const cancelled&) {
      no_value = true;
    }
    EXPECT_TRUE(no_value);
    const int value = co_await with_task_group([](task_group& group) -> task<int> {
      group.cancel();
      co_return 5;
    });
    EXPECT_EQ(value, 5);
  };
  in_simulated_orders(GetParam(), body);
}

// asyncio has lost such cancellations more than once.
TEST_P(task_group_cancellation_test, a_body_that_passes_a_foreign_cancellation_on) {
  auto body = []() -> task<> {
    auto foreign = spawn(nap(1h, 1));
    foreign.cancel();
    bool passed = false;
    try {
      co_await with_task_group([&foreign](task_group& group) -> task<> {
        group.spawn(nap(1h, 1)).detach();
        co_await foreign;
      });
    } catch (const cancelled&) {
      passed = true;
    }
    EXPECT_TRUE(passed);
    EXPECT_EQ(elapsed(), 0s);
  };
  in_simulated_orders(GetParam(), body);
}

task<> group_within_group(std::atomic<int>& stopped, bool& inner_ended) {
  co_await with_task_group([&](task_group& outer) -> task<> {
    outer.spawn(note_cancellation(stopped, 1s)).detach();
    co_await with_task_group([&stopped](task_group& inner) -> task<> {
      inner.spawn(note_cancellation(stopped, 2s)).detach();
      co_await note_cancellation(stopped, 0s);
    });
    inner_ended = true;
  });
}

TEST_P(task_group_cancellation_test, cancelling_the_caller_cancels_nested_groups) {
  auto body = []() -> task<> {
    std::atomic<int> stopped{0};
    bool inner_ended = false;
    auto handle = spawn(group_within_group(stopped, inner_ended));
    co_await sleep_for(1s);
    handle.cancel();
    const bool was_cancelled = co_await ends_cancelled(handle);
    EXPECT_TRUE(was_cancelled);
    EXPECT_FALSE(inner_ended);
    EXPECT_EQ(stopped, 3);
  };
  in_simulated_orders(GetParam(), body);
}

// An error and a cancellation from outside: the error is not lost.
TEST_P(task_group_cancellation_test, an_error_goes_before_a_cancellation) {
  auto body = []() -> task<> {
    auto members = [](task_group& group) -> task<> {
      group.spawn(fail_when_cancelled("kept")).detach();
      co_await sleep_for(1h);
    };
    auto handle = spawn(errors_of(members));
    co_await sleep_for(1s);
    handle.cancel();
    const auto errors = co_await handle;
    EXPECT_EQ(errors, (std::vector<std::string>{"kept"}));
  };
  in_simulated_orders(GetParam(), body);
}

task<> knows(clock::time_point deadline) {
  const task_info self = co_await current_task();
  EXPECT_EQ(self.deadline, deadline);
  co_await sleep_for(1h);
}

TEST_P(task_group_cancellation_test, children_inherit_the_deadline) {
  auto members = [](task_group& group) -> task<> {
    group.spawn(knows(clock::time_point(5s))).detach();
    co_await sleep_for(1s);
    group.spawn(knows(clock::time_point(5s))).detach();
  };
  auto body = [&]() -> task<> {
    const bool ended = co_await move_on_after(5s, with_task_group(members));
    EXPECT_FALSE(ended);
    EXPECT_EQ(elapsed(), 5s);
  };
  in_simulated_orders(GetParam(), body);
}

// ------------------------------------------------------------------------------------ disturbed

task<> family(std::atomic<int>& ended) {
  co_await with_task_group([&ended](task_group& group) -> task<> {
    for (int i = 1; i <= 3; ++i) {
      auto member = [](std::atomic<int>& count, int length) -> task<> {
        const counted frame;
        try {
          co_await nap(std::chrono::seconds(length), 1);
        } catch (const cancelled&) {
        }
        ++count;
      };
      group.spawn(member(ended, i)).detach();
      co_await yield();
    }
    co_await nap(2s, 1);
  });
}

TEST_P(task_group_cancellation_test, cancelled_at_every_moment) {
  std::atomic<int> ended{0};
  cancelled_at_every_moment(GetParam(), 5, [&ended] { return family(ended); });
}

// A child is cancelled, by its handle, at every moment: the group ends all the same.
TEST_P(task_group_cancellation_test, a_child_cancelled_at_every_moment) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    auto parent = [](std::shared_ptr<join_handle<>> child) -> task<> {
      co_await with_task_group([&child](task_group& group) -> task<> {
        auto work = []() -> task<> {
          co_await nap(1s, 1);
          co_await gather(nap(1s, 1), nap(2s, 1));
        };
        *child = group.spawn(work());
        group.spawn(nap(2s, 1)).detach();
        co_await nap(1s, 1);
      });
    };
    // Ends a little later than the group would.
    auto canceller = [](std::shared_ptr<join_handle<>> child) -> task<> {
      try {
        for (int i = 0; i < 40; ++i)
          co_await sleep_for(100ms);
      } catch (const cancelled&) {
        child->cancel();
      }
    };
    auto begin = [&](simulation& world) {
      auto child = std::make_shared<join_handle<>>();
      cast players;
      players.others.push_back(world.spawn(parent(child)));
      players.victim = world.spawn(canceller(child));
      return players;
    };
    auto check = [] { ASSERT_EQ(counted::live(), 0); };
    EXPECT_GT(cancel_sweep(simulation_options().workers(GetParam()).seed(seed), begin, check), 2U);
  }
}

// On real threads: many children, some fail, all at once.
TEST_P(task_group_cancellation_test, storms) {
  auto member = [](int i) -> task<> {
    for (int n = 0; n < i % 7; ++n)
      co_await yield();
    if (i % 50 == 49) throw std::runtime_error("one of fifty");
  };
  auto body = [&]() -> task<> {
    for (int round = 0; round < 20; ++round) {
      auto members = [&member](task_group& group) -> task<> {
        for (int i = 0; i < 200; ++i) {
          group.spawn(member(i)).detach();
          if (i % 10 == 0) co_await yield();
        }
      };
      const auto errors = co_await errors_of(members);
      EXPECT_GE(errors.size(), 1U);
      EXPECT_LE(errors.size(), 4U);
    }
  };
  run(body(), options().workers(GetParam()));
}

}  // namespace task_group_cancellation_test
}  // namespace magpie::testing
