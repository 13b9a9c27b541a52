// Tests that run a coroutine within a time limit, and what is said of those that fail.
#include "magpie/runtime/testing/test_run.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <source_location>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "magpie/runtime/event.h"
#include "magpie/runtime/gather.h"
#include "magpie/runtime/internal/current_worker.h"
#include "magpie/runtime/internal/timer_queue.h"
#include "magpie/runtime/internal/worker.h"
#include "magpie/runtime/run.h"
#include "magpie/runtime/sleep.h"
#include "magpie/runtime/spawn.h"
#include "magpie/runtime/task_group.h"
#include "magpie/runtime/testing/leak_check.h"
#include "magpie/runtime/testing/task_tree.h"
#include "magpie/tests/runtime/leftovers.h"

namespace magpie::testing {
namespace test_run_test {

using namespace std::chrono_literals;
using problems = std::vector<std::string>;

task<> sleep_for_a_moment() {
  co_await sleep_for(1us);
}

class test_run_test : public over_workers {
 protected:
  static test_settings threads() { return test_settings().threads(options().workers(GetParam())); }
  static test_settings simulated() {
    return test_settings().simulated(simulation_options().workers(GetParam()));
  }
  static problems run_both(task<> (*body)()) {
    const problems on_threads = run_test(body, threads(), "on threads");
    const problems in_simulation = run_test(body, simulated(), "simulated");
    EXPECT_EQ(on_threads, in_simulation);
    return in_simulation;
  }
};
MAGPIE_OVER_WORKERS(test_run_test);

// The one problem that there is has all of this, in this order.
void expect_one(const problems& found, const std::vector<std::string>& parts) {
  ASSERT_EQ(found.size(), 1U);
  std::size_t at = 0;
  for (const std::string& part : parts) {
    at = found[0].find(part, at);
    ASSERT_NE(at, std::string::npos) << "no \"" << part << "\" in " << found[0];
  }
}

std::string line(unsigned number) {
  return "test_run_test.cc:" + std::to_string(number);
}

task<> sleep_an_hour() {
  const counted frame;
  co_await sleep_for(1h);
}

TEST_P(test_run_test, nothing_is_wrong_with_what_ends_well) {
  EXPECT_EQ(run_both([]() -> task<> { co_await yield(); }), problems());
  EXPECT_EQ(run_test(sleep_an_hour, simulated(), "an hour"), problems());
}

TEST_P(test_run_test, an_exception_is_told_with_its_type) {
  EXPECT_EQ(run_both([]() -> task<> {
              co_await yield();
              throw std::out_of_range("too far");
            }),
            problems{"the body has thrown std::out_of_range: too far"});
  EXPECT_EQ(run_both([]() -> task<> {
              co_await yield();
              throw 7;
            }),
            problems{"the body has thrown an exception that is no std::exception"});
  EXPECT_EQ(run_both([]() -> task<> {
              co_await yield();
              throw cancelled();
            }),
            problems{"the body has thrown magpie::cancelled"});
}

TEST_P(test_run_test, what_takes_too_long_is_named_and_cancelled) {
  const problems found = run_test(sleep_an_hour, threads().time_limit(20ms), "sleepy");
  expect_one(found, {"has not ended within its time limit of 0.02 s", "'sleepy'"});
  EXPECT_EQ(counted::live(), 0);
}

TEST_P(test_run_test, what_never_waits_for_time_has_a_limit_too) {
  auto spins = []() -> task<> {
    const counted frame;
    for (;;)
      co_await yield();
  };
  expect_one(run_test(spins, simulated().time_limit(20ms), "spins"),
             {"has not ended within its time limit of 0.02 s", "'spins'"});
  EXPECT_EQ(counted::live(), 0);
}

TEST_P(test_run_test, a_deadlock_is_told_without_waiting) {
  auto waits = []() -> task<> {
    event never;
    co_await never.wait();
  };
  expect_one(run_test(waits, simulated(), "waits"),
             {"nothing can run any more", "'waits'", "test_run_test.cc"});
}

TEST_P(test_run_test, tasks_that_are_left_behind_are_told) {
  auto leaves = [](clock::duration length) -> task<> {
    auto sleeps = [](clock::duration long_enough) -> task<> { co_await sleep_for(long_enough); };
    spawn(sleeps(length), "forgotten").detach();
    co_return;
  };
  expect_one(run_test([&] { return leaves(1h); }, simulated(), "leaves"),
             {"tasks have not ended", "'forgotten'", "waits at", "test_run_test.cc"});
  EXPECT_EQ(run_test([&] { return leaves(1h); }, simulated().check_leaks(false), "may leave"),
            problems());
  // One that is about to end is none.
  EXPECT_EQ(run_test([&] { return leaves(1ms); }, threads(), "waits for it"), problems());
}

TEST(leak_check_test, tasks_of_a_runtime) {
  runtime shared(options().workers(2));
  EXPECT_EQ(leak_check::leaks(shared), leak_list());
  auto sleeping = shared.spawn(sleep_an_hour(), "asleep");
  expect_one(leak_check::leaks(shared, 0s), {"tasks have not ended", "'asleep'"});
  sleeping.cancel();
  EXPECT_EQ(leak_check::leaks(shared, 1h), leak_list());
}

TEST_P(test_run_test, timers_that_nobody_waits_for_are_told) {
  class nobody : public internal::timer {
   public:
    nobody() : timer(clock::time_point::max() - 1h) {}

   private:
    void due(ready_list&) noexcept override {}
  };
  nobody left;
  auto arms = [&left]() -> task<> {
    internal::current_worker()->timers().insert(left);
    co_return;
  };
  expect_one(run_test(arms, simulated(), "arms"), {"timers are armed"});
}

TEST_P(test_run_test, descriptors_that_are_left_open_are_told) {
  int descriptor = -1;
  auto opens = [&descriptor]() -> task<> {
    descriptor = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    co_return;
  };
  for (const test_settings& how : {threads(), simulated()}) {
    const problems found = run_test(opens, how, "opens");
    expect_one(found, {"descriptors have not been closed",
                       "descriptor " + std::to_string(descriptor), "/dev/null"});
    ::close(descriptor);
  }
}

TEST_P(test_run_test, frames_that_are_left_are_told) {
  for (const test_settings& how : {threads(), simulated()}) {
    task<> kept;
    auto leaves = [&kept]() -> task<> {
      co_await yield();
      kept = sleep_an_hour();
    };
    expect_one(run_test(leaves, how, "leaves"), {"frames of coroutines", ": 1"});
    kept.discard();
  }
  auto with_many = []() -> task<> {
    std::vector<join_handle<>> all;
    for (int i = 0; i < 100; ++i)
      all.push_back(spawn(sleep_for_a_moment()));
    for (join_handle<>& each : all)
      co_await each;
  };
  for (const test_settings& how : {threads(), simulated()})
    EXPECT_EQ(run_test(with_many, how, "leaves none"), problems());
}

TEST_P(test_run_test, what_is_reported_is_a_problem) {
  auto fails = []() -> task<> {
    auto nobody_asks = []() -> task<> {
      co_await yield();
      throw std::runtime_error("nobody asks");
    };
    spawn(nobody_asks(), "careless").detach();
    co_return;
  };
  for (const test_settings& how : {threads(), simulated()})
    expect_one(run_test(fails, how, "fails"), {"'careless'", "nobody asks"});
  int told = 0;
  const auto hook = [&told](const report&) { ++told; };
  EXPECT_EQ(
      run_test(fails,
               test_settings().simulated(simulation_options().workers(GetParam()).on_report(hook)),
               "has a hook"),
      problems());
  EXPECT_EQ(told, 1);
}

// A fixture may keep the handle of a task that has failed.
TEST_P(test_run_test, what_is_reported_after_the_end_harms_nobody) {
  join_handle<> kept;
  auto fails = []() -> task<> {
    co_await yield();
    throw std::runtime_error("late");
  };
  auto leaves = [&]() -> task<> {
    kept = spawn(fails(), "fails");
    while (!kept.done())
      co_await yield();
  };
  EXPECT_EQ(run_test(leaves, threads(), "leaves"), problems());
  ::testing::internal::CaptureStderr();
  kept.detach();
  EXPECT_NE(::testing::internal::GetCapturedStderr().find("after the end of the test reported"),
            std::string::npos);
}

TEST_P(test_run_test, inside_a_task_it_is_refused) {
  auto nested = []() -> task<> {
    run_test(sleep_an_hour, test_settings().simulated(), "inner");
    co_return;
  };
  expect_one(run_test(nested, threads(), "outer"), {"inside a task"});
}

TEST(test_settings_test, bad_values_are_refused) {
  EXPECT_THROW(test_settings().time_limit(0s), std::invalid_argument);
}

// ---------------------------------------------------------------------------------- the tree

// All that wait are named, with the lines of those who wait for them; children below their parents.
TEST_P(test_run_test, the_tree_names_who_waits_where_and_for_whom) {
  event opened;
  unsigned waits = 0;
  unsigned awaits = 0;
  auto inner = [&]() -> task<> {
    waits = std::source_location::current().line() + 1;
    co_await opened.wait();
  };
  auto outer = [&]() -> task<> {
    awaits = std::source_location::current().line() + 1;
    co_await inner();
  };
  auto body = [&](task_group& group) -> task<> {
    group.spawn(outer(), "child").detach();
    co_await opened.wait();
  };
  auto root = [&]() -> task<> { co_await with_task_group(body); };
  simulation world(simulation_options().workers(GetParam()));
  auto parent = world.spawn(root(), "parent");
  auto other = world.spawn(outer(), "other");
  expect_one({world.tasks()}, {"'parent'", "runs, or is about to", "'other'"});
  while (world.turn()) {
  }
  const std::string tree = world.tasks();
  expect_one({tree}, {"\n  task ", "'parent', spawned at ", "\n    task ", "'child'",
                      "\n      waits at ", line(waits), "\n        awaited at ", line(awaits)});
  expect_one({tree}, {"\n  task ", "'other'", "\n    waits at ", line(waits)});
  opened.set();
  world.run_until([&] { return parent.done() && other.done(); });
  EXPECT_EQ(world.tasks(), "");
}

TEST_P(test_run_test, the_tree_names_all_that_wait_in_one_task) {
  event opened;
  auto waits = [&]() -> task<> { co_await opened.wait(); };
  auto root = [&]() -> task<> { co_await gather(waits(), waits(), waits()); };
  simulation world(simulation_options().workers(GetParam()));
  auto parent = world.spawn(root(), "parent");
  while (world.turn()) {
  }
  expect_one({world.tasks()}, {"'parent'", "waits at", "waits at", "waits at"});
  opened.set();
  world.run_until([&] { return parent.done(); });
}

TEST(task_tree_test, a_great_many_are_counted) {
  simulation world;
  auto sleeps = []() -> task<> { co_await sleep_for(1h); };
  for (int i = 0; i < 5000; ++i)
    world.spawn(sleeps()).detach();
  expect_one({world.tasks()}, {"runs, or is about to", "and 4800 more"});
}

// While they run, on other threads.
TEST_P(test_run_test, the_tree_may_be_asked_for_at_any_time) {
  runtime shared(options().workers(GetParam()));
  auto busy = []() -> task<> {
    auto step = []() -> task<> {
      for (int i = 0; i < 5; ++i)
        co_await yield();
      co_await sleep_for(1us);
    };
    auto body = [&](task_group& group) -> task<> {
      for (int i = 0; i < 4; ++i)
        group.spawn(step(), "step").detach();
      co_await gather(step(), step());
    };
    for (int i = 0; i < 200; ++i)
      co_await with_task_group(body);
  };
  auto running = shared.spawn(busy(), "busy");
  std::size_t looked = 0;
  while (!running.done()) {
    looked += task_tree(shared).size();
  }
  running.get();
  EXPECT_GT(looked + 1, 0U);
}

}  // namespace test_run_test
}  // namespace magpie::testing
