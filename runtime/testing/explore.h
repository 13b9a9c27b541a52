// Runs something in many orders, and says in which of them it fails.
//
//   const auto failed = explore(1000, simulation_options().workers(2).pct(3, 20),
//                               [](simulation& world) { world.run(transfer_twice()); });
//   if (failed) std::cout << failed->message << "\nreplay(\"" << failed->schedule << "\")\n";
//
// for_each_schedule() in gtest.h does this for GoogleTest.
#ifndef MAGPIE_RUNTIME_TESTING_EXPLORE_H_
#define MAGPIE_RUNTIME_TESTING_EXPLORE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "magpie/runtime/testing/simulation.h"

namespace magpie::testing {

struct failed_schedule {
  std::size_t workers = 1;
  // The first that fails.
  std::uint64_t seed = 0;
  // For simulation_options::replay(). What has nothing to do with the failure has been taken out,
  // as far as a few hundred runs can tell.
  std::string schedule;
  // What the body has thrown when `schedule` was played. If that did not fail again, so that
  // something else than the schedule decides what the body does: says so.
  std::string message;
};

// Calls the body with a fresh simulation for each of the seeds 1, 2, ... count, until it throws;
// then tries to do with fewer decisions. Gives nothing if it has never thrown. The body makes
// everything that it changes anew each time, and runs on the calling thread.
//
// Two variables of the environment replace the seeds by one run: MAGPIE_TEST_SEED=7, and
// MAGPIE_TEST_SCHEDULE=2,0,~7,1, which also replaces the strategy. Throws std::invalid_argument if
// they say something else. They count for every call in the program, so choose the test as well.
std::optional<failed_schedule> explore(std::size_t count, const simulation_options& settings,
                                       const std::function<void(simulation&)>& body);

// How to run that one again, for people: one line.
std::string how_to_replay(const failed_schedule& failed);

}  // namespace magpie::testing

#endif  // MAGPIE_RUNTIME_TESTING_EXPLORE_H_
