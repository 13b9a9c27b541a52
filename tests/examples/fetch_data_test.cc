#include <gtest/gtest.h>

#include "magpie/tests/examples/simulated.h"

example fetch_data;

TEST(fetch_data, uses_the_result_of_another_coroutine) {
  EXPECT_EQ(output_of(fetch_data),
            "Start\n"
            "Fetching data...\n"
            "Data fetched!\n"
            "Result: data = 123\n"
            "End\n");
}
