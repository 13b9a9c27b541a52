#include "magpie/benchmarks/report/workloads/workloads.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "magpie/benchmarks/report/kernels.h"
#include "magpie/benchmarks/report/strategy.h"

namespace magpie::bench {
namespace {

TEST(workloads, are_at_least_nine_with_names_of_their_own) {
  std::set<std::string_view> names;
  for (const workload& each : all_workloads()) {
    names.insert(each.name);
    EXPECT_EQ(find_workload(each.name), &each);
    EXPECT_FALSE(each.title.empty() || each.question.empty() || each.what.empty()) << each.name;
  }
  EXPECT_GE(names.size(), 9u);
  EXPECT_EQ(names.size(), all_workloads().size());
  EXPECT_EQ(find_workload("nothing"), nullptr);
}

TEST(workloads, account_for_every_strategy_that_is_asked_for) {
  const std::string_view asked[] = {strategies::sequential,  strategies::thread_per_operation,
                                    strategies::thread_pool, strategies::magpie_1,
                                    strategies::magpie_n,    strategies::magpie_cpu,
                                    strategies::asyncio};
  for (const workload& w : all_workloads()) {
    for (const std::string_view strategy : asked) {
      bool absent = false;
      for (const absence& each : w.absent)
        absent |= each.strategy == strategy && !each.reason.empty();
      EXPECT_NE(find_variant(w, strategy) != nullptr, absent) << w.name << ", " << strategy;
    }
  }
}

TEST(workloads, can_be_judged) {
  for (const workload& w : all_workloads()) {
    std::set<std::string_view> seen;
    bool judged = false;
    bool opposed = false;
    for (const variant& v : w.variants) {
      EXPECT_TRUE(seen.insert(v.strategy).second) << w.name << ", " << v.strategy;
      EXPECT_NE(v.run == nullptr, v.script.empty()) << w.name << ", " << v.strategy;
      const family kin = find_strategy(v.strategy).kin;
      EXPECT_EQ(v.part == role::opponent, kin == family::plain) << w.name << ", " << v.strategy;
      if (v.part == role::judged) {
        EXPECT_EQ(kin, family::magpie) << w.name << ", " << v.strategy;
      }
      judged |= v.part == role::judged;
      opposed |= v.part == role::opponent;
    }
    EXPECT_TRUE(judged && opposed) << w.name;
  }
}

TEST(workloads, sweeps_name_strategies_that_run) {
  for (const workload& w : all_workloads()) {
    for (const scale size : {scale::tiny, scale::quick, scale::full}) {
      EXPECT_FALSE(w.sizes(size).has("port"));
      if (!w.sweeps) continue;
      for (const sweep& each : w.sweeps(size, 4)) {
        EXPECT_GE(each.points.size(), 2u) << w.name;
        for (const std::string_view strategy : each.strategies) {
          EXPECT_NE(find_variant(w, strategy), nullptr) << w.name << ", " << strategy;
        }
      }
    }
  }
}

TEST(worker_counts, are_powers_of_two_the_number_and_twice_the_number) {
  EXPECT_EQ(worker_counts(1), (std::vector<double>{1, 2}));
  EXPECT_EQ(worker_counts(2), (std::vector<double>{1, 2, 4}));
  EXPECT_EQ(worker_counts(6), (std::vector<double>{1, 2, 4, 6, 12}));
}

TEST(kernels, give_known_results) {
  EXPECT_EQ(count_queens({}, 0, 6), 4u);
  EXPECT_EQ(count_queens({}, 0, 8), 92u);
  EXPECT_EQ(digest("a", 1), 0xaf63dc4c8601ec8cu);
  EXPECT_EQ(mandelbrot_row(0, 8, 100), mandelbrot_row(0, 8, 100));
}

}  // namespace
}  // namespace magpie::bench
