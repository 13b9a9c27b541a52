#include "magpie/runtime/current_task.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "magpie/runtime/error.h"
#include "magpie/runtime/run.h"
#include "magpie/runtime/sleep.h"
#include "magpie/runtime/spawn.h"
#include "magpie/runtime/task_group.h"
#include "magpie/runtime/testing/simulation.h"
#include "magpie/runtime/timeout.h"
#include "magpie/tests/runtime/leftovers.h"

namespace magpie::testing {
namespace current_task_test {

using namespace std::chrono_literals;

class current_task_test : public runtime_test {};
class all_tasks_test : public over_workers {};
MAGPIE_OVER_WORKERS(all_tasks_test);

constexpr unsigned line_of_nap = __LINE__ + 2;
task<> nap() {
  co_await sleep_for(1h);
}

task<> late_nap() {
  co_await with_timeout(10us, nap());
}

TEST_F(current_task_test, says_who_the_task_is) {
  auto child = [](std::uint64_t parent) -> task<> {
    const task_info self = co_await current_task();
    EXPECT_EQ(self.parent_id, parent);
    EXPECT_EQ(self.name, "child");
    EXPECT_EQ(self.deadline, clock::now() + 1s);
    EXPECT_FALSE(self.waits_at);
  };
  auto parent = [&]() -> task<> {
    const task_info self = co_await current_task();
    EXPECT_EQ(self.parent_id, 0U);
    auto body = [&](task_group& group) -> task<> {
      group.spawn(child(self.id), "child").detach();
      co_return;
    };
    co_await with_timeout(1s, with_task_group(body));
  };
  simulate(parent());
}

// The one with this name.
task_info named(const std::string& name) {
  for (task_info& each : all_tasks()) {
    if (each.name == name) return std::move(each);
  }
  ADD_FAILURE() << "there is no task " << name;
  return {};
}

TEST_F(current_task_test, all_of_them_with_where_they_wait) {
  unsigned spawned_at = 0;
  auto body = [&]() -> task<> {
    const task_info self = co_await current_task();
    spawned_at = __LINE__ + 1;
    auto first = spawn(nap(), "first");
    auto second = spawn(nap(), "second");
    EXPECT_EQ(all_tasks().size(), 3U);
    EXPECT_EQ(named("main").id, self.id);
    EXPECT_EQ(named("first").spawned_at.line(), spawned_at);
    EXPECT_FALSE(named("first").waits_at) << "it has not begun";
    co_await sleep_for(1ms);
    const task_info sleeping = named("first");
    EXPECT_TRUE(sleeping.waits_at);
    if (sleeping.waits_at) {
      EXPECT_EQ(sleeping.waits_at->line(), line_of_nap);
    }
    EXPECT_FALSE(sleeping.cancelled);
    first.cancel("no time");
    EXPECT_TRUE(named("first").cancelled);
    EXPECT_EQ(named("first").cancel_reason, "no time");
    second.cancel();
    co_await yield();
    co_await yield();
    EXPECT_EQ(all_tasks().size(), 1U);
  };
  simulate(body());
}

TEST_F(current_task_test, children_name_their_parents) {
  auto body = [&]() -> task<> {
    const task_info self = co_await current_task();
    auto inside = [&](task_group& group) -> task<> {
      auto child = group.spawn(nap(), "child");
      EXPECT_EQ(all_tasks().size(), 2U);
      EXPECT_EQ(named("child").parent_id, self.id);
      EXPECT_EQ(named("child").deadline, clock::now() + 1s);
      child.cancel();
      co_return;
    };
    co_await with_timeout(1s, with_task_group(inside));
  };
  simulate(body());
}

// While tasks come and go on all workers.
TEST_P(all_tasks_test, may_be_asked_at_any_time) {
  runtime world(options().workers(GetParam()));
  EXPECT_THROW(all_tasks(), usage_error);
  EXPECT_TRUE(all_tasks(world).empty());
  auto busy = []() -> task<> {
    for (int i = 0; i < 300; ++i) {
      auto inside = [](task_group& group) -> task<> {
        for (int k = 0; k < 5; ++k)
          group.spawn(late_nap(), "late").detach();
        co_return;
      };
      try {
        co_await with_task_group(inside);
      } catch (const task_group_error&) {
        // All of them are late.
      }
    }
  };
  auto handle = world.spawn(busy(), "busy");
  while (!handle.done()) {
    for (const task_info& each : all_tasks(world))
      EXPECT_TRUE(each.name == "busy" || (each.name == "late" && each.parent_id == handle.id()));
  }
  handle.get();
}

}  // namespace current_task_test
}  // namespace magpie::testing
