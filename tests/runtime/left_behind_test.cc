// A task that still runs when its runtime ends, and whose end nobody would learn of, is reported.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "magpie/runtime/call_later.h"
#include "magpie/runtime/run.h"
#include "magpie/runtime/sleep.h"
#include "magpie/runtime/spawn.h"
#include "magpie/runtime/task_group.h"
#include "magpie/runtime/testing/simulation.h"
#include "magpie/runtime/timeout.h"
#include "magpie/tests/runtime/leftovers.h"

namespace magpie::testing {
namespace left_behind_test {

using namespace std::chrono_literals;

task<> long_nap() {
  co_await sleep_for(std::chrono::hours(1));
}

class left_behind_test : public runtime_test {
 protected:
  // What is reported while `body` runs and its runtime ends.
  static std::vector<report> reports_of(task<> body) {
    std::vector<report> said;
    const auto hook = [&said](const report& r) { said.push_back(r); };
    simulate(std::move(body), simulation_options().on_report(hook));
    return said;
  }
};

TEST_F(left_behind_test, is_reported_with_its_name_and_where_it_was_spawned) {
  unsigned line = 0;
  auto body = [&]() -> task<> {
    line = __LINE__ + 1;
    join_handle<> dropped = spawn(long_nap(), "napper");
    co_await yield();
  };
  const auto said = reports_of(body());
  ASSERT_EQ(said.size(), 1U);
  EXPECT_EQ(said[0].what, report::kind::left_behind);
  EXPECT_EQ(said[0].task_name, "napper");
  EXPECT_NE(said[0].task_id, 0U);
  EXPECT_EQ(said[0].spawned_at.line(), line);
  EXPECT_NE(said[0].message.find("detach()"), std::string::npos) << said[0].message;
}

TEST_F(left_behind_test, also_before_it_has_begun) {
  auto body = []() -> task<> {
    join_handle<> dropped = spawn(long_nap());
    co_return;
  };
  EXPECT_EQ(reports_of(body()).size(), 1U);
}

TEST_F(left_behind_test, what_was_detached_is_not) {
  auto body = []() -> task<> {
    spawn(long_nap()).detach();
    co_await yield();
  };
  EXPECT_TRUE(reports_of(body()).empty());
}

TEST_F(left_behind_test, what_was_cancelled_is_not) {
  auto slow_to_end = []() -> task<> { co_await shield(long_nap()); };
  auto body = [&]() -> task<> {
    join_handle<> dropped = spawn(slow_to_end());
    co_await yield();
    dropped.cancel();
  };
  EXPECT_TRUE(reports_of(body()).empty());
}

TEST_F(left_behind_test, a_call_that_has_not_come_is_not) {
  auto body = []() -> task<> {
    call_later(std::chrono::hours(1), [] {});
    co_await yield();
  };
  EXPECT_TRUE(reports_of(body()).empty());
}

// Whoever spawned the group's owner is told of that one alone.
TEST_F(left_behind_test, the_children_of_a_group_are_their_parents_affair) {
  auto parent = []() -> task<> {
    co_await with_task_group([](task_group& group) -> task<> {
      group.spawn(long_nap()).detach();
      join_handle<> dropped = group.spawn(long_nap());
      co_return;
    });
  };
  auto body = [&]() -> task<> {
    join_handle<> dropped = spawn(parent(), "parent");
    co_await yield();
    co_await yield();
  };
  const auto said = reports_of(body());
  ASSERT_EQ(said.size(), 1U);
  EXPECT_EQ(said[0].task_name, "parent");
}

// With threads; and whoever holds the handle can ask.
TEST_F(left_behind_test, run_says_so_and_a_kept_handle_does_too) {
  std::mutex mutex;
  std::vector<report> said;
  const auto settings = options().workers(2).on_report([&](const report& r) {
    const std::lock_guard lock(mutex);
    said.push_back(r);
  });
  join_handle<> kept;
  auto body = [&]() -> task<> {
    join_handle<> dropped = spawn(long_nap(), "dropped");
    kept = spawn(long_nap(), "kept");
    co_return;
  };
  run(body(), settings);
  ASSERT_EQ(said.size(), 1U);
  EXPECT_EQ(said[0].task_name, "dropped");
  EXPECT_THROW(kept.get(), cancelled);
}

TEST_F(left_behind_test, what_has_a_callback_is_not) {
  bool told = false;
  auto body = [&]() -> task<> {
    join_handle<> dropped = spawn(long_nap());
    dropped.on_end([&] { told = true; });
    co_await yield();
  };
  EXPECT_TRUE(reports_of(body()).empty());
  EXPECT_TRUE(told);
}

// detach() and the end of the runtime at the same moment.
TEST_F(left_behind_test, what_is_being_detached_is_not) {
  for (int round = 0; round < 20; ++round) {
    std::atomic<int> said{0};
    std::vector<join_handle<>> all;
    runtime world(options().workers(1).on_report([&](const report&) { ++said; }));
    for (int i = 0; i < 500; ++i)
      all.push_back(world.spawn(long_nap()));
    std::thread detaches([&] {
      for (join_handle<>& each : all)
        each.detach();
    });
    world.shutdown();
    detaches.join();
    EXPECT_EQ(said.load(), 0);
  }
}

TEST_F(left_behind_test, one_speaks_for_very_many) {
  auto body = []() -> task<> {
    for (int i = 0; i < 150; ++i)
      join_handle<> dropped = spawn(long_nap());
    co_await yield();
  };
  const auto said = reports_of(body());
  ASSERT_EQ(said.size(), 100U);
  EXPECT_EQ(said[98].message.find("more"), std::string::npos) << said[98].message;
  EXPECT_NE(said[99].message.find("50 more"), std::string::npos) << said[99].message;
}

}  // namespace left_behind_test
}  // namespace magpie::testing
