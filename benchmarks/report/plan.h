#ifndef MAGPIE_BENCHMARKS_REPORT_PLAN_H_
#define MAGPIE_BENCHMARKS_REPORT_PLAN_H_

#include <cstddef>
#include <vector>

namespace magpie::bench {

// How often what is run, when one round of everything has shown what it costs.
struct plan {
  std::size_t rounds = 0;
  // Entry i: strategy i runs in the first round only, because it is so slow that repeating it
  // would cost the others their rounds.
  std::vector<bool> once;
};

inline constexpr std::size_t k_least_rounds = 3;
inline constexpr std::size_t k_wanted_rounds = 5;

// `costs` are the seconds of each strategy's first run, `budget` those for all rounds together.
// At least k_least_rounds rounds, whatever they cost, and at most `most`. Only a strategy that
// costs more than three times the median is run once, the most expensive one first, and only as
// long as the rounds would be fewer than wanted.
plan plan_rounds(const std::vector<double>& costs, double budget, std::size_t most);

}  // namespace magpie::bench

#endif  // MAGPIE_BENCHMARKS_REPORT_PLAN_H_
