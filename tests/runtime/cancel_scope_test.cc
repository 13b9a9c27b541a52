#include "magpie/runtime/cancel_scope.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <utility>

#include "magpie/runtime/error.h"
#include "magpie/runtime/gather.h"
#include "magpie/runtime/sleep.h"
#include "magpie/runtime/spawn.h"
#include "magpie/runtime/testing/cancel_sweep.h"
#include "magpie/runtime/testing/simulation.h"
#include "magpie/tests/runtime/ends_cancelled.h"
#include "magpie/tests/runtime/leftovers.h"
#include "magpie/tests/runtime/naps.h"
#include "magpie/tests/runtime/schedules.h"

namespace magpie::testing {
namespace cancel_scope_test {

using namespace std::chrono_literals;

class cancel_scope_test : public over_workers {};
MAGPIE_OVER_WORKERS(cancel_scope_test);

task<> cancel_after(clock::duration delay, cancel_scope& scope) {
  co_await sleep_for(delay);
  scope.cancel();
}

TEST_P(cancel_scope_test, ends_what_runs_under_it_and_nothing_else) {
  auto body = []() -> task<> {
    cancel_scope scope;
    auto canceller = spawn(cancel_after(1s, scope));
    const std::optional<int> inside = co_await scope.run(nap(5s, 1));
    EXPECT_FALSE(inside.has_value());
    EXPECT_TRUE(scope.cancel_requested());
    const int outside = co_await nap(5s, 2);
    EXPECT_EQ(outside, 2);
    co_await canceller;
  };
  in_simulated_orders(GetParam(), body);
}

TEST_P(cancel_scope_test, gives_the_value_when_nobody_cancels) {
  auto fails = []() -> task<> {
    co_await yield();
    throw std::runtime_error("inner");
  };
  auto body = [&]() -> task<> {
    cancel_scope scope;
    const std::optional<int> value = co_await scope.run(nap(1s, 7));
    EXPECT_EQ(value, 7);
    const bool ended = co_await scope.run(cancel_after(1s, scope));
    EXPECT_TRUE(ended);  // Cancelled too late.
    int local = 3;
    cancel_scope other;
    auto refers = [&local]() -> task<int&> { co_return local; };
    int* const reference = co_await other.run(refers());
    EXPECT_EQ(reference, &local);
    bool failed = false;
    try {
      co_await other.run(fails());
    } catch (const std::runtime_error&) {
      failed = true;
    }
    EXPECT_TRUE(failed);
  };
  in_simulated_orders(GetParam(), body);
}

TEST_P(cancel_scope_test, reaches_children_of_children_and_later_ones) {
  auto branch = [](auto& self, int depth) -> task<> {
    const counted frame;
    if (depth == 0) co_await sleep_for(1h);
    if (depth > 0) co_await gather(self(self, depth - 1), self(self, depth - 1));
  };
  auto body = [&]() -> task<> {
    cancel_scope scope;
    auto canceller = spawn(cancel_after(1s, scope));
    const bool all = co_await scope.run(branch(branch, 3));
    EXPECT_FALSE(all);
    co_await canceller;
    const std::optional<int> late = co_await scope.run(nap(1ns, 1));
    EXPECT_FALSE(late.has_value());
  };
  in_simulated_orders(GetParam(), body);
}

// What needs no suspension runs to its end under a cancelled scope.
TEST(cancel_scope_value_test, a_value_that_is_there_has_won) {
  auto stubborn = []() -> task<int> {
    try {
      co_await sleep_for(1h);
    } catch (const cancelled&) {
    }
    co_return 5;
  };
  auto body = [&]() -> task<> {
    cancel_scope scope;
    scope.cancel();
    const std::optional<int> value = co_await scope.run(stubborn());
    EXPECT_EQ(value, 5);
  };
  simulate(body());
}

// Tokio's CancellationToken: one scope, tasks everywhere.
TEST_P(cancel_scope_test, many_tasks_run_under_one) {
  auto member = [](cancel_scope& scope, int& ended) -> task<> {
    const std::optional<int> value = co_await scope.run(nap(1h, 1));
    ended += value.has_value() ? 1000 : 1;
  };
  auto body = [&]() -> task<> {
    cancel_scope scope;
    int ended = 0;
    std::vector<join_handle<>> members;
    for (int i = 0; i < 10; ++i)
      members.push_back(spawn(member(scope, ended)));
    co_await cancel_after(1s, scope);
    for (auto& one : members)
      co_await one;
    EXPECT_EQ(ended, 10);
  };
  in_simulated_orders(GetParam(), body);
}

// Two scopes, one inside the other: each tells only of its own cancellation.
TEST_P(cancel_scope_test, the_outer_one_goes_first) {
  auto inner = [](cancel_scope& scope, bool& passed) -> task<> {
    const std::optional<int> value = co_await scope.run(nap(1h, 1));
    passed = true;
    EXPECT_FALSE(value.has_value());
  };
  auto body = [&]() -> task<> {
    for (const bool both : {false, true}) {
      cancel_scope outside;
      cancel_scope inside;
      bool passed = false;
      auto first = spawn(cancel_after(1s, inside));
      if (both) outside.cancel();
      const bool whole = co_await outside.run(inner(inside, passed));
      EXPECT_EQ(whole, !both);
      EXPECT_EQ(passed, !both);
      co_await first;
    }
  };
  in_simulated_orders(GetParam(), body);
}

// Any thread may cancel, at the moment when the task ends by itself.
TEST(cancel_scope_race_test, cancel_from_outside_while_it_ends) {
  for (int round = 0; round < 200; ++round) {
    runtime world(options().workers(2));
    cancel_scope scope;
    auto body = [&scope]() -> task<> {
      auto yields = []() -> task<> {
        for (int i = 0; i < 20; ++i)
          co_await yield();
      };
      co_await scope.run(yields());
    };
    auto handle = world.spawn(body());
    scope.cancel();
    handle.get();
  }
}

TEST(cancel_scope_misuse_test, an_empty_task_is_refused) {
  auto body = []() -> task<> {
    cancel_scope scope;
    task<> none;
    bool refused = false;
    try {
      co_await scope.run(std::move(none));
    } catch (const usage_error&) {
      refused = true;
    }
    EXPECT_TRUE(refused);
  };
  simulate(body());
}

// ------------------------------------------------------------------------------------ shield

class shield_test : public over_workers {};
MAGPIE_OVER_WORKERS(shield_test);

task<> saves(bool& saved) {
  const counted frame;
  co_await sleep_for(5s);
  co_await gather(nap(1s, 1), nap(2s, 2));
  saved = true;
}

TEST_P(shield_test, what_it_covers_ends_before_the_cancelled_task_does) {
  auto covered = [](bool& saved, bool& went_on) -> task<> {
    co_await shield(saves(saved));
    went_on = true;
    co_await yield();
    ADD_FAILURE() << "the cancellation was lost";
  };
  auto body = [&]() -> task<> {
    bool saved = false;
    bool went_on = false;
    auto handle = spawn(covered(saved, went_on));
    co_await sleep_for(1s);
    handle.cancel();
    const bool was_cancelled = co_await ends_cancelled(handle);
    EXPECT_TRUE(was_cancelled);
    EXPECT_TRUE(saved);
    EXPECT_TRUE(went_on);
    EXPECT_EQ(clock::now().time_since_epoch(), 7s);
  };
  in_simulated_orders(GetParam(), body);
}

// Cleaning up in a task that has been cancelled already.
TEST_P(shield_test, lets_a_cancelled_task_wait) {
  auto cleans = [](bool& saved) -> task<> {
    bool stopped = false;
    try {
      co_await sleep_for(1h);
    } catch (const cancelled&) {
      stopped = true;
    }
    if (stopped) co_await shield(saves(saved));
  };
  auto body = [&]() -> task<> {
    bool saved = false;
    auto handle = spawn(cleans(saved));
    co_await sleep_for(1s);
    handle.cancel();
    co_await handle;
    EXPECT_TRUE(saved);
  };
  in_simulated_orders(GetParam(), body);
}

// A scope inside a shield still works; so does what fails.
TEST_P(shield_test, covers_only_from_outside) {
  auto inside = [](cancel_scope& scope) -> task<int> {
    const std::optional<int> value = co_await scope.run(nap(1h, 1));
    co_return value.value_or(42);
  };
  auto body = [&]() -> task<> {
    cancel_scope outer;
    cancel_scope inner;
    auto shielded = [&]() -> task<int> { co_return co_await shield(inside(inner)); };
    outer.cancel();
    auto canceller = spawn(cancel_after(1s, inner));
    const std::optional<int> value = co_await outer.run(shielded());
    EXPECT_EQ(value, 42);
    co_await canceller;
  };
  in_simulated_orders(GetParam(), body);
}

TEST_P(shield_test, at_every_moment) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    std::optional<bool> saved;
    bool begun = false;
    auto victim = [&]() -> task<> {
      co_await nap(1s, 1);
      begun = true;
      bool done = false;
      co_await shield(saves(done));
      saved = done;
      co_await nap(1s, 1);
    };
    auto begin = [&](simulation& world) {
      begun = false;
      saved.reset();
      cast players;
      players.victim = world.spawn(victim());
      return players;
    };
    auto check = [&] {
      EXPECT_EQ(saved.has_value(), begun);
      EXPECT_TRUE(!saved || *saved);
      ASSERT_EQ(counted::live(), 0);
    };
    EXPECT_GT(cancel_sweep(simulation_options().workers(GetParam()).seed(seed), begin, check), 4U);
  }
}

}  // namespace cancel_scope_test
}  // namespace magpie::testing
