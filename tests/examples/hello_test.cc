#include <gtest/gtest.h>

#include "magpie/tests/examples/simulated.h"

example hello;

TEST(hello, greets_and_goes_on) {
  EXPECT_EQ(output_of(hello), "Hello\nWorld\n");
}
