#include "magpie/runtime/stop_token.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

#include "magpie/runtime/blocking.h"
#include "magpie/runtime/call_later.h"
#include "magpie/runtime/cancel_scope.h"
#include "magpie/runtime/error.h"
#include "magpie/runtime/outcome.h"
#include "magpie/runtime/run.h"
#include "magpie/runtime/sleep.h"
#include "magpie/runtime/spawn.h"
#include "magpie/runtime/testing/cancel_sweep.h"
#include "magpie/runtime/testing/simulation.h"
#include "magpie/runtime/timeout.h"
#include "magpie/tests/runtime/ended_with.h"
#include "magpie/tests/runtime/leftovers.h"
#include "magpie/tests/runtime/scarce_memory.h"
#include "magpie/tests/runtime/schedules.h"
#include "magpie/tests/runtime/sleeping.h"
#include "magpie/tests/runtime/spawned.h"

namespace magpie::testing {
namespace stop_token_test {

using namespace std::chrono_literals;

class stop_token_test : public over_workers {};
MAGPIE_OVER_WORKERS(stop_token_test);

// ------------------------------------------------------------------------------------ from a token

TEST_P(stop_token_test, a_stop_cancels_the_task_and_not_its_caller) {
  auto body = []() -> task<> {
    std::stop_source source;
    bool was_cancelled = false;
    call_later(1s, [&source] { source.request_stop(); });
    const auto start = clock::now();
    const bool ended =
        co_await with_stop_token(source.get_token(), sleep_unless_cancelled(was_cancelled, 1h));
    EXPECT_FALSE(ended);
    EXPECT_TRUE(was_cancelled);
    EXPECT_EQ(clock::now() - start, 1s);
    co_await sleep_for(1s);
    // One that has been stopped before cancels at the first suspension.
    const std::optional<int> needs_none = co_await with_stop_token(source.get_token(), number(5));
    EXPECT_EQ(needs_none, 5);
    const bool late = co_await with_stop_token(source.get_token(), fail("not so far"));
    EXPECT_FALSE(late);
  };
  in_simulated_orders(GetParam(), body);
}

TEST_P(stop_token_test, without_a_stop_it_gives_what_the_task_gives) {
  auto refers = [](int& to) -> task<int&> {
    co_await yield();
    co_return to;
  };
  auto body = [&]() -> task<> {
    std::stop_source source;
    const std::optional<int> value = co_await with_stop_token(source.get_token(), number(4));
    EXPECT_EQ(value, 4);
    int here = 0;
    int* const place = co_await with_stop_token(source.get_token(), refers(here));
    EXPECT_EQ(place, &here);
    const bool ended = co_await with_stop_token(std::stop_token(), nothing());
    EXPECT_TRUE(ended);
    auto failing = with_stop_token(source.get_token(), fail("by itself"));
    const outcome<bool> failed = co_await outcome_of(std::move(failing));
    EXPECT_TRUE(ended_with<std::runtime_error>(failed));
    auto empty = with_stop_token(source.get_token(), task<>());
    const outcome<bool> refused = co_await outcome_of(std::move(empty));
    EXPECT_TRUE(ended_with<usage_error>(refused));
    source.request_stop();  // Nobody is there any more.
  };
  in_many_orders(GetParam(), body);
}

TEST_P(stop_token_test, one_token_stops_many) {
  auto stoppable = [](std::stop_token token) -> task<bool> {
    const counted frame;
    bool was_cancelled = false;
    const bool ended =
        co_await with_stop_token(std::move(token), sleep_unless_cancelled(was_cancelled, 1h));
    co_return !ended && was_cancelled;
  };
  auto body = [&]() -> task<> {
    std::stop_source source;
    std::vector<join_handle<bool>> handles;
    for (int i = 0; i < 20; ++i)
      handles.push_back(spawn(stoppable(source.get_token())));
    co_await sleep_for(1s);
    source.request_stop();
    for (join_handle<bool>& handle : handles) {
      const bool stopped = co_await handle;
      EXPECT_TRUE(stopped);
    }
  };
  in_simulated_orders(GetParam(), body);
}

task<> under_token(std::stop_token token, bool& was_cancelled) {
  const counted frame;
  co_await with_stop_token(std::move(token), sleep_unless_cancelled(was_cancelled, 10s));
}

TEST_P(stop_token_test, a_cancelled_caller_goes_first) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    std::optional<std::stop_source> source;
    bool was_cancelled = false;
    auto stops = [](std::stop_source& what) -> task<> {
      co_await sleep_for(1s);
      what.request_stop();
    };
    auto begin = [&](simulation& world) {
      source.emplace();
      cast players;
      players.victim = world.spawn(under_token(source->get_token(), was_cancelled));
      players.others.push_back(world.spawn(stops(*source)));
      return players;
    };
    auto check = [] { ASSERT_EQ(counted::live(), 0); };
    const auto settings = simulation_options().workers(GetParam()).seed(seed);
    EXPECT_GT(cancel_sweep(settings, begin, check), 2U);
  }
}

// The stop comes while the task ends, and the token's callback with it.
TEST_P(stop_token_test, a_stop_and_the_end_meet) {
  auto short_one = [](int turns) -> task<> {
    const counted frame;
    for (int i = 0; i < turns; ++i)
      co_await yield();
  };
  runtime world(options().workers(GetParam()));
  for (int round = 0; round < 300; ++round) {
    std::stop_source source;
    auto handle = world.spawn(with_stop_token(source.get_token(), short_one(round % 5)));
    std::thread stops([&source] { source.request_stop(); });
    handle.get();
    EXPECT_EQ(counted::live(), 0);
    stops.join();
  }
}

// ------------------------------------------------------------------------------------ to a token

TEST_P(stop_token_test, cancelling_a_task_stops_its_token) {
  auto body = []() -> task<> {
    std::stop_token seen;
    int called = 0;
    bool was_cancelled = false;
    auto waits = [&](std::stop_token token) -> task<> {
      seen = token;
      auto count = [&called] { ++called; };
      const std::stop_callback callback(token, count);
      co_await sleep_unless_cancelled(was_cancelled, 1h);
    };
    cancel_scope scope;
    call_later(1s, [&] {
      EXPECT_FALSE(seen.stop_requested());
      scope.cancel();
    });
    const bool ended = co_await scope.run(with_task_stop_token(std::ref(waits)));
    EXPECT_FALSE(ended);
    EXPECT_TRUE(was_cancelled);
    EXPECT_TRUE(seen.stop_requested());
    EXPECT_LE(called, 1);  // None, if the task was faster than its token.
    const bool in_time = co_await move_on_after(1s, with_task_stop_token(std::ref(waits)));
    EXPECT_FALSE(in_time);
    EXPECT_TRUE(seen.stop_requested());
  };
  in_simulated_orders(GetParam(), body);
}

TEST_P(stop_token_test, what_ends_by_itself_is_not_stopped) {
  auto body = []() -> task<> {
    std::stop_token seen;
    auto gives = [&](std::stop_token token) -> task<int> {
      seen = std::move(token);
      co_await yield();
      co_return 6;
    };
    const int value = co_await with_task_stop_token(std::ref(gives));
    EXPECT_EQ(value, 6);
    EXPECT_FALSE(seen.stop_requested());
    int here = 0;
    auto refers = [&](const std::stop_token&) -> task<int&> { co_return here; };
    int& place = co_await with_task_stop_token(std::ref(refers));
    EXPECT_EQ(&place, &here);
    auto fails = [&](std::stop_token token) -> task<> {
      seen = std::move(token);
      co_await yield();
      throw std::out_of_range("by itself");
    };
    auto failing = with_task_stop_token(std::ref(fails));
    const outcome<void> failed = co_await outcome_of(std::move(failing));
    EXPECT_TRUE(ended_with<std::out_of_range>(failed));
    EXPECT_FALSE(seen.stop_requested());
  };
  in_many_orders(GetParam(), body);
}

// What neither magpie nor the task could interrupt.
int search(const std::stop_token& stop, std::atomic<bool>& begun) {
  begun = true;
  while (!stop.stop_requested())
    std::this_thread::yield();
  return 9;
}

TEST_P(stop_token_test, a_blocking_call_is_stopped_and_its_value_has_won) {
  auto body = [](std::atomic<bool>& begun) -> task<int> {
    auto searches = [&begun](std::stop_token token) -> task<int> {
      co_return co_await blocking([&] { return search(token, begun); });
    };
    co_return co_await with_task_stop_token(std::ref(searches));
  };
  runtime world(options().workers(GetParam()));
  for (int i = 0; i < 20; ++i) {
    std::atomic<bool> begun = false;
    auto handle = world.spawn(body(begun));
    while (!begun)
      std::this_thread::yield();
    handle.cancel();
    EXPECT_EQ(handle.get(), 9);
  }
}

TEST_P(stop_token_test, the_end_of_the_runtime_stops_it) {
  std::atomic<bool> begun = false;
  auto body = [](std::atomic<bool>& flag) -> task<> {
    auto searches = [&flag](std::stop_token token) -> task<> {
      co_await blocking([&] { search(token, flag); });
    };
    co_await with_task_stop_token(std::ref(searches));
  };
  runtime world(options().workers(GetParam()));
  world.spawn(body(begun)).detach();
  while (!begun)
    std::this_thread::yield();
}

// A token that a thread of its own watches, and that outlives the task.
TEST_P(stop_token_test, a_cancellation_and_the_end_meet) {
  auto body = [](std::stop_token& seen, int turns) -> task<> {
    const counted frame;
    auto yields = [&seen, turns](std::stop_token token) -> task<> {
      seen = std::move(token);
      for (int i = 0; i < turns; ++i)
        co_await yield();
    };
    co_await with_task_stop_token(std::ref(yields));
  };
  runtime world(options().workers(GetParam()));
  for (int round = 0; round < 300; ++round) {
    std::stop_token seen;
    auto handle = world.spawn(body(seen, round % 7));
    std::thread cancels([&handle] { handle.cancel(); });
    cancels.join();
    try {
      handle.get();
    } catch (const cancelled&) {
      EXPECT_TRUE(seen.stop_requested());
    }
  }
}

TEST_P(stop_token_test, cancelled_at_every_moment) {
  auto body = []() -> task<> {
    const counted frame;
    auto naps = [](const std::stop_token&) -> task<> {
      const counted inner;
      co_await sleep_for(1s);
      co_await yield();
    };
    co_await with_task_stop_token(naps);
  };
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    auto begin = [&](simulation& world) {
      cast players;
      players.victim = world.spawn(body());
      return players;
    };
    auto check = [] { ASSERT_EQ(counted::live(), 0); };
    const auto settings = simulation_options().workers(GetParam()).seed(seed);
    EXPECT_GT(cancel_sweep(settings, begin, check), 2U);
  }
}

TEST(stop_token_memory_test, without_memory_nothing_is_kept) {
  MAGPIE_NEEDS_COUNTED_ALLOCATIONS();
  auto both = []() -> task<> {
    const counted frame;
    std::stop_source source;
    auto yields = [](const std::stop_token&) -> task<> {
      const counted inner;
      co_await yield();
    };
    co_await with_stop_token(source.get_token(), with_task_stop_token(yields));
  };
  auto check = [] { EXPECT_EQ(counted::live(), 0); };
  const std::size_t refused = simulate(with_scarce_memory(both, check));
  EXPECT_GT(refused, 0U);
  EXPECT_LT(refused, 20U);
}

}  // namespace stop_token_test
}  // namespace magpie::testing
