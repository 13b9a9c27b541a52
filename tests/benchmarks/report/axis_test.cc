#include "magpie/benchmarks/report/axis.h"

#include <gtest/gtest.h>

namespace magpie::bench {
namespace {

TEST(axis, close_values_start_at_zero) {
  const axis a = axis::fitting(5, 50, 0, 102);
  EXPECT_FALSE(a.is_logarithmic());
  EXPECT_EQ(a.at(0), 0);
  EXPECT_NEAR(a.at(50), 100, 1e-9);
  EXPECT_EQ(a.ticks(5), (std::vector<double>{0, 20, 40}));
}

TEST(axis, values_far_apart_are_logarithmic) {
  const axis a = axis::fitting(1, 10000, 0, 100);
  EXPECT_TRUE(a.is_logarithmic());
  EXPECT_LT(a.at(1), a.at(10));
  EXPECT_NEAR(a.at(100) - a.at(10), a.at(10) - a.at(1), 1e-9);
  EXPECT_EQ(a.ticks(5), (std::vector<double>{1, 10, 100, 1000, 10000}));
}

TEST(axis, nothing_is_drawn_outside) {
  const axis a = axis::linear(10, 0, 100);
  EXPECT_EQ(a.at(-5), 0);
  EXPECT_EQ(a.at(1000), 100);
}

TEST(axis, ticks_can_be_multiples_of_a_unit) {
  const axis a = axis::linear(3.5 * 1024, 0, 100);
  EXPECT_EQ(a.ticks(4, 1024), (std::vector<double>{0, 1024, 2048, 3072}));
}

TEST(axis, zero_alone_has_a_scale) {
  const axis a = axis::fitting(0, 0, 0, 100);
  EXPECT_EQ(a.at(0), 0);
  EXPECT_FALSE(a.ticks(3).empty());
}

}  // namespace
}  // namespace magpie::bench
