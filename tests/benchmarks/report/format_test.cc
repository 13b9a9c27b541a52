#include "magpie/benchmarks/report/format.h"

#include <gtest/gtest.h>

namespace magpie::bench {
namespace {

TEST(format, seconds_get_the_fitting_unit) {
  EXPECT_EQ(format_seconds(12.345), "12.3 s");
  EXPECT_EQ(format_seconds(0.0521), "52.1 ms");
  EXPECT_EQ(format_seconds(0.000004), "4.00 us");
  EXPECT_EQ(format_seconds(7.5e-9), "7.50 ns");
  EXPECT_EQ(format_seconds(0), "0 us");
}

TEST(format, microseconds) {
  EXPECT_EQ(format_microseconds(2.5e6), "2.50 s");
  EXPECT_EQ(format_microseconds(1234), "1.23 ms");
}

TEST(format, bytes) {
  EXPECT_EQ(format_bytes(512), "512 B");
  EXPECT_EQ(format_bytes(1536), "1.50 KiB");
  EXPECT_EQ(format_bytes(4.0 * 1024 * 1024), "4.00 MiB");
  EXPECT_EQ(format_bytes(25e9), "23.3 GiB");
}

TEST(format, ratios) {
  EXPECT_EQ(format_ratio(0.854), "0.85x");
  EXPECT_EQ(format_ratio(12.34), "12.3x");
  EXPECT_EQ(format_ratio(410.2), "410x");
}

TEST(format, numbers_have_groups_of_three) {
  EXPECT_EQ(format_number(5), "5");
  EXPECT_EQ(format_number(0.5), "0.5");
  EXPECT_EQ(format_number(100), "100");
  EXPECT_EQ(format_number(62500), "62,500");
  EXPECT_EQ(format_number(1234567), "1,234,567");
}

}  // namespace
}  // namespace magpie::bench
