#include <gtest/gtest.h>

#include "magpie/tests/examples/simulated.h"

example gather_three;

TEST(gather_three, takes_as_long_as_the_longest) {
  EXPECT_EQ(output_of(gather_three),
            "Task 1 started\n"
            "Task 2 started\n"
            "Task 3 started\n"
            "Task 3 finished\n"
            "Task 1 finished\n"
            "Task 2 finished\n"
            "All of them took 3 s\n");
}

TEST(gather_three, does_the_same_on_any_number_of_workers) {
  const auto expected = sorted_lines(output_of(gather_three));
  for_many_schedules(gather_three, [&](const auto& lines) { EXPECT_EQ(lines, expected); });
}
