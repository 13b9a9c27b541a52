// Searches the schedules of small scenes: a few tasks that take random steps, some of which are
// cancelled at some moment, under very many seeds (seeds.h says how many).
#ifndef MAGPIE_TESTS_RUNTIME_MANY_SCHEDULES_H_
#define MAGPIE_TESTS_RUNTIME_MANY_SCHEDULES_H_

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <set>
#include <vector>

#include "magpie/runtime/error.h"
#include "magpie/runtime/options.h"
#include "magpie/runtime/sleep.h"
#include "magpie/runtime/spawn.h"
#include "magpie/runtime/task.h"
#include "magpie/runtime/testing/simulation.h"
#include "magpie/tests/runtime/ends_cancelled.h"
#include "magpie/tests/runtime/leftovers.h"
#include "magpie/tests/runtime/seeds.h"

namespace magpie::testing {

// Random numbers (splitmix64), quicker to set up than those of the standard library.
class dice {
 public:
  explicit dice(std::uint64_t seed) noexcept : state_(seed) {}

  // 0 to limit - 1.
  std::size_t below(std::size_t limit) noexcept {
    state_ += 0x9e3779b97f4a7c15U;
    std::uint64_t x = state_;
    x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9U;
    x = (x ^ (x >> 27U)) * 0x94d049bb133111ebU;
    return (x ^ (x >> 31U)) % limit;
  }
  bool one_in(std::size_t count) noexcept { return below(count) == 0; }

 private:
  std::uint64_t state_;
};

// Adds to a number while it lives.
class stay {
 public:
  explicit stay(std::size_t& where, std::size_t weight = 1) : where_(where), weight_(weight) {
    where_ += weight_;
  }
  stay(const stay&) = delete;
  stay& operator=(const stay&) = delete;
  ~stay() { where_ -= weight_; }

 private:
  std::size_t& where_;
  const std::size_t weight_;
};

// Who waits, and what each of them has seen by then.
class waiting_room {
 public:
  class seat {
   public:
    seat(waiting_room& in, std::size_t seen) : in_(in), mine_(in.seen_.insert(seen)) {}
    seat(const seat&) = delete;
    seat& operator=(const seat&) = delete;
    ~seat() { in_.seen_.erase(mine_); }

   private:
    waiting_room& in_;
    const std::multiset<std::size_t>::iterator mine_;
  };

  std::size_t size() const { return seen_.size(); }
  bool all_have_seen(std::size_t what) const { return seen_.count(what) == seen_.size(); }

 private:
  std::multiset<std::size_t> seen_;
};

// Those who wait, in order: what each of them wants.
template <class Wanted>
class waiting_line {
 public:
  class seat {
   public:
    seat(waiting_line& in, Wanted wanted)
        : in_(in), mine_(in.line_.insert(in.line_.end(), wanted)) {}
    seat(const seat&) = delete;
    seat& operator=(const seat&) = delete;
    ~seat() { in_.line_.erase(mine_); }

   private:
    waiting_line& in_;
    const typename std::list<Wanted>::iterator mine_;
  };

  std::size_t size() const { return line_.size(); }
  // Null if nobody waits.
  const Wanted* front() const { return line_.empty() ? nullptr : &line_.front(); }

 private:
  std::list<Wanted> line_;
};

// What is played once for each seed. A scene also has
//
//   task<> act(std::size_t who);    // What each of the players does.
//   void at_rest(std::size_t left); // So many players wait, and nobody can go on: rightly?
//   void check();                   // All have ended, some of them by being cancelled.
class scene {
 public:
  scene(dice& with, std::size_t count) noexcept : random(with), players(count) {}

 protected:
  // A scene's own tasks live as long as it does.
  task<> pause() {
    const counted frame;
    const std::size_t how = random.below(4);
    if (how == 1) co_await yield();
    if (how >= 2) co_await sleep_for(std::chrono::milliseconds(random.below(4)));
  }

  // Mostly a short one; otherwise until all others are at rest, and longer.
  task<> pause_for_short_or_long() {
    if (random.one_in(8)) {
      const stay here(resting);
      co_await sleep_for(std::chrono::hours(2));
    } else {
      co_await pause();
    }
  }

  dice& random;
  const std::size_t players;
  std::size_t resting = 0;
};

template <class Scene>
task<> act_until_the_end(Scene& played, std::size_t who) {
  try {
    co_await played.act(who);
  } catch (const stopped&) {
    // It wanted to spawn while the runtime was ending.
  }
}

// Spawns the players and cancels some of them, each at some moment.
template <class Scene>
task<> direct(Scene& played, dice& random, std::size_t count) {
  std::vector<join_handle<>> players;
  for (std::size_t i = 0; i < count; ++i)
    players.push_back(spawn(act_until_the_end(played, i)));
  for (std::size_t victims = random.below(4); victims > 0; --victims) {
    for (std::size_t turns = random.below(12); turns > 0; --turns) {
      if (random.one_in(2)) {
        co_await yield();
      } else {
        co_await sleep_for(std::chrono::milliseconds(random.below(3)));
      }
    }
    players[random.below(count)].cancel();
  }
  if (random.one_in(8)) co_return;            // The runtime ends in the middle of it.
  co_await sleep_for(std::chrono::hours(1));  // All who can go on do.
  std::size_t left = 0;
  for (join_handle<>& player : players) {
    if (player.done()) {
      co_await ends_cancelled(player);
    } else {
      ++left;
    }
  }
  played.at_rest(left);
}

// Plays the scene under each seed, with 4 to 8 players on 1 to 4 workers.
template <class Scene>
void search_schedules() {
  for_seeds(schedules_wanted(), [](std::uint64_t seed) {
    dice random(seed);
    const std::size_t count = random.below(5) + 4;
    Scene played(random, count);
    simulate(
        direct(played, random, count),
        simulation_options().workers(seed % 4 + 1).seed(seed).on_report([](const report& told) {
          // Some scenes break off.
          if (told.what != report::kind::left_behind) ADD_FAILURE() << told.message;
        }));
    played.check();
    EXPECT_EQ(counted::live(), 0);
  });
}

}  // namespace magpie::testing

#endif  // MAGPIE_TESTS_RUNTIME_MANY_SCHEDULES_H_
