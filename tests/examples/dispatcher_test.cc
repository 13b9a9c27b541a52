#include <gtest/gtest.h>

#include "magpie/tests/examples/simulated.h"

example dispatcher;

TEST(dispatcher, takes_what_comes_first) {
  EXPECT_EQ(output_of(dispatcher),
            "  1.0 s  order: soup\n"
            "  1.0 s  order: bread\n"
            "  3.0 s  nothing to do\n"
            "  5.0 s  nothing to do\n"
            "  6.0 s  order: tea\n"
            "  7.0 s  closed\n");
}

TEST(dispatcher, loses_no_order_on_any_number_of_workers) {
  const auto expected = sorted_lines(output_of(dispatcher));
  for_many_schedules(dispatcher, [&](const auto& lines) { EXPECT_EQ(lines, expected); });
}
