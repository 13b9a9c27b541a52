#include "magpie/benchmarks/report/command_line.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace magpie::bench {
namespace {

std::string refusal(const std::vector<std::string>& words) {
  try {
    parse_command_line(words);
  } catch (const std::invalid_argument& e) {
    return e.what();
  }
  return "accepted";
}

TEST(command_line, without_options_everything_is_measured_in_full) {
  const command_line c = parse_command_line({});
  EXPECT_EQ(c.size, scale::full);
  EXPECT_EQ(c.out, "magpie-report");
  EXPECT_TRUE(c.only.empty());
  EXPECT_FALSE(c.help || c.list);
}

TEST(command_line, all_options) {
  const command_line c = parse_command_line({"--quick", "--out", "here", "--only", "ping_pong",
                                             "--only", "ping_pong", "--list", "--help"});
  EXPECT_EQ(c.size, scale::quick);
  EXPECT_EQ(c.out, "here");
  ASSERT_EQ(c.only.size(), 1u);
  EXPECT_EQ(c.only[0]->name, "ping_pong");
  EXPECT_TRUE(c.help);
  EXPECT_TRUE(c.list);
}

TEST(command_line, what_is_wrong_is_said) {
  EXPECT_EQ(refusal({"--out"}), "--out needs a value");
  EXPECT_EQ(refusal({"--out", "--quick"}), "--out needs a value");
  EXPECT_EQ(refusal({"--only"}), "--only needs a value");
  EXPECT_EQ(refusal({"--fast"}), "\"--fast\" is not an option of the report");
  EXPECT_EQ(refusal({"quick"}), "\"quick\" is not an option of the report");
  EXPECT_NE(refusal({"--only", "nothing"}).find("there are:\n  http_fan_out"), std::string::npos);
}

}  // namespace
}  // namespace magpie::bench
