#include "magpie/benchmarks/report/verdict.h"

#include <gtest/gtest.h>

#include <utility>

#include "magpie/benchmarks/report/strategy.h"

namespace magpie::bench {
namespace {

constexpr double k_mebi = 1024.0 * 1024.0;

struct costs {
  double wall_s;
  double cpu_s = 0.1;
  double memory = 10 * k_mebi;
};

contestant with_rounds(std::string_view strategy, role part, const std::vector<costs>& rounds) {
  contestant result{strategy, part, {}};
  for (std::size_t i = 0; i < rounds.size(); ++i) {
    measurement each;
    each.round = i;
    each.measured.wall_s = rounds[i].wall_s;
    each.measured.cpu_s = rounds[i].cpu_s;
    each.measured.peak_rss_bytes = rounds[i].memory;
    result.runs.push_back(each);
  }
  return result;
}

contestant magpie(const std::vector<costs>& rounds) {
  return with_rounds(strategies::magpie_n, role::judged, rounds);
}

contestant threads(const std::vector<costs>& rounds) {
  return with_rounds(strategies::thread_pool, role::opponent, rounds);
}

std::vector<costs> three(const costs& same) {
  return {same, same, same};
}

verdict judged(const std::vector<contestant>& all) {
  return judge(all).result;
}

TEST(verdict, less_wall_time_helps) {
  EXPECT_EQ(judged({magpie(three({0.5})), threads(three({1.0}))}), verdict::helps);
}

TEST(verdict, more_wall_time_hurts) {
  EXPECT_EQ(judged({magpie(three({2.0})), threads(three({1.0}))}), verdict::hurts);
}

TEST(verdict, the_same_everywhere_is_no_difference) {
  EXPECT_EQ(judged({magpie(three({1.1})), threads(three({1.0}))}), verdict::no_difference);
}

TEST(verdict, the_thresholds_belong_to_the_outer_sides) {
  EXPECT_EQ(judged({magpie(three({0.80})), threads(three({1.0}))}), verdict::helps);
  EXPECT_EQ(judged({magpie(three({0.81})), threads(three({1.0}))}), verdict::no_difference);
  EXPECT_EQ(judged({magpie(three({1.24})), threads(three({1.0}))}), verdict::no_difference);
  EXPECT_EQ(judged({magpie(three({1.25})), threads(three({1.0}))}), verdict::hurts);
}

TEST(verdict, the_same_time_with_less_memory_helps) {
  EXPECT_EQ(judged({magpie(three({1, 0.1, 5 * k_mebi})), threads(three({1, 0.1, 50 * k_mebi}))}),
            verdict::helps);
}

TEST(verdict, the_same_time_with_more_cpu_hurts) {
  EXPECT_EQ(judged({magpie(three({1, 0.5})), threads(three({1, 0.1}))}), verdict::hurts);
}

TEST(verdict, cpu_for_memory_is_a_trade_and_no_difference) {
  EXPECT_EQ(judged({magpie(three({1, 0.5, 5 * k_mebi})), threads(three({1, 0.1, 50 * k_mebi}))}),
            verdict::no_difference);
}

TEST(verdict, the_same_time_with_unclear_cpu_is_inconclusive) {
  const std::vector<contestant> both = {
      magpie({{1, 0.1, 5 * k_mebi}, {1, 0.4, 5 * k_mebi}, {1, 0.3, 5 * k_mebi}}),
      threads(three({1, 0.2, 50 * k_mebi}))};
  EXPECT_EQ(judged(both), verdict::inconclusive);
  EXPECT_NE(judge(both).reason.find("it takes the same time, but"), std::string::npos);
}

TEST(verdict, differences_below_the_floors_do_not_count) {
  EXPECT_EQ(judged({magpie(three({1, 0.001, 1 * k_mebi})), threads(three({1, 0.009, 4 * k_mebi}))}),
            verdict::no_difference);
}

TEST(verdict, less_time_helps_whatever_the_memory) {
  EXPECT_EQ(judged({magpie(three({0.5, 0.1, 50 * k_mebi})), threads(three({1, 0.1, 5 * k_mebi}))}),
            verdict::helps);
}

TEST(verdict, rounds_on_both_sides_of_one_are_inconclusive) {
  EXPECT_EQ(judged({magpie({{0.5}, {0.5}, {1.1}}), threads(three({1.0}))}), verdict::inconclusive);
  EXPECT_EQ(judged({magpie({{2.0}, {2.0}, {0.9}}), threads(three({1.0}))}), verdict::inconclusive);
}

TEST(verdict, one_disturbed_round_of_five_is_forgiven) {
  EXPECT_EQ(judged({magpie({{0.5}, {0.5}, {0.5}, {0.5}, {3.0}}),
                    threads({{1.0}, {1.0}, {1.0}, {1.0}, {1.0}})}),
            verdict::helps);
}

TEST(verdict, wide_rounds_around_one_are_inconclusive) {
  EXPECT_EQ(judged({magpie({{0.6}, {1.0}, {1.5}}), threads(three({1.0}))}), verdict::inconclusive);
}

TEST(verdict, a_slow_phase_of_the_machine_meets_both) {
  EXPECT_EQ(judged({magpie({{0.5}, {5.0}, {0.6}}), threads({{1.0}, {10.0}, {1.2}})}),
            verdict::helps);
}

TEST(verdict, too_few_rounds_are_inconclusive) {
  const judgement j = judge({magpie({{0.5}, {0.5}}), threads({{1.0}, {1.0}})});
  EXPECT_EQ(j.result, verdict::inconclusive);
  EXPECT_NE(j.reason.find("too few rounds"), std::string::npos) << j.reason;
}

TEST(verdict, only_rounds_in_common_count) {
  contestant once = threads(three({1.0}));
  once.runs.resize(1);
  EXPECT_EQ(judged({magpie(three({0.5})), once}), verdict::inconclusive);
}

TEST(verdict, the_fastest_judged_strategy_is_the_candidate) {
  const judgement j = judge({with_rounds(strategies::magpie_1, role::judged, three({3.0})),
                             magpie(three({0.5})), threads(three({1.0}))});
  EXPECT_EQ(j.candidate, strategies::magpie_n);
  EXPECT_EQ(j.result, verdict::helps);
}

TEST(verdict, a_strategy_that_is_only_shown_decides_nothing) {
  EXPECT_EQ(judged({magpie(three({2.0})),
                    with_rounds(strategies::magpie_blocking, role::shown, three({0.1})),
                    threads(three({1.0}))}),
            verdict::hurts);
}

TEST(verdict, beating_a_slow_opponent_is_not_enough) {
  EXPECT_EQ(judged({magpie(three({1.0})),
                    with_rounds(strategies::sequential, role::opponent, three({9.0})),
                    threads(three({1.0}))}),
            verdict::no_difference);
}

TEST(verdict, an_opponent_about_as_fast_that_needs_less_memory_counts) {
  const judgement j = judge(
      {magpie(three({1, 0.1, 50 * k_mebi})),
       with_rounds(strategies::thread_per_operation, role::opponent, three({1, 0.1, 90 * k_mebi})),
       with_rounds(strategies::sequential, role::opponent, three({1.1, 0.1, 5 * k_mebi}))});
  EXPECT_EQ(j.result, verdict::hurts);
  EXPECT_EQ(j.opponent, strategies::sequential);
}

TEST(verdict, nothing_to_compare_is_inconclusive_and_says_so) {
  EXPECT_EQ(judged({}), verdict::inconclusive);
  const judgement j = judge({magpie(three({1}))});
  EXPECT_EQ(j.result, verdict::inconclusive);
  EXPECT_NE(j.reason.find("No strategy without coroutines"), std::string::npos) << j.reason;
}

TEST(verdict, the_reason_names_both_sides_and_the_figures) {
  const judgement j = judge({magpie(three({0.5})), threads(three({1.0}))});
  EXPECT_NE(j.reason.find("magpie, N workers against thread pool"), std::string::npos) << j.reason;
  EXPECT_NE(j.reason.find("wall time 0.50x (rounds 0.50x to 0.50x: less)"), std::string::npos)
      << j.reason;
  ASSERT_EQ(j.comparisons.size(), 3u);
  EXPECT_EQ(j.comparisons[0].rounds, 3u);
}

TEST(verdict, on_a_disturbed_machine_wall_times_have_to_differ_by_more) {
  const std::vector<contestant> twice = {magpie(three({2.0})), threads(three({1.0}))};
  EXPECT_EQ(judge(twice, {}, 0.04).result, verdict::hurts);
  EXPECT_EQ(judge(twice, {}, 0.30).result, verdict::hurts);
  EXPECT_EQ(judge(twice, {}, 0.50).result, verdict::inconclusive);
  const std::vector<contestant> half = {magpie(three({0.5})), threads(three({1.0}))};
  EXPECT_EQ(judge(half, {}, 0.30).result, verdict::helps);
  EXPECT_EQ(judge(half, {}, 0.50).result, verdict::inconclusive);
  EXPECT_NE(judge(half, {}, 0.50).reason.find("had 50 % of the processors"), std::string::npos);
}

TEST(verdict, a_busy_machine_hides_what_parallelism_gains) {
  const std::vector<contestant> alike = {magpie(three({1, 0.1, 5 * k_mebi})),
                                         threads(three({1, 0.1, 50 * k_mebi}))};
  EXPECT_EQ(judge(alike, {}, 0.2).result, verdict::helps);
  EXPECT_EQ(judge(alike, {}, 0.4).result, verdict::inconclusive);
}

TEST(verdict, the_thresholds_are_printed_as_they_are_applied) {
  thresholds other;
  other.less = 0.5;
  EXPECT_NE(other.text().find("0.50x"), std::string::npos);
  EXPECT_EQ(judge({magpie(three({0.7})), threads(three({1.0}))}, other).result,
            verdict::no_difference);
}

}  // namespace
}  // namespace magpie::bench
