// What fails around keep(), and what is said of it.
#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <source_location>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "magpie/runtime/event.h"
#include "magpie/runtime/keep.h"
#include "magpie/runtime/run.h"
#include "magpie/runtime/sleep.h"
#include "magpie/runtime/spawn.h"
#include "magpie/runtime/task_group.h"
#include "magpie/runtime/testing/cancel_sweep.h"
#include "magpie/runtime/testing/simulation.h"
#include "magpie/runtime/unowned.h"
#include "magpie/tests/runtime/ends_cancelled.h"
#include "magpie/tests/runtime/leftovers.h"
#include "magpie/tests/runtime/noted.h"
#include "magpie/tests/runtime/schedules.h"
#include "magpie/tests/runtime/spawned.h"
#include "magpie/tests/runtime/throws_when_moved.h"

namespace magpie::testing {
namespace keep_failures_test {

using namespace std::chrono_literals;

class keep_failures_test : public over_workers {};
MAGPIE_OVER_WORKERS(keep_failures_test);

class keep_reports_test : public runtime_test {};

// ------------------------------------------------------------------------------ failures

TEST_F(keep_reports_test, a_copy_that_fails_starts_nothing) {
  int rounds = 0;
  bool started = false;
  auto body = [&]() -> task<> {
    for (bool thrown = true; thrown;) {
      thrown = false;
      started = false;
      int moves = 0;
      auto takes = [](throws_when_moved&& /*kept*/, bool& ran) -> task<> {
        ran = true;
        co_return;
      };
      join_handle<> handle;
      try {
        handle = spawn(keep(takes, throws_when_moved(moves, ++rounds), std::ref(started)));
      } catch (const std::runtime_error&) {
        thrown = true;
      }
      co_await yield();
      EXPECT_EQ(started, !thrown);
      EXPECT_EQ(counted::live(), 0);
    }
  };
  simulate(body());
  EXPECT_EQ(rounds, 2) << "moved more than once";
}

// The call is the task's, and so is what it throws.
task<> fail_at_the_call() {
  auto refuses = [](const noted& kept) -> task<int> {
    if (kept.value() == 1) throw std::runtime_error("refused");
    return by_value(noted(2));
  };
  auto failing = spawn(keep(refuses, noted(1)));
  auto other = spawn(keep(refuses, noted(2)));
  std::string caught;
  try {
    co_await failing;
  } catch (const std::runtime_error& error) {
    caught = error.what();
  }
  EXPECT_EQ(caught, "refused");
  const int got = co_await other;
  EXPECT_EQ(got, 2);
}

TEST_P(keep_failures_test, what_the_callable_throws) {
  in_many_orders(GetParam(), [] { return fail_at_the_call(); });
}

TEST_F(keep_reports_test, a_callable_that_cannot_be_copied_starts_nothing) {
  int moves = 0;
  auto body = [&]() -> task<> {
    throws_when_moved value(moves, 2);
    auto callable = [kept = std::move(value)]() -> task<> { co_return; };
    bool thrown = false;
    try {
      spawn(keep(std::move(callable))).detach();
    } catch (const std::runtime_error&) {
      thrown = true;
    }
    EXPECT_TRUE(thrown);
    co_return;
  };
  simulate(body());
}

task<> get_an_empty_task() {
  auto handle = spawn(keep([] { return task<>(); }));
  bool thrown = false;
  try {
    co_await handle;
  } catch (const usage_error&) {
    thrown = true;
  }
  EXPECT_TRUE(thrown);
}

TEST_F(keep_reports_test, an_empty_task_is_a_failure) {
  simulate(get_an_empty_task());
}

// ------------------------------------------------------------------------------- reports

std::uint_least32_t line_of(std::source_location here = std::source_location::current()) {
  return here.line();
}

// Each way to spawn, and the name and line of its task, in that order.
task<> fail_everywhere(runtime& world, std::vector<std::uint_least32_t>& lines) {
  lines.push_back(line_of() + 1);
  spawn(keep(fail, "unnamed")).detach();
  lines.push_back(line_of() + 1);
  spawn(keep(fail, "named"), "named").detach();
  lines.push_back(line_of() + 1);
  world.spawn(keep(fail, "unnamed")).detach();
  lines.push_back(line_of() + 1);
  world.spawn(keep(fail, "named"), std::string("world")).detach();
  co_return;
}

TEST_F(keep_reports_test, failures_are_reported_with_the_place_of_the_call) {
  reports told;
  std::vector<std::uint_least32_t> lines;
  {
    runtime world(options().workers(1).on_report(told.hook()));
    world.run(fail_everywhere(world, lines));
    while (world.live_tasks() != 0)
      std::this_thread::yield();
  }
  const std::vector<report> all = told.all();
  ASSERT_EQ(all.size(), 4U);
  for (std::size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(all[i].what, report::kind::unretrieved_exception);
    EXPECT_EQ(all[i].spawned_at.line(), lines[i]);
    EXPECT_STREQ(all[i].spawned_at.file_name(), std::source_location::current().file_name());
  }
  EXPECT_EQ(all[0].task_name, "");
  EXPECT_EQ(all[1].task_name, "named");
  EXPECT_EQ(all[2].task_name, "");
  EXPECT_EQ(all[3].task_name, "world");
}

// The tree of tasks has the place of the call, and no line for the coroutine that keeps.
TEST_F(keep_reports_test, the_tree_shows_the_coroutine_that_is_called) {
  std::uint_least32_t waits = 0;
  std::vector<std::uint_least32_t> lines;
  auto sleeps = [&](const noted& /*kept*/) -> task<> {
    waits = line_of() + 1;
    co_await sleep_for(1s);
  };
  auto children = [&](task_group& group) -> task<> {
    lines.push_back(line_of() + 1);
    group.spawn(keep(sleeps, noted(1))).detach();
    lines.push_back(line_of() + 1);
    group.spawn(keep(sleeps, noted(1)), "named").detach();
    co_return;
  };
  auto root = [&]() -> task<> { co_await with_task_group(children); };
  simulation world;
  auto parent = world.spawn(root(), "parent");
  while (world.turn()) {
  }
  const std::string tree = world.tasks();
  world.run_until([&] { return parent.done(); });
  for (const std::uint_least32_t line : lines) {
    const std::string spawned = "keep_failures_test.cc:" + std::to_string(line);
    EXPECT_NE(tree.find(spawned), std::string::npos) << spawned << tree;
  }
  EXPECT_NE(tree.find("'named'"), std::string::npos) << tree;
  EXPECT_NE(tree.find("keep_failures_test.cc:" + std::to_string(waits)), std::string::npos) << tree;
  const std::size_t awaited = tree.find("awaited at");  // The parent's, and no other.
  EXPECT_NE(awaited, std::string::npos) << tree;
  EXPECT_EQ(tree.find("awaited at", awaited + 1), std::string::npos) << tree;
  EXPECT_EQ(tree.find("keep.h"), std::string::npos) << tree;
  EXPECT_EQ(tree.find("call_kept"), std::string::npos) << tree;
}

// A task that the callable makes and drops is reported where that stands.
TEST_F(keep_reports_test, what_is_never_awaited_is_named_as_ever) {
  reports told;
  {
    runtime world(options().workers(1).on_report(told.hook()));
    world.spawn(keep([](task<int> /*never awaited*/) -> task<> { co_return; }, number(1))).get();
  }
  const std::vector<report> all = told.all();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].what, report::kind::never_awaited);
  EXPECT_NE(std::string(all[0].spawned_at.function_name()).find("number"), std::string::npos);
}

}  // namespace keep_failures_test
}  // namespace magpie::testing
