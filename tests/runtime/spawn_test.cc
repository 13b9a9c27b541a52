#include "magpie/runtime/spawn.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <set>
#include <source_location>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "magpie/runtime/run.h"
#include "magpie/runtime/sleep.h"
#include "magpie/tests/runtime/leftovers.h"
#include "magpie/tests/runtime/schedules.h"
#include "magpie/tests/runtime/spawned.h"

namespace magpie::testing {
namespace spawn_test {

using namespace std::chrono_literals;

class spawn_test : public over_workers {};
MAGPIE_OVER_WORKERS(spawn_test);

class spawned_handle_test : public runtime_test {};

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

TEST_F(spawned_handle_test, the_task_does_not_run_before_the_caller_suspends) {
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

TEST_F(spawned_handle_test, what_is_no_std_exception_is_reported_too) {
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

TEST_F(spawned_handle_test, a_hook_that_throws_is_not_the_end) {
  auto hook = [](const report&) { throw std::runtime_error("hook"); };
  runtime workers(options().workers(1).on_report(hook));
  workers.spawn(fail("first")).detach();
  EXPECT_EQ(workers.run(number(1)), 1);
}

}  // namespace spawn_test
}  // namespace magpie::testing
