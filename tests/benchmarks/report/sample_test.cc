#include "magpie/benchmarks/report/sample.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "magpie/benchmarks/report/parameters.h"

namespace magpie::bench {
namespace {

std::string failure_of(const std::string& line) {
  try {
    decode(line);
  } catch (const std::runtime_error& e) {
    return e.what();
  }
  return "";
}

TEST(sample, comes_back_as_it_was_sent) {
  sample s;
  s.wall_s = 0.25;
  s.cpu_s = 0.5;
  s.peak_rss_bytes = 1e7;
  s.base_rss_bytes = 1e6;
  s.p99_us = 12.5;
  s.check = 0xfedcba9876543210u;
  s.extra["files_per_s"] = 3;
  const sample back = decode(encode(s));
  EXPECT_EQ(back.wall_s, 0.25);
  EXPECT_EQ(back.cpu_s, 0.5);
  EXPECT_EQ(back.peak_rss_bytes, 1e7);
  EXPECT_EQ(back.base_rss_bytes, 1e6);
  EXPECT_EQ(back.p99_us, 12.5);
  EXPECT_FALSE(back.p50_us.has_value());
  EXPECT_FALSE(back.heartbeat_lag_us.has_value());
  EXPECT_EQ(back.check, 0xfedcba9876543210u);
  EXPECT_EQ(back.extra.at("files_per_s"), 3);
}

TEST(sample, an_error_arrives_as_its_own_message) {
  EXPECT_EQ(failure_of(encode_error("no such \"file\"")), "no such \"file\"");
}

TEST(sample, nonsense_is_quoted_and_a_missing_figure_named) {
  EXPECT_NE(failure_of("Segmentation fault").find("Segmentation fault"), std::string::npos);
  EXPECT_NE(failure_of("").find("no result"), std::string::npos);
  EXPECT_NE(failure_of(R"({"wall_s": 1})").find("cpu_s"), std::string::npos);
}

TEST(parameters, words_and_back) {
  parameters p;
  p.set("requests", 20).set("share", 0.25).set("root", "/a=b");
  const parameters back = parameters::parse(p.words());
  EXPECT_EQ(back.count("requests"), 20u);
  EXPECT_EQ(back.number("share"), 0.25);
  EXPECT_EQ(back.text("root"), "/a=b");
  EXPECT_EQ(back.count_or("requests", 5), 20u);
  EXPECT_EQ(back.count_or("missing", 5), 5u);
}

TEST(parameters, what_is_wrong_is_named) {
  EXPECT_THROW(parameters::parse({"novalue"}), std::invalid_argument);
  EXPECT_THROW(parameters::parse({"=1"}), std::invalid_argument);
  const parameters p = parameters::parse({"n=1.5", "text=abc"});
  EXPECT_THROW(p.count("n"), std::invalid_argument);
  EXPECT_THROW(p.count("text"), std::invalid_argument);
  EXPECT_THROW(p.count("missing"), std::invalid_argument);
}

TEST(parameters, a_point_of_a_sweep_is_a_count) {
  EXPECT_EQ(parameters().set("n", 62500.0).count("n"), 62500u);
}

}  // namespace
}  // namespace magpie::bench
