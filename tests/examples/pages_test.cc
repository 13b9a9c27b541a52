#include <gtest/gtest.h>

#include "magpie/tests/examples/simulated.h"

example pages;

TEST(pages, are_fetched_when_they_are_wanted) {
  EXPECT_EQ(output_of(pages),
            "  1.0 s  page 1\n"
            "  1.0 s  book 1\n"
            "  1.0 s  book 2\n"
            "  1.0 s  book 3\n"
            "  2.0 s  page 2\n"
            "  2.0 s  book 4\n"
            "  2.0 s  book 5\n"
            "  1.0 s  page 1\n"
            "  1.0 s  book 1\n"
            "  1.0 s  book 2\n"
            "  1.0 s  book 3\n"
            "  2.0 s  page 2\n"
            "  2.0 s  book 4\n"
            "  2.0 s  book 5\n"
            "  2.0 s  book 6\n"
            "  3.0 s  page 3\n"
            "  3.0 s  book 7\n"
            "  3.0 s  book 8\n"
            "  4.0 s  page 4\n");
}
