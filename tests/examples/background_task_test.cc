#include <gtest/gtest.h>

#include "magpie/tests/examples/simulated.h"

example background_task;

TEST(background_task, runs_beside_its_caller) {
  EXPECT_EQ(output_of(background_task),
            "Doing other stuff...\n"
            "Other stuff is done, the message is on its way\n"
            "Hello after 3 s\n"
            "Everything is done\n");
}

TEST(background_task, does_the_same_on_any_number_of_workers) {
  const auto expected = sorted_lines(output_of(background_task));
  for_many_schedules(background_task, [&](const auto& lines) { EXPECT_EQ(lines, expected); });
}
