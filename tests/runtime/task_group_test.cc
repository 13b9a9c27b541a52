#include "magpie/runtime/task_group.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "magpie/runtime/error.h"
#include "magpie/runtime/run.h"
#include "magpie/runtime/sleep.h"
#include "magpie/runtime/testing/simulation.h"
#include "magpie/tests/runtime/elapsed.h"
#include "magpie/tests/runtime/group_members.h"
#include "magpie/tests/runtime/leftovers.h"
#include "magpie/tests/runtime/naps.h"
#include "magpie/tests/runtime/schedules.h"

namespace magpie::testing {
namespace task_group_test {

using namespace std::chrono_literals;

class task_group_test : public over_workers {};
MAGPIE_OVER_WORKERS(task_group_test);

TEST_P(task_group_test, waits_for_all_children) {
  auto body = []() -> task<> {
    int sum = 0;
    const int value = co_await with_task_group([&sum](task_group& group) -> task<int> {
      auto a = group.spawn(nap(3s, 1), "a");
      auto b = group.spawn(nap(1s, 2));
      group.spawn(nap(5s, 3)).detach();
      EXPECT_EQ(group.size(), 3U);
      EXPECT_EQ(a.name(), "a");
      const int first = co_await a;
      sum += first;
      const int second = co_await b;
      sum += second;
      EXPECT_EQ(group.size(), 1U);
      co_return 7;
    });
    EXPECT_EQ(value, 7);
    EXPECT_EQ(sum, 3);
    EXPECT_EQ(elapsed(), 5s);
  };
  in_simulated_orders(GetParam(), body);
}

TEST_P(task_group_test, outcomes_can_be_taken_after_the_group) {
  auto body = []() -> task<> {
    join_handle<int> kept;
    co_await with_task_group([&kept](task_group& group) -> task<> {
      kept = group.spawn(nap(2s, 11));
      co_return;
    });
    EXPECT_TRUE(kept.done());
    const int value = co_await kept;
    EXPECT_EQ(value, 11);
    // Nobody at all.
    co_await with_task_group([](task_group&) -> task<> { co_return; });
  };
  in_simulated_orders(GetParam(), body);
}

task<> spawn_tree(task_group& group, int depth, std::atomic<int>& count) {
  ++count;
  for (int i = 0; i < 2 && depth > 0; ++i)
    group.spawn(spawn_tree(group, depth - 1, count)).detach();
  co_await yield();
}

TEST_P(task_group_test, children_spawn_siblings) {
  auto body = []() -> task<> {
    std::atomic<int> count{0};
    co_await with_task_group(
        [&count](task_group& group) -> task<> { return spawn_tree(group, 6, count); });
    EXPECT_EQ(count, 127);
  };
  in_many_orders(GetParam(), body);
}

// ------------------------------------------------------------------------------------ errors

TEST_P(task_group_test, an_error_cancels_the_siblings_and_the_body) {
  auto body = []() -> task<> {
    std::atomic<int> stopped{0};
    auto members = [&stopped](task_group& group) -> task<> {
      group.spawn(note_cancellation(stopped, 2s)).detach();
      group.spawn(fail_after(1s, "first")).detach();
      group.spawn(note_cancellation(stopped, 1s)).detach();
      co_await note_cancellation(stopped, 0s);
    };
    const auto errors = co_await errors_of(members);
    EXPECT_EQ(errors, (std::vector<std::string>{"first"}));
    EXPECT_EQ(stopped, 3);
    EXPECT_EQ(elapsed(), 3s);  // All were awaited.
  };
  in_simulated_orders(GetParam(), body);
}

TEST_P(task_group_test, all_errors_are_kept) {
  auto body = []() -> task<> {
    auto members = [](task_group& group) -> task<> {
      group.spawn(fail_when_cancelled("third")).detach();
      group.spawn(fail_after(1s, "second")).detach();
      co_await fail_when_cancelled("body");
    };
    auto errors = co_await errors_of(members);
    EXPECT_EQ(errors, (std::vector<std::string>{"body", "second", "third"}));
    auto throws_at_once = [](task_group& group) -> task<> {
      group.spawn(nap(1h, 1)).detach();
      throw std::runtime_error("no task at all");
    };
    errors = co_await errors_of(throws_at_once);
    EXPECT_EQ(errors, (std::vector<std::string>{"no task at all"}));
    EXPECT_EQ(elapsed(), 1s);
  };
  in_simulated_orders(GetParam(), body);
}

TEST(task_group_error_test, says_how_many_and_what) {
  const auto error = [](const char* text) {
    return std::make_exception_ptr(std::runtime_error(text));
  };
  const task_group_error two({error("disk full"), std::make_exception_ptr(5)});
  EXPECT_STREQ(two.what(),
               "magpie: 2 tasks of a group failed: disk full; an exception that is no "
               "std::exception");
  EXPECT_STREQ(task_group_error({error("x")}).what(), "magpie: 1 task of a group failed: x");
}

// The handle gives the error as well, and nothing is reported as lost.
TEST_P(task_group_test, the_handle_of_a_child_that_failed_throws_too) {
  auto body = []() -> task<> {
    auto members = [](task_group& group) -> task<> {
      auto child = group.spawn(fail_after(1s, "x"));
      try {
        co_await child;
        ADD_FAILURE();
      } catch (const std::runtime_error& error) {
        EXPECT_STREQ(error.what(), "x");
      } catch (const cancelled&) {
        // The group was faster.
      }
    };
    const auto errors = co_await errors_of(members);
    EXPECT_EQ(errors, (std::vector<std::string>{"x"}));
  };
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    simulate(body(),
             simulation_options().workers(GetParam()).seed(seed).on_report([](const report& r) {
               ADD_FAILURE() << r.message;
             }));
  }
}

}  // namespace task_group_test
}  // namespace magpie::testing
