#include <gtest/gtest.h>

#include "magpie/tests/examples/simulated.h"

example microservices;

TEST(microservices, the_limit_of_the_gateway_reaches_the_last_service) {
  EXPECT_EQ(output_of(microservices),
            "A stock that answers in 200 ms, a page within 1 s:\n"
            "  0.3 s  prices: done\n"
            "  0.5 s  articles: done\n"
            "  0.7 s  stock: done\n"
            "  0.7 s  gateway: magpie, 12 in stock, 9.99\n"
            "A stock that answers in 800 ms, a page within 1 s:\n"
            "  0.3 s  prices: done\n"
            "  0.5 s  articles: done\n"
            "  0.5 s  stock: not enough time left, refused\n"
            "  0.5 s  gateway: magpie, ask for it, 9.99\n"
            "A page within 0.4 s:\n"
            "  0.0 s  articles: not enough time left, refused\n"
            "  0.0 s  gateway: 503, articles refused\n");
}

TEST(microservices, the_same_on_any_number_of_workers) {
  const auto expected = sorted_lines(output_of(microservices));
  for_many_schedules(microservices, [&](const auto& lines) { EXPECT_EQ(lines, expected); });
}
