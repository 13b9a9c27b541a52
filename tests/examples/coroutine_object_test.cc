#include <gtest/gtest.h>

#include <regex>

#include "magpie/tests/examples/simulated.h"

example coroutine_object;

TEST(coroutine_object, runs_nothing_until_it_is_awaited) {
  const std::string output = output_of(coroutine_object);
  const std::regex expected(
      "greet\\(\\) was called, and this is what it gave:\n"
      "<task greet at 0x[0-9a-f]+, made at coroutine_object\\.cc:\\d+, not started>\n"
      "Another one was dropped\\.\n"
      "Hello from a coroutine!\n"
      "It was awaited, and returned 42\\.\n");
  EXPECT_TRUE(std::regex_match(output, expected)) << output;
}
