#include <gtest/gtest.h>

#include "magpie/tests/examples/simulated.h"

example connection_pool;

TEST(connection_pool, lends_two_connections_to_whoever_waits_longest) {
  EXPECT_EQ(output_of(connection_pool),
            "  2.5 s  query 1 by connection 1\n"
            "  2.5 s  query 2 by connection 2\n"
            "  4.0 s  query 5 has found none free\n"
            "  4.5 s  query 3 by connection 2\n"
            "  4.5 s  query 4 by connection 1\n");
}
