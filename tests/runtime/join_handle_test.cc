#include "magpie/runtime/sleep.h"
#include "magpie/runtime/spawn.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <thread>
#include <utility>

#include "magpie/runtime/error.h"
#include "magpie/runtime/gather.h"
#include "magpie/runtime/run.h"
#include "magpie/runtime/testing/simulation.h"
#include "magpie/tests/runtime/leftovers.h"
#include "magpie/tests/runtime/spawned.h"

namespace magpie::testing {
namespace join_handle_test {

using namespace std::chrono_literals;

class join_handle_test : public runtime_test {};

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
  EXPECT_THROW((void)handle.id(), usage_error);
  EXPECT_THROW((void)handle.name(), usage_error);
  EXPECT_TRUE(handle.done());
  handle.cancel();
  handle.detach();
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

// ----------------------------------------------------------------- used by several, moved, dropped

// In every order of a few workers.
template <class Make>
void in_many_orders(Make make) {
  for (const std::size_t workers : {1U, 2U}) {
    for (std::uint64_t seed = 0; seed < 50; ++seed)
      simulate(make(), simulation_options().workers(workers).seed(seed));
  }
}

task<std::string> text_later() {
  const counted frame;
  co_await sleep_for(10ms);
  co_return std::string(100, 'x');
}

// Whether it had the text; the other way to end is to be refused.
task<bool> take_text(join_handle<std::string>& from) {
  std::string text;
  try {
    text = co_await from;
  } catch (const usage_error&) {
    co_return false;
  }
  EXPECT_EQ(text, std::string(100, 'x'));
  co_return true;
}

TEST_F(join_handle_test, one_of_two_that_await_it_has_the_result) {
  auto late = [](join_handle<std::string>& from, clock::duration delay) -> task<bool> {
    co_await sleep_for(delay);
    const bool had = co_await take_text(from);
    co_return had;
  };
  for (const clock::duration delay : {0ms, 9ms, 10ms, 11ms}) {
    in_many_orders([&] {
      auto body = [](auto second, clock::duration after) -> task<> {
        auto handle = spawn(text_later());
        const auto [first_had, second_had] =
            co_await gather(take_text(handle), second(handle, after));
        EXPECT_NE(first_had, second_had);
        EXPECT_FALSE(handle.valid());
      };
      return body(late, delay);
    });
  }
}

TEST_F(join_handle_test, dropped_or_moved_while_it_is_awaited) {
  auto drop = [](join_handle<std::string>& handle) -> task<> {
    co_await sleep_for(5ms);
    handle.detach();
  };
  auto move_away = [](join_handle<std::string>& handle) -> task<> {
    co_await sleep_for(5ms);
    const join_handle<std::string> moved = std::move(handle);
  };
  auto body = [](auto while_waiting) -> task<> {
    auto handle = spawn(text_later());
    const auto [had, nothing] = co_await gather(take_text(handle), while_waiting(handle));
    EXPECT_TRUE(had);
    EXPECT_FALSE(handle.valid());
  };
  in_many_orders([&] { return body(drop); });
  in_many_orders([&] { return body(move_away); });
}

// Who has been cancelled waits no more, also before it has run again.
TEST_F(join_handle_test, another_may_wait_when_the_first_has_been_cancelled) {
  in_many_orders([] {
    auto wait = [](join_handle<std::string>& handle) -> task<> { co_await handle; };
    auto body = [](auto waits) -> task<> {
      auto handle = spawn(text_later());
      auto waiter = spawn(waits(handle));
      co_await sleep_for(1ms);
      waiter.cancel();
      const bool had = co_await take_text(handle);
      EXPECT_TRUE(had);
      bool waiter_cancelled = false;
      try {
        co_await waiter;
      } catch (const cancelled&) {
        waiter_cancelled = true;
      }
      EXPECT_TRUE(waiter_cancelled);
    };
    return body(wait);
  });
}

TEST_F(join_handle_test, the_outcome_is_taken_once) {
  runtime workers(options().workers(1));
  join_handle<int> handle = workers.spawn(number(5));
  EXPECT_EQ(handle.get(), 5);
  EXPECT_FALSE(handle.valid());
  EXPECT_THROW(handle.get(), usage_error);
  auto awaits = [&handle]() -> task<> { co_await handle; };
  EXPECT_THROW(workers.run(awaits()), usage_error);
  EXPECT_TRUE(handle.done());
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
    // Nothing is blocked by one that has ended.
    auto ended = spawn(number(2));
    while (!ended.done())
      co_await yield();
    EXPECT_EQ(ended.get(), 2);
  };
  run(body(), options().workers(1));
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

// At the same moment: one has the outcome, and nobody waits for ever.
TEST_F(join_handle_test, two_workers_await_one_handle) {
  std::atomic<int> refused{0};
  std::atomic<int> taken{0};
  auto wait = [&](join_handle<int>& of) -> task<> {
    try {
      co_await of;
      ++taken;
    } catch (const usage_error&) {
      ++refused;
    }
  };
  auto body = [&]() -> task<> {
    for (int i = 0; i < 1000; ++i) {
      auto handle = spawn(number(1));
      co_await gather(wait(handle), wait(handle), wait(handle));
    }
  };
  run(body(), options().workers(4));
  EXPECT_EQ(taken.load(), 1000);
  EXPECT_EQ(refused.load(), 2000);
}

}  // namespace join_handle_test
}  // namespace magpie::testing
