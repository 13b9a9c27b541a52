// What everything that a task can wait for has to stand: cancellation at any moment, neighbours.
#ifndef MAGPIE_TESTS_RUNTIME_DISTURBANCES_H_
#define MAGPIE_TESTS_RUNTIME_DISTURBANCES_H_

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>

#include "magpie/runtime/run.h"
#include "magpie/runtime/sleep.h"
#include "magpie/runtime/spawn.h"
#include "magpie/runtime/task.h"
#include "magpie/runtime/testing/cancel_sweep.h"
#include "magpie/runtime/testing/simulation.h"
#include "magpie/tests/runtime/leftovers.h"

namespace magpie::testing {

// `make` makes a task<>, which is cancelled at each of its moments, of which there are more than
// `least`, under five seeds; nothing that counts is left behind.
template <class Make>
void cancelled_at_every_moment(std::size_t workers, std::size_t least, Make make) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    const auto begin = [&make](simulation& world) {
      cast players;
      players.victim = world.spawn(make());
      return players;
    };
    const auto check = [] { ASSERT_EQ(counted::live(), 0); };
    EXPECT_GT(cancel_sweep(simulation_options().workers(workers).seed(seed), begin, check), least);
  }
}

// `greedy` makes a task<> out of a flag: one that awaits what is always ready until the flag is
// set. On one worker, it lets the task run that sets it.
template <class Greedy>
void expect_others_to_run_beside(Greedy greedy) {
  const auto body = [&greedy]() -> task<> {
    bool stop = false;
    auto first = spawn(greedy(stop));
    for (int i = 0; i < 10; ++i)
      co_await yield();
    stop = true;
    co_await first;
  };
  run(body(), options().workers(1));
}

// Twenty tasks that `make` makes wait for what never comes, when the runtime ends.
template <class Make>
void ends_while_they_wait(std::size_t workers, Make make) {
  const auto body = [&make]() -> task<> {
    for (int i = 0; i < 20; ++i)
      spawn(make()).detach();
    for (int i = 0; i < 5; ++i)
      co_await yield();
  };
  run(body(), options().workers(workers));
}

}  // namespace magpie::testing

#endif  // MAGPIE_TESTS_RUNTIME_DISTURBANCES_H_
