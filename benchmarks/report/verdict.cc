#include "magpie/benchmarks/report/verdict.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>
#include <tuple>

#include "magpie/benchmarks/report/format.h"
#include "magpie/benchmarks/report/statistics.h"
#include "magpie/benchmarks/report/strategy.h"

namespace magpie::bench {
namespace {

struct measure {
  std::string_view name;
  double sample::* value;
};

constexpr measure k_wall = {"wall time", &sample::wall_s};
constexpr measure k_cpu = {"CPU time", &sample::cpu_s};
constexpr measure k_memory = {"peak memory", &sample::peak_rss_bytes};

double median_of(const contestant& who, const measure& m) {
  std::vector<double> values;
  for (const measurement& each : who.runs)
    values.push_back(each.measured.*m.value);
  return median(std::move(values));
}

std::vector<double> ratios_by_round(const contestant& a, const contestant& b, const measure& m) {
  std::vector<double> ratios;
  for (const measurement& mine : a.runs) {
    for (const measurement& theirs : b.runs) {
      const double divisor = theirs.measured.*m.value;
      if (mine.round == theirs.round && divisor > 0) {
        ratios.push_back(mine.measured.*m.value / divisor);
      }
    }
  }
  return ratios;
}

// What other programs did to the wall times.
struct disturbed {
  // The thresholds have to be passed by this factor.
  double widening = 1;
  bool hides_gains = false;
};

relation relate(const comparison& c, const thresholds& limits, const disturbed& by) {
  if (c.rounds < limits.min_rounds) return relation::unclear;
  if (c.ratio <= limits.less) {
    return c.high < 1 && c.ratio * by.widening <= limits.less ? relation::less : relation::unclear;
  }
  if (c.ratio >= limits.more) {
    return c.low > 1 && c.ratio >= limits.more * by.widening ? relation::more : relation::unclear;
  }
  const bool steady = c.high <= limits.noise * c.low && !by.hides_gains;
  return steady ? relation::same : relation::unclear;
}

comparison compare(const contestant& a, const contestant& b, const measure& m,
                   const thresholds& limits, const disturbed& by = {}) {
  comparison result;
  result.measure = m.name;
  const std::vector<double> ratios = ratios_by_round(a, b, m);
  result.rounds = ratios.size();
  if (ratios.empty()) return result;
  result.ratio = median(ratios);
  std::tie(result.low, result.high) = kept_range(ratios);
  result.found = relate(result, limits, by);
  return result;
}

// As compare(), but a difference below the floor is none.
comparison compare_above(double floor, const contestant& a, const contestant& b, const measure& m,
                         const thresholds& limits) {
  comparison result = compare(a, b, m, limits);
  if (std::fabs(median_of(a, m) - median_of(b, m)) < floor) result.found = relation::too_small;
  return result;
}

verdict conclude(const std::vector<comparison>& found) {
  switch (found[0].found) {
    case relation::less:
      return verdict::helps;
    case relation::more:
      return verdict::hurts;
    case relation::unclear:
      return verdict::inconclusive;
    case relation::same:
    case relation::too_small:
      break;
  }
  const auto any = [&](relation r) { return found[1].found == r || found[2].found == r; };
  if (any(relation::unclear)) return verdict::inconclusive;
  if (any(relation::less) == any(relation::more)) return verdict::no_difference;
  return any(relation::less) ? verdict::helps : verdict::hurts;
}

std::string in_words(const comparison& c) {
  if (c.rounds == 0) return std::string(c.measure) + ": no common round";
  return std::string(c.measure) + " " + format_ratio(c.ratio) + " (rounds " + format_ratio(c.low) +
         " to " + format_ratio(c.high) + ": " + std::string(to_string(c.found)) + ")";
}

std::string conclusion(verdict v, const std::vector<comparison>& found, const thresholds& limits) {
  const bool by_wall = found[0].found != relation::same;
  switch (v) {
    case verdict::helps:
      return by_wall ? "it is faster" : "it takes the same time with less";
    case verdict::hurts:
      return by_wall ? "it is slower" : "it takes the same time with more";
    case verdict::inconclusive:
      if (found[0].rounds < limits.min_rounds) return "too few rounds to tell";
      return by_wall ? "too much noise to tell"
                     : "it takes the same time, but whether with more or less is too noisy to tell";
    case verdict::no_difference:
      break;
  }
  const auto differs = [](const comparison& c) {
    return c.found != relation::same && c.found != relation::too_small;
  };
  const bool trade = differs(found[1]) || differs(found[2]);
  return trade ? "it takes the same time and trades CPU for memory"
               : "it takes the same time, CPU and memory";
}

judgement judge_against(const contestant& candidate, const contestant& opponent, bool is_best,
                        const thresholds& limits, const disturbed& by) {
  judgement result;
  result.candidate = candidate.strategy;
  result.opponent = opponent.strategy;
  result.comparisons = {
      compare(candidate, opponent, k_wall, limits, by),
      compare_above(limits.cpu_floor_s, candidate, opponent, k_cpu, limits),
      compare_above(limits.memory_floor_bytes, candidate, opponent, k_memory, limits),
  };
  result.result = conclude(result.comparisons);
  const std::string title(find_strategy(candidate.strategy).title);
  const std::string other(find_strategy(opponent.strategy).title);
  result.reason = title + " against " + other +
                  (is_best ? ", the fastest strategy without coroutines: "
                           : ", a strategy without coroutines about as fast as the fastest: ") +
                  conclusion(result.result, result.comparisons, limits) +
                  ". Ratios: " + in_words(result.comparisons[0]) + ", " +
                  in_words(result.comparisons[1]) + ", " + in_words(result.comparisons[2]) + ".";
  return result;
}

// The smaller, the less favourable. Inconclusive could be a hurt, so it ranks below a clear
// "no difference".
int favour(verdict v) {
  switch (v) {
    case verdict::hurts:
      return 0;
    case verdict::inconclusive:
      return 1;
    case verdict::no_difference:
      return 2;
    case verdict::helps:
      return 3;
  }
  return 1;
}

const contestant* fastest(const std::vector<contestant>& contestants, role part) {
  const contestant* best = nullptr;
  for (const contestant& each : contestants) {
    if (each.part != part || each.runs.empty()) continue;
    if (!best || median_of(each, k_wall) < median_of(*best, k_wall)) best = &each;
  }
  return best;
}

}  // namespace

std::string_view to_string(verdict v) {
  switch (v) {
    case verdict::helps:
      return "helps";
    case verdict::no_difference:
      return "no difference";
    case verdict::hurts:
      return "hurts";
    case verdict::inconclusive:
      return "inconclusive";
  }
  return "inconclusive";
}

std::string_view to_string(relation r) {
  switch (r) {
    case relation::less:
      return "less";
    case relation::same:
      return "same";
    case relation::too_small:
      return "too small to count";
    case relation::more:
      return "more";
    case relation::unclear:
      return "unclear";
  }
  return "unclear";
}

std::vector<std::string> thresholds::sentences() const {
  const auto percent = [](double share) { return format_number(100 * share) + " %"; };
  return {
      "Compared are the fastest judged magpie strategy and the fastest one in C++ without "
      "coroutines, and every other one of these that takes at most " +
          format_ratio(more) + " of its time, round by round; the least favourable one decides.",
      std::string("Wall time decides: less helps, more hurts. ") +
          "When it is the same, CPU time and peak memory do: less of one helps and more of one " +
          "hurts, both at once are no difference, and unclear is inconclusive.",
      "Less is a ratio of at most " + format_ratio(less) +
          " with all rounds below 1x; more is at least " + format_ratio(more) +
          " with all rounds above 1x; of five and more rounds the lowest and the "
          "highest are left out.",
      "The same is a ratio between, with rounds within a factor of " + format_number(noise) +
          ". Anything else, and fewer than " + std::to_string(min_rounds) + " rounds, is unclear.",
      "CPU time counts from a difference of " + format_seconds(cpu_floor_s) + " on, memory from " +
          format_bytes(memory_floor_bytes) + " on.",
      "Where other programs had a share s of the processors meanwhile, from " + percent(quiet) +
          " on, the thresholds of wall time are wider by 1 / (1 - s), " + format_number(widest) +
          " at most; from " + percent(busy) + " on no wall time counts as the same.",
  };
}

std::string thresholds::text() const {
  std::string joined;
  for (const std::string& each : sentences())
    joined += (joined.empty() ? "" : " ") + each;
  return joined;
}

judgement judge(const std::vector<contestant>& contestants, const thresholds& limits,
                double disturbance) {
  const contestant* const candidate = fastest(contestants, role::judged);
  const contestant* const best = fastest(contestants, role::opponent);
  judgement result;
  if (!candidate || !best) {
    result.reason = !candidate ? "No judged magpie strategy was run."
                               : "No strategy without coroutines was run.";
    return result;
  }
  const bool quiet = disturbance < limits.quiet;
  disturbed by;
  if (!quiet) by.widening = std::min(limits.widest, 1 / (1 - std::min(disturbance, 0.99)));
  by.hides_gains = disturbance >= limits.busy;
  result = judge_against(*candidate, *best, true, limits, by);
  const double contested = limits.more * median_of(*best, k_wall);
  for (const contestant& other : contestants) {
    if (other.part != role::opponent || &other == best || other.runs.empty()) continue;
    if (median_of(other, k_wall) > contested) continue;
    judgement against = judge_against(*candidate, other, false, limits, by);
    if (favour(against.result) < favour(result.result)) result = std::move(against);
  }
  if (!quiet) {
    char percent[16];
    std::snprintf(percent, sizeof percent, "%.0f %%", 100 * disturbance);
    result.reason += std::string(" Other programs had ") + percent +
                     " of the processors meanwhile, so wall times had to differ " +
                     format_number(by.widening) + " times as much as usual" +
                     (by.hides_gains ? ", and none counted as the same." : ".");
  }
  return result;
}

}  // namespace magpie::bench
