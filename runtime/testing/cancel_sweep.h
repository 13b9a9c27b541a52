// Cancels a task at every moment of its life, once each.
//
//   const std::size_t moments = cancel_sweep(settings, [&](simulation& world) {
//     cast players;
//     players.victim = world.spawn(worker(mutex));
//     players.others.push_back(world.spawn(worker(mutex)));
//     return players;
//   }, [&] { EXPECT_FALSE(mutex.locked()); });
#ifndef MAGPIE_RUNTIME_TESTING_CANCEL_SWEEP_H_
#define MAGPIE_RUNTIME_TESTING_CANCEL_SWEEP_H_

#include <cstddef>
#include <functional>
#include <vector>

#include "magpie/runtime/spawn.h"
#include "magpie/runtime/testing/simulation.h"

namespace magpie::testing {

// The tasks of one round: the one that is cancelled, and those that have to reach their end all the
// same.
struct cast {
  join_handle<> victim;
  std::vector<join_handle<>> others;
};

// Plays the scene again and again, each time in a fresh simulation: `begin` starts the tasks, the
// victim is cancelled after no turn, after one, after two, ... until it ends before its moment has
// come; then all have to end. `check` is called after each round, when the simulation is gone.
// Gives the number of rounds. What the victim throws, other than `cancelled`, and what the others
// throw, is thrown. Throws `deadlock` if somebody waits for ever, for instance because a wake-up
// was lost with the victim.
std::size_t cancel_sweep(const simulation_options& settings,
                         const std::function<cast(simulation&)>& begin,
                         const std::function<void()>& check);

}  // namespace magpie::testing

#endif  // MAGPIE_RUNTIME_TESTING_CANCEL_SWEEP_H_
