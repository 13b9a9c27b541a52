#include "magpie/benchmarks/report/plan.h"

#include <gtest/gtest.h>

namespace magpie::bench {
namespace {

TEST(plan, cheap_strategies_get_all_rounds) {
  const plan p = plan_rounds({0.1, 0.1, 0.1}, 10, 7);
  EXPECT_EQ(p.rounds, 7u);
  EXPECT_EQ(p.once, (std::vector<bool>{false, false, false}));
}

TEST(plan, the_budget_limits_the_rounds) {
  EXPECT_EQ(plan_rounds({0.5, 0.5}, 5.5, 15).rounds, 5u);
}

TEST(plan, a_slow_strategy_runs_once_so_that_the_others_get_their_rounds) {
  const plan p = plan_rounds({6.0, 0.1, 0.1, 0.1}, 8, 7);
  EXPECT_EQ(p.rounds, 6u);
  EXPECT_EQ(p.once, (std::vector<bool>{true, false, false, false}));
}

TEST(plan, a_slow_strategy_is_repeated_where_there_is_time) {
  const plan p = plan_rounds({6.0, 0.1, 0.1, 0.1}, 40, 7);
  EXPECT_GE(p.rounds, k_wanted_rounds);
  EXPECT_EQ(p.once, (std::vector<bool>{false, false, false, false}));
}

TEST(plan, strategies_of_about_one_cost_are_never_cut) {
  const plan p = plan_rounds({1.0, 1.2, 2.0}, 1, 7);
  EXPECT_EQ(p.rounds, k_least_rounds);
  EXPECT_EQ(p.once, (std::vector<bool>{false, false, false}));
}

TEST(plan, one_round_when_no_more_are_allowed) {
  EXPECT_EQ(plan_rounds({1.0, 50.0, 1.0}, 100, 1).rounds, 1u);
}

TEST(plan, nothing_to_run) {
  EXPECT_EQ(plan_rounds({}, 10, 7).rounds, 0u);
}

}  // namespace
}  // namespace magpie::bench
