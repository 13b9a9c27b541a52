#include <gtest/gtest.h>

#include "magpie/tests/examples/simulated.h"

example pipeline;

TEST(pipeline, the_producer_waits_for_the_refiners) {
  // Two are with the refiners and two in the channel: the fifth waits, and then each for its turn.
  EXPECT_EQ(output_of(pipeline),
            "  0.1 s  produced 1\n"
            "  0.2 s  produced 2\n"
            "  0.3 s  produced 3\n"
            "  0.4 s  produced 4\n"
            "  1.1 s  stored item 1\n"
            "  1.1 s  produced 5\n"
            "  1.2 s  stored item 2\n"
            "  1.2 s  produced 6\n"
            "  2.1 s  stored item 3\n"
            "  2.1 s  produced 7\n"
            "  2.2 s  stored item 4\n"
            "  2.2 s  produced 8\n"
            "  3.1 s  stored item 5\n"
            "  3.2 s  stored item 6\n"
            "  4.1 s  stored item 7\n"
            "  4.2 s  stored item 8\n"
            "  4.2 s  done, 8 stored\n");
}

TEST(pipeline, everything_arrives_on_any_number_of_workers) {
  const auto expected = sorted_lines(output_of(pipeline));
  for_many_schedules(pipeline, [&](const auto& lines) { EXPECT_EQ(lines, expected); });
}
