#include "magpie/runtime/barrier.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <random>
#include <stdexcept>
#include <utility>
#include <vector>

#include "magpie/runtime/error.h"
#include "magpie/runtime/gather.h"
#include "magpie/runtime/run.h"
#include "magpie/runtime/sleep.h"
#include "magpie/runtime/spawn.h"
#include "magpie/runtime/testing/simulation.h"
#include "magpie/tests/runtime/barrier_waiters.h"
#include "magpie/tests/runtime/disturbances.h"
#include "magpie/tests/runtime/leftovers.h"
#include "magpie/tests/runtime/schedules.h"
#include "magpie/tests/runtime/seeds.h"

namespace magpie::testing {
namespace barrier_test {

using namespace std::chrono_literals;

class barrier_test : public over_workers {};
MAGPIE_OVER_WORKERS(barrier_test);

task<> march(barrier& step, int rounds, std::atomic<int>& total) {
  const counted frame;
  const int parties = static_cast<int>(step.parties());
  for (int i = 0; i < rounds; ++i) {
    ++total;
    co_await step.wait();
    EXPECT_GE(total, parties * (i + 1));
    EXPECT_LE(total, parties * (i + 2));
  }
}

TEST_P(barrier_test, goes_step_by_step) {
  auto body = []() -> task<> {
    barrier step(10);
    std::atomic<int> total = 0;
    std::vector<task<>> marchers;
    for (int i = 0; i < 10; ++i)
      marchers.push_back(march(step, 10, total));
    co_await gather(std::move(marchers));
    EXPECT_EQ(total, 100);
    EXPECT_EQ(step.n_waiting(), 0U);
  };
  in_many_orders(GetParam(), body);
}

// ------------------------------------------------------------------------------------ places

TEST(barrier_place_test, fills_task_by_task) {
  auto body = []() -> task<> {
    barrier step(3);
    std::vector<int> ends;
    std::vector<join_handle<>> handles;
    EXPECT_EQ(step.parties(), 3U);
    for (int round = 0; round < 3; ++round) {
      for (std::size_t waiting = 1; waiting < 3; ++waiting) {
        co_await spawn_waiters(step, 1, ends, handles);
        EXPECT_EQ(step.n_waiting(), waiting);
        EXPECT_TRUE(ends.empty());
      }
      co_await spawn_waiters(step, 1, ends, handles);
      EXPECT_EQ(step.n_waiting(), 0U);
      EXPECT_FALSE(step.broken());
      std::sort(ends.begin(), ends.end());
      EXPECT_EQ(ends, (std::vector<int>{0, 1, 2}));
      ends.clear();
    }
  };
  in_simulated_orders(2, body);
}

// Twice as many as there is room for, two rounds each: every place is given four times.
TEST(barrier_place_test, gives_each_place_once_in_a_round) {
  auto twice = [](barrier& at, std::vector<int>& ends) -> task<> {
    co_await wait_and_note(at, ends);
    co_await wait_and_note(at, ends);
  };
  auto body = [&]() -> task<> {
    barrier step(5);
    std::vector<int> ends;
    std::vector<task<>> all;
    for (int i = 0; i < 10; ++i)
      all.push_back(twice(step, ends));
    co_await gather(std::move(all));
    EXPECT_EQ(ends.size(), 20U);
    for (int place = 0; place < 5; ++place)
      EXPECT_EQ(std::count(ends.begin(), ends.end(), place), 4) << place;
  };
  in_simulated_orders(1, body);
}

TEST(barrier_place_test, places_are_in_the_order_of_arrival) {
  auto note = [](barrier& at, std::size_t expected) -> task<> {
    const std::size_t place = co_await at.wait();
    EXPECT_EQ(place, expected);
  };
  auto body = [&]() -> task<> {
    barrier step(4);
    std::vector<join_handle<>> handles;
    for (std::size_t i = 0; i < 4; ++i) {
      handles.push_back(spawn(note(step, i)));
      co_await sleep_for(1s);
    }
    for (join_handle<>& handle : handles)
      co_await handle;
  };
  in_simulated_orders(2, body);
}

TEST(barrier_place_test, one_party_does_not_wait) {
  auto body = []() -> task<> {
    barrier alone(1);
    for (int i = 0; i < 3; ++i) {
      const std::size_t place = co_await alone.wait();
      EXPECT_EQ(place, 0U);
    }
    EXPECT_EQ(alone.n_waiting(), 0U);
  };
  simulate(body());
  EXPECT_THROW(barrier(0), usage_error);
}

// ------------------------------------------------------------------------------------ broken

TEST(barrier_broken_test, reset_ends_the_waits_and_begins_anew) {
  auto body = []() -> task<> {
    barrier step(3);
    std::vector<int> ends;
    std::vector<join_handle<>> handles;
    step.reset();  // Nobody waits.
    co_await spawn_waiters(step, 2, ends, handles);
    step.reset();
    EXPECT_EQ(step.n_waiting(), 0U);
    EXPECT_FALSE(step.broken());
    co_await spawn_waiters(step, 3, ends, handles);
    std::sort(ends.begin(), ends.end());
    EXPECT_EQ(ends, (std::vector<int>{was_broken, was_broken, 0, 1, 2}));
  };
  in_simulated_orders(2, body);
}

// Those who have passed have passed, though they have not run since; and those who come wait for
// the next step.
TEST(barrier_broken_test, reset_and_abort_do_not_reach_those_who_have_passed) {
  auto body = [](bool for_good) -> task<> {
    barrier step(3);
    std::vector<int> ends;
    std::vector<join_handle<>> handles;
    co_await spawn_waiters(step, 2, ends, handles);
    const std::size_t place = co_await step.wait();
    EXPECT_EQ(place, 2U);
    if (for_good) {
      step.abort();
    } else {
      step.reset();
    }
    co_await sleep_for(1s);
    std::sort(ends.begin(), ends.end());
    EXPECT_EQ(ends, (std::vector<int>{0, 1}));
    EXPECT_EQ(step.broken(), for_good);
  };
  for (const bool for_good : {false, true})
    in_simulated_orders(2, [&] { return body(for_good); });
}

TEST(barrier_broken_test, abort_breaks_it_until_reset) {
  auto body = []() -> task<> {
    barrier step(3);
    std::vector<int> ends;
    std::vector<join_handle<>> handles;
    co_await spawn_waiters(step, 2, ends, handles);
    step.abort();
    EXPECT_TRUE(step.broken());
    co_await spawn_waiters(step, 2, ends, handles);
    EXPECT_EQ(ends, (std::vector<int>(4, was_broken)));
    EXPECT_EQ(step.n_waiting(), 0U);
    step.reset();
    EXPECT_FALSE(step.broken());
    ends.clear();
    co_await spawn_waiters(step, 3, ends, handles);
    EXPECT_EQ(ends.size(), 3U);
    EXPECT_EQ(std::count(ends.begin(), ends.end(), was_broken), 0);
  };
  in_simulated_orders(2, body);
}

// One that fails tells the others.
TEST(barrier_broken_test, is_aborted_by_one_that_fails) {
  auto fails = [](barrier& at) -> task<> {
    try {
      co_await sleep_for(5s);
      throw std::runtime_error("no");
    } catch (const std::runtime_error&) {
      at.abort();
    }
  };
  auto body = [&]() -> task<> {
    barrier step(3);
    std::vector<int> ends;
    co_await gather(wait_and_note(step, ends), fails(step), wait_and_note(step, ends));
    EXPECT_EQ(ends, (std::vector<int>{was_broken, was_broken}));
  };
  in_simulated_orders(2, body);
}

// ------------------------------------------------------------------------------------ threads

TEST_P(barrier_test, is_reset_by_a_plain_thread) {
  barrier step(100);
  std::atomic<int> broken = 0;
  auto waits = [](barrier& at, std::atomic<int>& count) -> task<> {
    for (int i = 0; i < 100; ++i) {
      try {
        co_await at.wait();
      } catch (const broken_barrier&) {
        ++count;
      }
    }
  };
  runtime world(options().workers(GetParam()));
  auto one = world.spawn(waits(step, broken));
  auto two = world.spawn(waits(step, broken));
  while (broken < 200) {
    EXPECT_LE(step.n_waiting(), 2U);
    step.reset();
  }
  one.get();
  two.get();
  EXPECT_EQ(broken, 200);
}

TEST_P(barrier_test, who_still_waits_at_the_end_is_cancelled) {
  barrier step(100);
  std::atomic<int> total = 0;
  ends_while_they_wait(GetParam(), [&] { return march(step, 1, total); });
  EXPECT_EQ(step.n_waiting(), 0U);
}

TEST(barrier_fairness_test, what_is_always_full_does_not_starve_others) {
  auto greedy = [](barrier& alone, const bool& stop) -> task<> {
    while (!stop)
      co_await alone.wait();
  };
  barrier alone(1);
  expect_others_to_run_beside([&](const bool& stop) { return greedy(alone, stop); });
}

// ------------------------------------------------------------------------------------ a model

TEST(barrier_model_test, does_what_a_number_does) {
  auto body = [](std::uint64_t seed) -> task<> {
    std::mt19937_64 random(seed);
    const std::size_t parties = random() % 5 + 1;
    barrier step(parties);
    bool broken = false;
    std::vector<int> ends;
    std::vector<int> expected;
    std::vector<join_handle<>> waiting;
    for (int i = 0; i < 1000; ++i) {
      switch (random() % 10) {
        case 0:
          expected.assign(waiting.size(), was_broken);
          waiting.clear();
          broken = random() % 2 == 0;
          if (broken) {
            step.abort();
          } else {
            step.reset();
          }
          break;
        case 1:
          if (!waiting.empty()) {
            const auto left = waiting.begin() + static_cast<int>(random() % waiting.size());
            left->cancel();
            waiting.erase(left);
            expected.push_back(was_cancelled);
          }
          break;
        default:
          waiting.push_back(spawn(wait_and_note(step, ends)));
          if (broken) {
            waiting.clear();
            expected.push_back(was_broken);
          } else if (waiting.size() == parties) {
            waiting.clear();
            for (std::size_t place = 0; place < parties; ++place)
              expected.push_back(static_cast<int>(place));
          }
      }
      co_await sleep_for(1s);
      std::sort(ends.begin(), ends.end());
      EXPECT_EQ(ends, expected);
      EXPECT_EQ(step.n_waiting(), waiting.size());
      EXPECT_EQ(step.broken(), broken);
      ends.clear();
      expected.clear();
    }
    step.abort();
    co_await sleep_for(1s);
  };
  in_random_rounds(1000, body);
}

}  // namespace barrier_test
}  // namespace magpie::testing
