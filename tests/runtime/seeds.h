// How many seeds a test searches.
//
// A search of schedules plays 25,000; a model takes forty random operations for each of them, so a
// million. Under the sanitizers and without optimisation, where all takes ten times as long and
// more, it is a fiftieth of that. In the environment, MAGPIE_SCHEDULES=1000000 asks for another
// number, and MAGPIE_FIRST_SCHEDULE=25001 for another first seed: to go on where a search has
// ended, or to see a failure again, which names its seed. (bazel test
// --test_env=MAGPIE_SCHEDULES=1000000)
#ifndef MAGPIE_TESTS_RUNTIME_SEEDS_H_
#define MAGPIE_TESTS_RUNTIME_SEEDS_H_

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <exception>
#include <string>

#include "magpie/runtime/internal/platform.h"
#include "magpie/runtime/testing/simulation.h"

namespace magpie::testing {

inline std::uint64_t number_from_environment(const char* name, std::uint64_t otherwise) {
  const char* const text = std::getenv(name);
  return text == nullptr ? otherwise : std::stoull(text);
}

inline std::uint64_t schedules_wanted() {
#if defined(MAGPIE_ASAN) || defined(MAGPIE_TSAN) || !defined(__OPTIMIZE__)
  constexpr std::uint64_t usual = 500;
#else
  constexpr std::uint64_t usual = 25'000;
#endif
  return number_from_environment("MAGPIE_SCHEDULES", usual);
}

// Calls play(seed) for each of `count` seeds, until one fails.
template <class Play>
void for_seeds(std::uint64_t count, Play play) {
  const std::uint64_t first = number_from_environment("MAGPIE_FIRST_SCHEDULE", 1);
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    try {
      play(seed);
    } catch (const std::exception& error) {
      ADD_FAILURE() << error.what();
    } catch (...) {
      ADD_FAILURE() << "an exception that is no std::exception";
    }
    if (!::testing::Test::HasFailure()) continue;
    ADD_FAILURE() << "again: MAGPIE_FIRST_SCHEDULE=" << seed;
    return;
  }
}

// The number of rounds, of so many operations each, that a model plays.
inline std::uint64_t rounds_of(std::uint64_t operations) {
  return 40 * schedules_wanted() / operations + 1;
}

// make(seed) makes a task<> of so many random operations.
template <class Make>
void in_random_rounds(std::uint64_t operations, Make make) {
  for_seeds(rounds_of(operations), [&make](std::uint64_t seed) {
    simulate(make(seed), simulation_options().workers(seed % 3 + 1).seed(seed));
  });
}

}  // namespace magpie::testing

#endif  // MAGPIE_TESTS_RUNTIME_SEEDS_H_
