#include "magpie/benchmarks/report/statistics.h"

#include <gtest/gtest.h>

namespace magpie::bench {
namespace {

TEST(statistics, median_of_an_odd_and_an_even_number_of_values) {
  EXPECT_EQ(median({3, 1, 2}), 2);
  EXPECT_EQ(median({4, 1, 2, 3}), 2.5);
  EXPECT_EQ(median({7}), 7);
}

TEST(statistics, percentile_is_the_nearest_rank) {
  std::vector<double> hundred;
  for (int i = 100; i >= 1; --i)
    hundred.push_back(i);
  EXPECT_EQ(percentile(hundred, 0.50), 50);
  EXPECT_EQ(percentile(hundred, 0.99), 99);
  EXPECT_EQ(percentile(hundred, 1.00), 100);
  EXPECT_EQ(percentile({5}, 0.99), 5);
  EXPECT_EQ(percentile({1, 2}, 0.001), 1);
}

TEST(statistics, summary_of_nothing_is_nothing) {
  EXPECT_FALSE(summarize({}).has_value());
  const auto f = summarize({4, 2, 9});
  ASSERT_TRUE(f.has_value());
  EXPECT_EQ(f->median, 4);
  EXPECT_EQ(f->min, 2);
  EXPECT_EQ(f->max, 9);
  EXPECT_EQ(f->n, 3u);
}

TEST(statistics, kept_range_forgives_one_on_each_side_from_five_on) {
  EXPECT_EQ(kept_range({1, 2, 100}), std::make_pair(1.0, 100.0));
  EXPECT_EQ(kept_range({1, 2, 3, 100}), std::make_pair(1.0, 100.0));
  EXPECT_EQ(kept_range({0, 2, 3, 4, 100}), std::make_pair(2.0, 4.0));
}

TEST(statistics, break_even_is_interpolated_on_logarithmic_axes) {
  const auto found = break_even({{1, 10}, {10, 2}, {1000, 0.5}});
  ASSERT_TRUE(found.has_value());
  EXPECT_NEAR(*found, 100, 1e-9);
}

TEST(statistics, break_even_ignores_a_dip_before_the_last_rise) {
  const auto found = break_even({{1, 0.9}, {10, 1.1}, {100, 0.9}});
  ASSERT_TRUE(found.has_value());
  EXPECT_GT(*found, 10);
}

TEST(statistics, break_even_at_the_first_point_or_nowhere) {
  EXPECT_EQ(break_even({{1, 1.0}, {10, 0.7}}), 1.0);
  EXPECT_FALSE(break_even({{1, 5}, {10, 1.01}}).has_value());
  EXPECT_FALSE(break_even({}).has_value());
}

}  // namespace
}  // namespace magpie::bench
