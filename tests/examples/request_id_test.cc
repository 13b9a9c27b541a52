#include <gtest/gtest.h>

#include "magpie/tests/examples/simulated.h"

example requests;

TEST(request_id, stands_before_each_line) {
  EXPECT_EQ(output_of(requests),
            "[1] request of Ada\n"
            "[2] request of Ben\n"
            "[1] charging Ada\n"
            "[2] charging Ben\n"
            "[1] packed\n"
            "[2] packed\n"
            "[1] charged Ada\n"
            "[2] charged Ben\n"
            "[1] done\n"
            "[2] done\n"
            "[0] all served\n");
}

TEST(request_id, goes_with_the_task_on_any_number_of_workers) {
  const auto expected = sorted_lines(output_of(requests));
  for_many_schedules(requests, [&](const auto& lines) { EXPECT_EQ(lines, expected); });
}
