#include <gtest/gtest.h>

#include "magpie/tests/examples/simulated.h"

example two_tasks;

TEST(two_tasks, take_three_seconds_and_not_four) {
  EXPECT_EQ(output_of(two_tasks),
            "  0.0 s  Task One: starting...\n"
            "  0.0 s  Task Two: starting...\n"
            "  1.0 s  Task Two: finished!\n"
            "  3.0 s  Task One: finished!\n"
            "  3.0 s  Main: [Result from Task One, Result from Task Two]\n");
}

TEST(two_tasks, do_the_same_on_any_number_of_workers) {
  const auto expected = sorted_lines(output_of(two_tasks));
  for_many_schedules(two_tasks, [&](const auto& lines) { EXPECT_EQ(lines, expected); });
}
