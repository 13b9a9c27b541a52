#include "magpie/runtime/spawn.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <source_location>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "magpie/runtime/error.h"
#include "magpie/runtime/gather.h"
#include "magpie/runtime/run.h"
#include "magpie/runtime/sleep.h"
#include "magpie/runtime/testing/simulation.h"
#include "magpie/tests/runtime/leftovers.h"
#include "magpie/tests/runtime/schedules.h"

namespace magpie::testing {
namespace {

using namespace std::chrono_literals;

class spawn_test : public over_workers {};
MAGPIE_OVER_WORKERS(spawn_test);

class join_handle_test : public runtime_test {};

task<int> number(int value) {
  const counted frame;
  co_return value;
}

task<> nothing() {
  const counted frame;
  co_return;
}

task<> fail(const char* what) {
  const counted frame;
  co_await yield();
  throw std::runtime_error(what);
}

task<> sleep_long(bool& cancelled_there) {
  const counted frame;
  try {
    co_await sleep_for(1h);
  } catch (const cancelled&) {
    cancelled_there = true;
    throw;
  }
}

// The reports of one runtime.
class reports {
 public:
  std::function<void(const report&)> hook() {
    return [this](const report& what) {
      const std::lock_guard lock(mutex_);
      all_.push_back(what);
    };
  }
  std::vector<report> all() {
    const std::lock_guard lock(mutex_);
    return all_;
  }

 private:
  std::mutex mutex_;
  std::vector<report> all_;
};

// ------------------------------------------------------------------------------------- results

task<> spawn_results() {
  auto value = spawn(number(7));
  const int got = co_await value;
  EXPECT_EQ(got, 7);
  EXPECT_FALSE(value.valid());

  co_await spawn(nothing());

  auto make_pointer = [](int i) -> task<std::unique_ptr<int>> {
    co_return std::make_unique<int>(i);
  };
  auto pointer = spawn(make_pointer(3));
  const std::unique_ptr<int> moved = co_await std::move(pointer);
  EXPECT_EQ(*moved, 3);

  int object = 0;
  auto refer = [](int& to) -> task<int&> { co_return to; };
  auto reference = spawn(refer(object));
  int& same = co_await reference;
  EXPECT_EQ(&same, &object);
}

TEST_P(spawn_test, gives_the_result) {
  in_many_orders(GetParam(), [] { return spawn_results(); });
}

task<> spawn_failure() {
  auto failing = spawn(fail("no"));
  std::string caught;
  try {
    co_await failing;
  } catch (const std::runtime_error& error) {
    caught = error.what();
  }
  EXPECT_EQ(caught, "no");
  EXPECT_FALSE(failing.valid());
}

TEST_P(spawn_test, throws_what_the_task_threw) {
  in_many_orders(GetParam(), [] { return spawn_failure(); });
}

task<> spawn_many(int count) {
  std::vector<join_handle<int>> handles;
  for (int i = 0; i < count; ++i)
    handles.push_back(spawn(number(i)));
  long sum = 0;
  std::set<std::uint64_t> ids;
  for (join_handle<int>& handle : handles) {
    ids.insert(handle.id());
    sum += co_await handle;
  }
  EXPECT_EQ(sum, long{count} * (count - 1) / 2);
  EXPECT_EQ(ids.size(), handles.size());
  EXPECT_EQ(ids.count(0), 0U);
}

TEST_P(spawn_test, many) {
  in_many_orders(GetParam(), [] { return spawn_many(500); });
}

task<> spawn_recursively(int depth) {
  const counted frame;
  if (depth == 0) co_return;
  auto left = spawn(spawn_recursively(depth - 1));
  auto right = spawn(spawn_recursively(depth - 1));
  co_await left;
  co_await right;
}

TEST_P(spawn_test, tasks_that_spawn) {
  in_many_orders(GetParam(), [] { return spawn_recursively(7); });
}

task<> await_what_has_ended() {
  auto handle = spawn(number(1));
  while (!handle.done())
    co_await yield();
  const int got = co_await handle;
  EXPECT_EQ(got, 1);
}

TEST_P(spawn_test, a_task_that_has_ended_can_be_awaited) {
  in_many_orders(GetParam(), [] { return await_what_has_ended(); });
}

TEST_F(join_handle_test, the_task_does_not_run_before_the_caller_suspends) {
  bool ran = false;
  auto body = [&ran]() -> task<> {
    auto mark = [](bool& mark_here) -> task<> {
      mark_here = true;
      co_return;
    };
    auto handle = spawn(mark(ran));
    EXPECT_FALSE(ran);
    EXPECT_FALSE(handle.done());
    co_await handle;
    EXPECT_TRUE(ran);
  };
  run(body(), options().workers(1));
}

TEST_F(join_handle_test, name_and_site) {
  auto body = []() -> task<> {
    auto named = spawn(nothing(), "sweep");
    EXPECT_EQ(named.name(), "sweep");
    EXPECT_TRUE(named.valid());
    co_await named;
    auto unnamed = spawn(nothing());
    EXPECT_EQ(unnamed.name(), "");
    co_await unnamed;
  };
  run(body(), options().workers(1));
}

TEST_F(join_handle_test, an_empty_handle) {
  join_handle<int> handle;
  EXPECT_FALSE(handle.valid());
  EXPECT_THROW(handle.get(), usage_error);
  auto body = [&handle]() -> task<bool> {
    try {
      co_await handle;
    } catch (const usage_error&) {
      co_return true;
    }
    co_return false;
  };
  EXPECT_TRUE(run(body(), options().workers(1)));
}

TEST_F(join_handle_test, moves) {
  runtime workers(options().workers(1));
  join_handle<int> first = workers.spawn(number(5));
  join_handle<int> second = std::move(first);
  EXPECT_FALSE(first.valid());  // NOLINT(bugprone-use-after-move)
  EXPECT_TRUE(second.valid());
  first = std::move(second);
  EXPECT_EQ(first.get(), 5);
}

// --------------------------------------------------------------------------------- refused use

// The message says what to do instead.
void expect_advice(const usage_error& error, const std::string& advice) {
  EXPECT_NE(std::string(error.what()).find(advice), std::string::npos) << error.what();
}

TEST_F(join_handle_test, get_on_a_worker_is_refused) {
  auto body = []() -> task<> {
    auto handle = spawn(number(1), "answer");
    try {
      handle.get();
      ADD_FAILURE();
    } catch (const usage_error& error) {
      expect_advice(error, "co_await");
      expect_advice(error, "'answer'");
    }
    // Nothing is lost.
    const int got = co_await handle;
    EXPECT_EQ(got, 1);
  };
  run(body(), options().workers(2));
}

TEST_F(join_handle_test, a_second_retrieval_is_refused) {
  runtime workers(options().workers(1));
  auto handle = workers.spawn(number(1));
  EXPECT_EQ(handle.get(), 1);
  try {
    handle.get();
    ADD_FAILURE();
  } catch (const usage_error& error) {
    expect_advice(error, "taken already");
  }
}

TEST_F(join_handle_test, spawn_outside_a_task_is_refused) {
  try {
    auto handle = spawn(nothing());
    ADD_FAILURE();
  } catch (const usage_error& error) {
    expect_advice(error, "runtime::spawn");
  }
}

TEST_F(join_handle_test, an_empty_task_is_refused) {
  runtime workers(options().workers(1));
  task<> empty;
  EXPECT_THROW((void)workers.spawn(std::move(empty)), usage_error);
  EXPECT_EQ(workers.live_tasks(), 0U);
  auto body = []() -> task<bool> {
    task<int> moved_from = number(1);
    const task<int> to = std::move(moved_from);
    try {
      (void)spawn(std::move(moved_from));  // NOLINT(bugprone-use-after-move)
    } catch (const usage_error&) {
      co_return true;
    }
    co_return false;
  };
  EXPECT_TRUE(workers.run(body()));
}

// --------------------------------------------------------------------------------- cancellation

task<> cancel_while_sleeping() {
  bool cancelled_there = false;
  auto handle = spawn(sleep_long(cancelled_there));
  co_await sleep_for(1s);
  EXPECT_FALSE(handle.done());
  const clock::time_point before = clock::now();
  handle.cancel();
  bool thrown = false;
  try {
    co_await handle;
  } catch (const cancelled&) {
    thrown = true;
  }
  EXPECT_TRUE(thrown);
  EXPECT_TRUE(cancelled_there);
  EXPECT_EQ(clock::now(), before);
}

TEST_P(spawn_test, cancel_while_sleeping) {
  in_simulated_orders(GetParam(), [] { return cancel_while_sleeping(); });
}

// It has not run yet: it starts, and is told at its first suspension.
task<> cancel_while_queued() {
  bool started = false;
  bool ended = false;
  auto waits = [](bool& began, bool& finished) -> task<> {
    const counted frame;
    began = true;
    co_await sleep_for(1h);
    finished = true;
  };
  auto handle = spawn(waits(started, ended));
  handle.cancel();
  bool thrown = false;
  try {
    co_await handle;
  } catch (const cancelled&) {
    thrown = true;
  }
  EXPECT_TRUE(started);
  EXPECT_FALSE(ended);
  EXPECT_TRUE(thrown);
}

TEST_P(spawn_test, cancel_while_queued) {
  in_many_orders(GetParam(), [] { return cancel_while_queued(); });
}

task<> awaits(join_handle<>& inner, bool& cancelled_there) {
  const counted frame;
  try {
    co_await inner;
  } catch (const cancelled&) {
    cancelled_there = true;
  }
}

// The wait ends, the task that was awaited goes on, and the handle can be awaited again.
task<> cancel_while_joining() {
  auto sleeps = []() -> task<> {
    const counted frame;
    co_await sleep_for(10s);
  };
  auto inner = spawn(sleeps());
  bool cancelled_there = false;
  auto outer = spawn(awaits(inner, cancelled_there));
  co_await sleep_for(1s);
  outer.cancel();
  co_await outer;
  EXPECT_TRUE(cancelled_there);
  EXPECT_TRUE(inner.valid());
  EXPECT_FALSE(inner.done());
  co_await inner;
  EXPECT_EQ(clock::now().time_since_epoch(), 10s);
}

TEST_P(spawn_test, cancel_while_joining) {
  in_simulated_orders(GetParam(), [] { return cancel_while_joining(); });
}

task<> cancel_after_the_end() {
  auto handle = spawn(number(4));
  while (!handle.done())
    co_await yield();
  handle.cancel();
  const int got = co_await handle;
  EXPECT_EQ(got, 4);
}

TEST_P(spawn_test, cancel_after_the_end_changes_nothing) {
  in_many_orders(GetParam(), [] { return cancel_after_the_end(); });
}

// A task may finish what it has begun: it is told at every suspension, and decides.
task<> cancelled_again_and_again() {
  int times = 0;
  auto stubborn = [](int& count) -> task<int> {
    const counted frame;
    for (int i = 0; i < 3; ++i) {
      try {
        co_await sleep_for(1h);
      } catch (const cancelled&) {
        ++count;
      }
    }
    co_return 9;
  };
  auto handle = spawn(stubborn(times));
  co_await sleep_for(1s);
  handle.cancel();
  handle.cancel();
  const int got = co_await handle;
  EXPECT_EQ(got, 9);
  EXPECT_EQ(times, 3);
}

TEST_P(spawn_test, every_suspension_of_a_cancelled_task_throws) {
  in_simulated_orders(GetParam(), [] { return cancelled_again_and_again(); });
}

// The canceller and the end of the task meet, in every order: the handle gives one of the two.
task<> cancel_against_the_end(std::size_t& completed, std::size_t& lost) {
  auto sleeps = []() -> task<int> {
    const counted frame;
    co_await sleep_for(1s);
    co_return 1;
  };
  auto handle = spawn(sleeps());
  co_await sleep_for(1s);
  handle.cancel();
  try {
    const int got = co_await handle;
    EXPECT_EQ(got, 1);
    ++completed;
  } catch (const cancelled&) {
    ++lost;
  }
}

TEST_F(join_handle_test, cancel_against_the_end) {
  std::size_t completed = 0;
  std::size_t lost = 0;
  for (const std::size_t workers : {1U, 2U, 8U}) {
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
      simulate(cancel_against_the_end(completed, lost),
               simulation_options().workers(workers).seed(seed));
    }
  }
  EXPECT_EQ(completed + lost, 150U);
  EXPECT_GT(completed, 0U);
  EXPECT_GT(lost, 0U);
}

// ------------------------------------------------------------------------------------ detaching

TEST_P(spawn_test, a_dropped_handle_lets_the_task_run_on) {
  in_simulated_orders(GetParam(), [] {
    auto body = []() -> task<> {
      int ended = 0;
      auto sleeps = [](int& count) -> task<> {
        const counted frame;
        co_await sleep_for(1s);
        ++count;
      };
      {
        const auto dropped = spawn(sleeps(ended));
      }
      auto detached = spawn(sleeps(ended));
      detached.detach();
      EXPECT_FALSE(detached.valid());
      co_await sleep_for(2s);
      EXPECT_EQ(ended, 2);
    };
    return body();
  });
}

TEST_P(spawn_test, a_result_that_nobody_takes_is_destroyed) {
  in_many_orders(GetParam(), [] {
    auto body = []() -> task<> {
      auto gives = []() -> task<counted> { co_return counted(); };
      spawn(gives()).detach();
      auto kept = spawn(gives());
      while (!kept.done())
        co_await yield();
    };
    return body();
  });
  EXPECT_EQ(counted::live(), 0);
}

// ------------------------------------------------------------------------------------ reporting

TEST_P(spawn_test, an_exception_that_nobody_retrieves_is_reported_once) {
  reports told;
  const std::uint_least32_t line = std::source_location::current().line() + 3;
  {
    runtime workers(options().workers(GetParam()).on_report(told.hook()));
    workers.spawn(fail("spilled"), "milk").detach();
    while (workers.live_tasks() != 0)
      std::this_thread::yield();
  }
  const std::vector<report> all = told.all();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].what, report::kind::unretrieved_exception);
  EXPECT_EQ(all[0].task_name, "milk");
  EXPECT_NE(all[0].task_id, 0U);
  EXPECT_EQ(all[0].spawned_at.line(), line);
  EXPECT_NE(std::string(all[0].spawned_at.file_name()).find("spawn_test.cc"), std::string::npos);
  EXPECT_NE(all[0].message.find("spilled"), std::string::npos) << all[0].message;
}

TEST_P(spawn_test, an_exception_that_was_retrieved_is_not_reported) {
  reports told;
  {
    runtime workers(options().workers(GetParam()).on_report(told.hook()));
    auto handle = workers.spawn(fail("seen"));
    EXPECT_THROW(handle.get(), std::runtime_error);
  }
  EXPECT_TRUE(told.all().empty());
}

TEST_P(spawn_test, a_cancellation_is_not_reported) {
  reports told;
  bool cancelled_there = false;
  {
    runtime workers(options().workers(GetParam()).on_report(told.hook()));
    workers.spawn(sleep_long(cancelled_there)).detach();
  }
  EXPECT_TRUE(cancelled_there);
  EXPECT_TRUE(told.all().empty());
}

TEST_F(join_handle_test, what_is_no_std_exception_is_reported_too) {
  reports told;
  {
    runtime workers(options().workers(1).on_report(told.hook()));
    auto throws = []() -> task<> {
      co_await yield();
      throw 5;  // NOLINT(hicpp-exception-baseclass)
    };
    workers.spawn(throws()).detach();
    while (workers.live_tasks() != 0)
      std::this_thread::yield();
  }
  const std::vector<report> all = told.all();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_NE(all[0].message.find("no std::exception"), std::string::npos) << all[0].message;
}

TEST_F(join_handle_test, a_hook_that_throws_is_not_the_end) {
  auto hook = [](const report&) { throw std::runtime_error("hook"); };
  runtime workers(options().workers(1).on_report(hook));
  workers.spawn(fail("first")).detach();
  EXPECT_EQ(workers.run(number(1)), 1);
}

// ------------------------------------------------------------------------------ beyond a runtime

TEST_F(join_handle_test, outlives_the_runtime) {
  join_handle<int> ended;
  join_handle<> cancelled_one;
  bool cancelled_there = false;
  {
    runtime workers(options().workers(2));
    ended = workers.spawn(number(6), "ended");
    while (!ended.done())
      std::this_thread::yield();
    cancelled_one = workers.spawn(sleep_long(cancelled_there));
  }
  EXPECT_TRUE(ended.done());
  EXPECT_EQ(ended.name(), "ended");
  ended.cancel();
  EXPECT_EQ(ended.get(), 6);
  EXPECT_TRUE(cancelled_one.done());
  cancelled_one.cancel();
  EXPECT_THROW(cancelled_one.get(), cancelled);
  EXPECT_TRUE(cancelled_there);
}

TEST_F(join_handle_test, dropped_after_the_runtime_still_reports) {
  reports told;
  {
    join_handle<> failed;
    {
      runtime workers(options().workers(1).on_report(told.hook()));
      failed = workers.spawn(fail("late"));
      while (!failed.done())
        std::this_thread::yield();
    }
    EXPECT_TRUE(told.all().empty());
  }
  EXPECT_EQ(told.all().size(), 1U);
}

// A task of one runtime awaits one of another.
TEST_F(join_handle_test, awaited_in_another_runtime) {
  runtime here(options().workers(1));
  runtime there(options().workers(2));
  for (int i = 0; i < 100; ++i) {
    auto body = [&there](int value) -> task<int> {
      auto handle = there.spawn(number(value));
      const int got = co_await handle;
      co_return got + 1;
    };
    EXPECT_EQ(here.run(body(i)), i + 1);
  }
}

}  // namespace
}  // namespace magpie::testing
