#include "magpie/runtime/testing/cancel_sweep.h"

#include <algorithm>
#include <cstdint>

#include "magpie/runtime/error.h"

namespace magpie::testing {
namespace {

// Takes so many turns; when nothing can run, time passes. False: the task had ended before.
bool take_turns(simulation& world, const join_handle<>& task, std::size_t turns) {
  for (std::size_t i = 0; i < turns && !task.done(); ++i) {
    const std::uint64_t before = world.turns();
    world.run_until([&] { return task.done() || world.turns() > before; });
  }
  return !task.done();
}

bool all_done(const cast& players) {
  return players.victim.done() && std::all_of(players.others.begin(), players.others.end(),
                                              [](const auto& other) { return other.done(); });
}

// Whether the victim was still there to be cancelled.
bool play(simulation& world, const std::function<cast(simulation&)>& begin, std::size_t moment) {
  cast players = begin(world);
  const bool reached = take_turns(world, players.victim, moment);
  players.victim.cancel();
  world.run_until([&] { return all_done(players); });
  try {
    players.victim.get();
  } catch (const cancelled&) {
    // As it was asked to.
  }
  for (join_handle<>& other : players.others)
    other.get();
  return reached;
}

}  // namespace

std::size_t cancel_sweep(const simulation_options& settings,
                         const std::function<cast(simulation&)>& begin,
                         const std::function<void()>& check) {
  for (std::size_t moment = 0;; ++moment) {
    bool reached = false;
    {
      simulation world(settings);
      reached = play(world, begin, moment);
    }
    check();
    if (!reached) return moment + 1;
  }
}

}  // namespace magpie::testing
