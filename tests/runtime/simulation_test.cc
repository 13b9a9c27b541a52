#include "magpie/runtime/testing/simulation.h"

#include <gtest/gtest.h>

#include <chrono>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "magpie/runtime/blocking.h"
#include "magpie/runtime/cpu.h"
#include "magpie/runtime/error.h"
#include "magpie/runtime/gather.h"
#include "magpie/runtime/internal/current_worker.h"
#include "magpie/runtime/internal/worker.h"
#include "magpie/runtime/run.h"
#include "magpie/runtime/sleep.h"
#include "magpie/runtime/spawn.h"
#include "magpie/runtime/suspension.h"
#include "magpie/tests/runtime/ends_cancelled.h"
#include "magpie/tests/runtime/leftovers.h"

namespace magpie::testing {
namespace simulation_test {

using namespace std::chrono_literals;

class simulation_test : public over_workers {
 protected:
  simulation_options settings(std::uint64_t seed = 1) const {
    return simulation_options().workers(GetParam()).seed(seed);
  }
};
MAGPIE_OVER_WORKERS(simulation_test);

// Waits for somebody to complete it; nobody does.
class waits_for_nothing : public suspension {
 public:
  static bool await_ready() noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> who) noexcept {
    return arm(who.promise());
  }
  void await_resume() { throw_if_cancelled(disarm()); }
};

task<> hang() {
  const counted frame;
  waits_for_nothing nothing;
  co_await nothing;
}

task<int> number(int value) {
  const counted frame;
  co_return value;
}

task<int> sleep_then_number(clock::duration length) {
  const counted frame;
  co_await sleep_for(length);
  co_return 1;
}

std::size_t worker_index() {
  return internal::current_worker()->index();
}

// A bit of everything. Writes which worker ran what.
task<> everything(std::string& trace) {
  auto step = [&trace](int name, int turns) -> task<int> {
    const counted frame;
    for (int i = 0; i < turns; ++i) {
      trace += std::to_string(name) + "@" + std::to_string(worker_index()) + " ";
      co_await yield();
    }
    co_await sleep_for(std::chrono::milliseconds(name % 3));
    auto job = [name] { return name; };
    const int hopped = co_await cpu(job);
    trace += std::to_string(name) + "!" + std::to_string(worker_index()) + " ";
    co_return hopped;
  };
  auto beside = spawn(step(9, 3), "beside");
  std::vector<task<int>> children;
  for (int i = 0; i < 6; ++i)
    children.push_back(step(i, 2));
  const std::vector<int> results = co_await gather(std::move(children));
  EXPECT_EQ(results, (std::vector<int>{0, 1, 2, 3, 4, 5}));
  const int nine = co_await beside;
  EXPECT_EQ(nine, 9);
}

struct outcome_of_run {
  std::string trace;
  std::uint64_t digest;
  std::uint64_t turns;
  bool operator==(const outcome_of_run&) const = default;
};

outcome_of_run play(const simulation_options& settings) {
  std::string trace;
  simulation world(settings);
  world.run(everything(trace));
  EXPECT_EQ(world.live_tasks(), 0U);
  return {trace, world.decision_hash(), world.turns()};
}

TEST_P(simulation_test, the_same_seed_gives_the_same_run) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const outcome_of_run first = play(settings(seed));
    EXPECT_EQ(first, play(settings(seed))) << seed;
    EXPECT_GT(first.turns, 20U);
  }
}

TEST_P(simulation_test, different_seeds_give_different_runs) {
  std::set<std::uint64_t> digests;
  std::set<std::string> traces;
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    const outcome_of_run run = play(settings(seed));
    digests.insert(run.digest);
    traces.insert(run.trace);
  }
  // With one worker there is nothing to choose but when the jobs run.
  EXPECT_GE(digests.size(), GetParam() == 1 ? 2U : 45U);
  EXPECT_GE(traces.size(), GetParam() == 1 ? 1U : 45U);
}

TEST_P(simulation_test, all_workers_take_part_on_the_calling_thread) {
  std::set<std::size_t> seen;
  std::set<std::thread::id> threads;
  auto look = [&]() -> task<> {
    for (int i = 0; i < 10; ++i) {
      seen.insert(worker_index());
      threads.insert(std::this_thread::get_id());
      co_await yield();
    }
  };
  auto many = [&]() -> task<> {
    std::vector<task<>> all;
    for (int i = 0; i < 50; ++i)
      all.push_back(look());
    co_await gather(std::move(all));
  };
  simulate(many(), settings());
  EXPECT_EQ(seen.size(), GetParam());
  EXPECT_EQ(threads, std::set<std::thread::id>{std::this_thread::get_id()});
}

// ------------------------------------------------------------------------------------------ time

TEST_P(simulation_test, time_stands_still_and_jumps) {
  const auto start = clock::time_point(100h);
  simulation world(settings().start(start));
  EXPECT_EQ(world.now(), start);
  auto body = [&]() -> task<> {
    for (int i = 0; i < 1000; ++i)
      co_await yield();
    EXPECT_EQ(clock::now(), start);
    co_await sleep_for(3h);
    EXPECT_EQ(clock::now(), start + 3h);
  };
  const auto before = std::chrono::steady_clock::now();
  world.run(body());
  EXPECT_EQ(world.now(), start + 3h);
  EXPECT_LT(std::chrono::steady_clock::now() - before, 1min);
  // Outside it, time is as ever.
  EXPECT_GE(clock::now(), before);
}

TEST_P(simulation_test, time_does_not_go_back) {
  simulation world(settings());
  world.run(sleep_then_number(2h));
  world.run(sleep_then_number(-5h));
  EXPECT_EQ(world.now(), clock::time_point(2h));
}

TEST_P(simulation_test, two_worlds_have_two_times) {
  simulation first(settings());
  simulation second(settings());
  first.run(sleep_then_number(1h));
  second.run(sleep_then_number(5h));
  EXPECT_EQ(first.now(), clock::time_point(1h));
  EXPECT_EQ(second.now(), clock::time_point(5h));
}

// -------------------------------------------------------------------------------------- deadlock

std::string deadlock_message(simulation& world, task<> main) {
  try {
    world.run(std::move(main));
  } catch (const deadlock& error) {
    return error.what();
  }
  return "no deadlock";
}

TEST_P(simulation_test, a_deadlock_is_told_with_names) {
  simulation world(settings());
  auto body = []() -> task<> {
    spawn(hang(), "reader").detach();
    spawn(hang(), "writer").detach();
    spawn(number(1), "has ended").detach();
    co_await hang();
  };
  const std::string message = deadlock_message(world, body());
  for (const char* name : {"'main'", "'reader'", "'writer'", "simulation_test.cc:"}) {
    EXPECT_NE(message.find(name), std::string::npos) << message;
  }
  EXPECT_EQ(message.find("has ended"), std::string::npos) << message;
  EXPECT_EQ(world.live_tasks(), 3U);
}

TEST_P(simulation_test, no_deadlock_while_somebody_sleeps) {
  simulation world(settings());
  auto body = []() -> task<> {
    auto stuck = spawn(hang(), "stuck");
    co_await sleep_for(1h);
    stuck.cancel();
    const bool was_cancelled = co_await ends_cancelled(stuck);
    EXPECT_TRUE(was_cancelled);
  };
  EXPECT_EQ(deadlock_message(world, body()), "no deadlock");
}

TEST_P(simulation_test, goes_on_after_a_deadlock) {
  simulation world(settings());
  EXPECT_NE(deadlock_message(world, hang()), "no deadlock");
  EXPECT_EQ(world.run(number(4)), 4);
}

TEST_P(simulation_test, simulate_throws_deadlock_and_leaves_nothing) {
  EXPECT_THROW(simulate(hang(), settings()), deadlock);
  EXPECT_EQ(counted::live(), 0);
}

// ------------------------------------------------------------------------------------- life cycle

TEST_P(simulation_test, gives_results_and_throws_exceptions) {
  auto fails = []() -> task<int> {
    throw std::runtime_error("no");
    co_return 0;
  };
  EXPECT_EQ(simulate(number(3), settings()), 3);
  EXPECT_THROW(simulate(fails(), settings()), std::runtime_error);
  simulation world(settings());
  EXPECT_THROW(world.run(fails()), std::runtime_error);
  EXPECT_EQ(world.run(number(5)), 5);
}

TEST_P(simulation_test, cancels_what_is_left_behind) {
  bool was_cancelled = false;
  auto sleeps = [&]() -> task<> {
    const counted frame;
    try {
      co_await sleep_for(24h);
    } catch (const cancelled&) {
      was_cancelled = true;
      throw;
    }
  };
  auto body = [&]() -> task<> {
    spawn(sleeps()).detach();
    co_await sleep_for(1s);
    EXPECT_FALSE(was_cancelled);
  };
  simulate(body(), settings());
  EXPECT_TRUE(was_cancelled);
  EXPECT_EQ(counted::live(), 0);
}

TEST_P(simulation_test, a_spawned_task_does_not_run_before_a_turn) {
  simulation world(settings());
  auto handle = world.spawn(number(2), "two");
  EXPECT_FALSE(handle.done());
  EXPECT_EQ(handle.name(), "two");
  EXPECT_EQ(world.live_tasks(), 1U);
  EXPECT_EQ(world.turns(), 0U);
  while (!handle.done())
    ASSERT_TRUE(world.turn());
  EXPECT_FALSE(world.turn());
  EXPECT_EQ(world.live_tasks(), 0U);
  EXPECT_EQ(handle.get(), 2);
}

TEST_P(simulation_test, a_turn_does_not_let_time_pass) {
  simulation world(settings());
  auto handle = world.spawn(sleep_then_number(1h));
  while (world.turn()) {
  }
  EXPECT_FALSE(handle.done());
  EXPECT_EQ(world.now(), clock::time_point());
  world.run_until([&] { return handle.done(); });
  EXPECT_EQ(world.now(), clock::time_point(1h));
}

TEST_P(simulation_test, a_handle_may_outlive_it) {
  join_handle<int> handle;
  {
    simulation world(settings());
    handle = world.spawn(number(6));
    world.run_until([&] { return handle.done(); });
  }
  EXPECT_EQ(handle.get(), 6);
}

TEST_P(simulation_test, inside_a_task_it_is_refused) {
  auto body = []() -> task<std::string> {
    std::string caught;
    try {
      simulate(number(1));
    } catch (const usage_error& error) {
      caught = error.what();
    }
    co_return caught;
  };
  EXPECT_NE(simulate(body(), settings()).find("inside a task"), std::string::npos);
  EXPECT_NE(run(body(), options().workers(1)).find("inside a task"), std::string::npos);
}

// Nor can the world be run by what runs in it.
TEST_P(simulation_test, inside_its_own_task_it_is_refused) {
  simulation world(settings());
  int refused = 0;
  auto body = [&]() -> task<> {
    try {
      world.turn();
    } catch (const usage_error&) {
      ++refused;
    }
    try {
      world.run(number(1));
    } catch (const usage_error&) {
      ++refused;
    }
    co_return;
  };
  world.run(body());
  EXPECT_EQ(refused, 2);
}

TEST_P(simulation_test, reports_go_to_the_hook) {
  std::vector<report> told;
  {
    simulation world(settings().on_report([&](const report& what) { told.push_back(what); }));
    auto fails = []() -> task<> {
      throw std::runtime_error("nobody asks");
      co_return;
    };
    auto body = [&]() -> task<> {
      spawn(fails(), "failing").detach();
      co_await sleep_for(1s);
    };
    world.run(body());
  }
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].task_name, "failing");
  EXPECT_EQ(told[0].what, report::kind::unretrieved_exception);
  EXPECT_NE(told[0].message.find("nobody asks"), std::string::npos) << told[0].message;
}

// ------------------------------------------------------------------------------------------ jobs

TEST_P(simulation_test, jobs_run_on_the_calling_thread_outside_tasks) {
  const auto caller = std::this_thread::get_id();
  auto body = [&]() -> task<> {
    auto where = [] { return std::pair(std::this_thread::get_id(), internal::current_worker()); };
    const auto [cpu_thread, cpu_worker] = co_await cpu(where);
    const auto [blocking_thread, blocking_worker] = co_await blocking(where);
    EXPECT_EQ(cpu_thread, caller);
    EXPECT_EQ(blocking_thread, caller);
    EXPECT_EQ(cpu_worker, nullptr);
    EXPECT_EQ(blocking_worker, nullptr);
    EXPECT_NE(internal::current_worker(), nullptr);
  };
  for (std::uint64_t seed = 1; seed <= 20; ++seed)
    simulate(body(), settings(seed));
}

// A job takes no virtual time, and others run before or after it.
TEST_P(simulation_test, jobs_take_turns_with_tasks) {
  std::set<std::string> orders;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    std::string order;
    auto hops = [&order]() -> task<> { co_await cpu([&order] { order += 'j'; }); };
    auto yields = [&order]() -> task<> {
      for (int i = 0; i < 3; ++i) {
        order += 't';
        co_await yield();
      }
    };
    auto both = [&]() -> task<> {
      co_await gather(hops(), yields());
      EXPECT_EQ(clock::now(), clock::time_point());
    };
    simulate(both(), settings(seed));
    orders.insert(order);
  }
  EXPECT_GE(orders.size(), 3U);
}

}  // namespace simulation_test
}  // namespace magpie::testing
