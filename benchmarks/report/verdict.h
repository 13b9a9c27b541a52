#ifndef MAGPIE_BENCHMARKS_REPORT_VERDICT_H_
#define MAGPIE_BENCHMARKS_REPORT_VERDICT_H_

// How a verdict is reached, from nothing but the figures of one workload:
//
// 1. The candidate is the judged magpie strategy with the lowest median wall time. Every
//    workload names the strategies that are judged; in "a blocking call in the wrong place",
//    for instance, the wrong ones are, and the remedy is shown beside them.
// 2. The opponents are the strategy in C++ without coroutines (sequential, thread per operation,
//    thread pool, oneTBB's task_group) with the lowest median wall time and every other one within
//    `more` of it: who is content with that time may choose any of them, for instance the one that
//    needs least memory.
// 3. Candidate and opponent ran interleaved, so they are compared round by round: the ratio is
//    the median of the rounds' ratios, its range is that of the rounds (without the lowest and
//    the highest when there are five or more). A measure is
//      less     when the ratio is at most `less` and its whole range is below 1,
//      more     when it is at least `more` and its whole range is above 1,
//      same     when it lies between and the range spans less than a factor of `noise`,
//      unclear  otherwise, and with fewer than `min_rounds` rounds in common.
// 4. Wall time decides. Only when it is the same, CPU time and peak memory do, if they differ by
//    more than their floors (else the difference is too small to count): less of one and no more of
//    the other helps, and the reverse hurts.
//    Where one of them is unclear, so is the verdict.
// 5. Other programs that ran meanwhile slow down whoever uses all processors more than whoever
//    uses one. When they had a share s of the processors, a wall time counts as less or more only
//    beyond the thresholds divided and multiplied by 1 / (1 - s), or by `widest` where that is
//    less, and is unclear before. From
//    `busy` on, `same` is unclear too, because what parallelism gains is then hidden.
// 6. The verdict is the least favourable one over all opponents.

#include <string>
#include <string_view>
#include <vector>

#include "magpie/benchmarks/report/sample.h"

namespace magpie::bench {

enum class verdict { helps, no_difference, hurts, inconclusive };
std::string_view to_string(verdict v);

struct thresholds {
  double less = 0.80;
  double more = 1.25;
  double noise = 2.0;
  double cpu_floor_s = 0.010;
  double memory_floor_bytes = 4.0 * 1024 * 1024;
  std::size_t min_rounds = 3;
  // Less disturbance than this is that of an idle system.
  double quiet = 0.05;
  double busy = 0.30;
  double widest = 4;

  // In words, a sentence each, as printed with the verdicts.
  std::vector<std::string> sentences() const;
  std::string text() const;
};

// One run and the round it ran in.
struct measurement {
  std::size_t round = 0;
  sample measured;
};

enum class role { opponent, judged, shown };

struct contestant {
  std::string_view strategy;
  role part = role::shown;
  std::vector<measurement> runs;
};

enum class relation { less, same, too_small, more, unclear };
std::string_view to_string(relation r);

// The candidate's measure over the opponent's.
struct comparison {
  std::string_view measure;
  relation found = relation::unclear;
  double ratio = 0;
  double low = 0;
  double high = 0;
  std::size_t rounds = 0;
};

struct judgement {
  verdict result = verdict::inconclusive;
  std::string reason;
  // Empty when there was nothing to compare.
  std::string_view candidate;
  std::string_view opponent;
  std::vector<comparison> comparisons;
};

// `disturbance` is the share of the processors that other programs had meanwhile, from 0 to 1.
judgement judge(const std::vector<contestant>& contestants, const thresholds& limits = {},
                double disturbance = 0);

}  // namespace magpie::bench

#endif  // MAGPIE_BENCHMARKS_REPORT_VERDICT_H_
