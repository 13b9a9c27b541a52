#include "magpie/runtime/gather.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "magpie/runtime/error.h"
#include "magpie/runtime/sleep.h"
#include "magpie/runtime/testing/simulation.h"
#include "magpie/tests/runtime/gather_children.h"
#include "magpie/tests/runtime/leftovers.h"

namespace magpie::testing {
namespace gather_random_test {

class gather_random_test : public over_gathers {};
MAGPIE_OVER_WORKERS(gather_random_test);

// The same tree of gathers, run as tasks and reckoned by hand. A node may fail; then all above it
// fail as well.
struct program {
  int value = 0;
  int turns = 0;
  bool sleeps = false;
  bool fails = false;
  bool as_range = false;
  std::vector<program> children;

  bool any_fails() const {
    return fails || std::any_of(children.begin(), children.end(),
                                [](const program& child) { return child.any_fails(); });
  }
  long sum() const {
    long all = value;
    for (const program& child : children)
      all += child.sum();
    return all;
  }
};

program random_program(std::mt19937_64& random, int depth, bool may_fail) {
  program made;
  made.value = static_cast<int>(random() % 1000);
  made.turns = static_cast<int>(random() % 3);
  made.sleeps = random() % 3 == 0;
  made.fails = may_fail && random() % 15 == 0;
  made.as_range = random() % 2 == 0;
  const std::size_t children = depth == 0 ? 0 : random() % 4;
  for (std::size_t i = 0; i < children; ++i)
    made.children.push_back(random_program(random, depth - 1, may_fail));
  return made;
}

task<long> execute(const program& what) {
  const counted frame;
  if (what.sleeps) co_await sleep_for(std::chrono::milliseconds(what.value));
  for (int i = 0; i < what.turns; ++i)
    co_await yield();
  long sum = what.value;
  if (what.as_range || what.children.size() != 2) {
    std::vector<task<long>> children;
    for (const program& child : what.children)
      children.push_back(execute(child));
    const std::vector<long> results = co_await gather(std::move(children));
    for (const long result : results)
      sum += result;
  } else {
    const auto [a, b] = co_await gather(execute(what.children[0]), execute(what.children[1]));
    sum += a + b;
  }
  if (what.fails) throw std::runtime_error("failed");
  co_return sum;
}

task<> compare(const program& what) {
  std::optional<long> result;
  try {
    result = co_await execute(what);
  } catch (const std::runtime_error&) {
  }
  EXPECT_EQ(counted::live(), 0);
  EXPECT_EQ(result.has_value(), !what.any_fails());
  if (result) {
    EXPECT_EQ(*result, what.sum());
  }
}

TEST_P(gather_random_test, random_programs) {
  for (std::uint64_t seed = 1; seed <= 400 && !HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    const program what = random_program(random, 5, seed % 2 == 0);
    simulate(compare(what), simulation_options().workers(GetParam()).seed(seed));
  }
}

// The program is cancelled at its n-th turn, for each n: it ends, and leaves nothing behind.
TEST_P(gather_random_test, random_programs_cancelled_at_every_turn) {
  for (std::uint64_t seed = 1; seed <= 10 && !HasFailure(); ++seed) {
    std::mt19937_64 random(seed);
    program what = random_program(random, 4, false);
    what.turns = 2;
    bool ended_first = false;
    for (int turns = 0; turns < 10'000 && !ended_first && !HasFailure(); ++turns) {
      simulation world(simulation_options().workers(GetParam()).seed(seed));
      auto handle = world.spawn(execute(what));
      int left = turns;
      world.run_until([&] { return handle.done() || left-- == 0; });
      ended_first = handle.done();
      handle.cancel();
      world.run_until([&] { return handle.done(); });
      try {
        EXPECT_EQ(handle.get(), what.sum());
      } catch (const cancelled&) {
        EXPECT_FALSE(ended_first);
      }
      EXPECT_EQ(counted::live(), 0);
    }
    EXPECT_TRUE(ended_first);
  }
}

}  // namespace gather_random_test
}  // namespace magpie::testing
