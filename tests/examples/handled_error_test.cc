#include <gtest/gtest.h>

#include "magpie/tests/examples/simulated.h"

example handled_error;

TEST(handled_error, passes_through_co_await) {
  EXPECT_EQ(output_of(handled_error),
            "Handled error: Something went wrong\n"
            "The long operation was cancelled\n"
            "Handled error of one of two: Something went wrong\n");
}

TEST(handled_error, does_the_same_on_any_number_of_workers) {
  const auto expected = sorted_lines(output_of(handled_error));
  for_many_schedules(handled_error, [&](const auto& lines) { EXPECT_EQ(lines, expected); });
}
