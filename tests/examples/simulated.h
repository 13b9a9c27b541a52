// Runs the body of an example on virtual time, and gives what it has written.
#ifndef MAGPIE_TESTS_EXAMPLES_SIMULATED_H_
#define MAGPIE_TESTS_EXAMPLES_SIMULATED_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <ostream>
#include <sstream>
#include <string>
#include <vector>

#include "magpie/runtime/task.h"
#include "magpie/runtime/testing/simulation.h"

using example = magpie::task<>(std::ostream&);

// As main() runs it: one worker.
inline std::string output_of(example& body) {
  std::ostringstream out;
  magpie::testing::simulate(body(out));
  return out.str();
}

inline std::vector<std::string> sorted_lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream from(text);
  for (std::string line; std::getline(from, line);)
    lines.push_back(line);
  std::sort(lines.begin(), lines.end());
  return lines;
}

// Several workers, many orders. What happens at one moment happens in any order; so `check` gets
// the lines sorted.
template <class Check>
void for_many_schedules(example& body, Check check) {
  for (const std::size_t workers : {1, 2, 8}) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
      std::ostringstream out;
      const auto settings = magpie::testing::simulation_options().workers(workers).seed(seed);
      magpie::testing::simulate(body(out), settings);
      check(sorted_lines(out.str()));
    }
  }
}

#endif  // MAGPIE_TESTS_EXAMPLES_SIMULATED_H_
