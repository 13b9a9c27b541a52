#include "magpie/runtime/from_callback.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include "magpie/runtime/call_later.h"
#include "magpie/runtime/error.h"
#include "magpie/runtime/outcome.h"
#include "magpie/runtime/run.h"
#include "magpie/runtime/sleep.h"
#include "magpie/runtime/spawn.h"
#include "magpie/runtime/testing/cancel_sweep.h"
#include "magpie/runtime/testing/simulation.h"
#include "magpie/tests/runtime/ended_with.h"
#include "magpie/tests/runtime/leftovers.h"
#include "magpie/tests/runtime/scarce_memory.h"
#include "magpie/tests/runtime/schedules.h"

namespace magpie::testing {
namespace from_callback_test {

using namespace std::chrono_literals;

class from_callback_test : public over_workers {};
MAGPIE_OVER_WORKERS(from_callback_test);

// A library with callbacks: keeps them, and calls them when it is told to.
class library {
 public:
  void ask(std::function<void(int)> callback) { kept_ = std::move(callback); }
  void answer(int value) { kept_(value); }
  void forget() { kept_ = nullptr; }

 private:
  std::function<void(int)> kept_;
};

task<int> ask(library& whom) {
  const counted frame;
  co_return co_await from_callback<int>([&](callback_result<int> to) { whom.ask(to); });
}

TEST_P(from_callback_test, a_callback_that_is_called_at_once) {
  auto body = []() -> task<> {
    const int got = co_await from_callback<int>([](const callback_result<int>& to) { to(7); });
    EXPECT_EQ(got, 7);
    co_await from_callback([](const callback_result<>& to) { to(); });
    const std::unique_ptr<int> moved = co_await from_callback<std::unique_ptr<int>>(
        [](const callback_result<std::unique_ptr<int>>& to) { to(std::make_unique<int>(8)); });
    EXPECT_EQ(*moved, 8);
  };
  in_many_orders(GetParam(), body);
}

TEST_P(from_callback_test, a_callback_that_is_called_later) {
  auto body = []() -> task<> {
    library somebody;
    call_later(3s, [&somebody] { somebody.answer(4); });
    const auto start = clock::now();
    const int got = co_await ask(somebody);
    EXPECT_EQ(got, 4);
    EXPECT_EQ(clock::now() - start, 3s);
    somebody.answer(5);  // Which nobody waits for.
  };
  in_simulated_orders(GetParam(), body);
}

TEST_P(from_callback_test, a_plain_thread_calls) {
  auto body = [](int value) -> task<int> {
    std::thread calls;
    const int got = co_await from_callback<int>([&](callback_result<int> to) {
      calls = std::thread([to = std::move(to), value] { to(value); });
    });
    calls.join();
    co_return got;
  };
  runtime world(options().workers(GetParam()));
  for (int i = 0; i < 100; ++i)
    EXPECT_EQ(world.run(body(i)), i);
}

TEST_P(from_callback_test, one_that_is_dropped_is_told) {
  auto at_once = []() -> task<int> {
    co_return co_await from_callback<int>([](const callback_result<int>&) {});
  };
  auto body = [&]() -> task<> {
    const outcome<int> first = co_await outcome_of(at_once());
    EXPECT_TRUE(ended_with<broken_promise>(first));
    library somebody;
    auto asks = spawn(outcome_of(ask(somebody)));
    co_await sleep_for(1s);
    somebody.forget();
    const outcome<int> second = co_await asks;
    EXPECT_TRUE(ended_with<broken_promise>(second));
  };
  in_simulated_orders(GetParam(), body);
}

TEST_P(from_callback_test, errors_of_the_start_and_of_the_result) {
  auto starts_badly = []() -> task<int> {
    co_return co_await from_callback<int>([](const callback_result<int>& to) {
      to(1);
      throw std::out_of_range("at the start");
    });
  };
  auto ends_badly = []() -> task<int> {
    co_return co_await from_callback<int>([](const callback_result<int>& to) {
      EXPECT_THROW(to.fail(nullptr), usage_error);
      to.fail(std::make_exception_ptr(std::domain_error("at the end")));
    });
  };
  auto body = [&]() -> task<> {
    const outcome<int> first = co_await outcome_of(starts_badly());
    EXPECT_TRUE(ended_with<std::out_of_range>(first));
    const outcome<int> second = co_await outcome_of(ends_badly());
    EXPECT_TRUE(ended_with<std::domain_error>(second));
  };
  in_many_orders(GetParam(), body);
}

TEST_P(from_callback_test, the_first_call_counts) {
  auto body = []() -> task<> {
    const int got = co_await from_callback<int>([](const callback_result<int>& to) {
      const callback_result<int> copy = to;
      copy(1);
      to(2);
      to.fail(std::make_exception_ptr(3));
    });
    EXPECT_EQ(got, 1);
  };
  in_many_orders(GetParam(), body);
}

// The value reaches the task, or nobody, and is destroyed either way.
TEST_P(from_callback_test, cancelled_at_every_moment) {
  using value = std::unique_ptr<counted>;
  struct scene {
    std::optional<callback_result<value>> kept;
  };
  auto waits = [](scene& on) -> task<> {
    const counted frame;
    co_await from_callback<value>([&](const callback_result<value>& to) { on.kept = to; });
  };
  auto calls = [](scene& on) -> task<> {
    co_await sleep_for(1s);
    if (on.kept) (*on.kept)(std::make_unique<counted>());
  };
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    std::optional<scene> on;
    auto begin = [&](simulation& world) {
      on.emplace();
      cast players;
      players.victim = world.spawn(waits(*on));
      players.others.push_back(world.spawn(calls(*on)));
      return players;
    };
    auto check = [&on] {
      on.reset();
      ASSERT_EQ(counted::live(), 0);
    };
    const auto settings = simulation_options().workers(GetParam()).seed(seed);
    EXPECT_GT(cancel_sweep(settings, begin, check), 2U);
  }
}

TEST(from_callback_memory_test, without_memory_nothing_is_kept) {
  MAGPIE_NEEDS_COUNTED_ALLOCATIONS();
  auto ask_at_once = []() -> task<> {
    const counted frame;
    co_await from_callback<counted>([](const callback_result<counted>& to) { to(counted()); });
  };
  auto check = [] { EXPECT_EQ(counted::live(), 0); };
  const std::size_t refused = simulate(with_scarce_memory(ask_at_once, check));
  EXPECT_GT(refused, 0U);
  EXPECT_LT(refused, 20U);
}

TEST_P(from_callback_test, a_call_after_the_end_of_the_runtime_does_nothing) {
  std::optional<callback_result<int>> kept;
  auto asks = [&kept]() -> task<> {
    co_await from_callback<int>([&](const callback_result<int>& to) { kept = to; });
  };
  {
    runtime world(options().workers(GetParam()));
    world.spawn(asks()).detach();
  }
  ASSERT_TRUE(kept);
  (*kept)(1);
}

TEST_P(from_callback_test, a_call_and_a_cancellation_meet) {
  runtime world(options().workers(GetParam()));
  for (int round = 0; round < 200; ++round) {
    std::thread calls;
    auto body = [](std::thread& thread) -> task<> {
      co_await from_callback<counted>([&](callback_result<counted> to) {
        thread = std::thread([to = std::move(to)] { to(counted()); });
      });
    };
    auto handle = world.spawn(body(calls));
    handle.cancel();
    try {
      handle.get();
    } catch (const cancelled&) {
      // It came first.
    }
    if (calls.joinable()) calls.join();
  }
}

}  // namespace from_callback_test
}  // namespace magpie::testing
