#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "magpie/benchmarks/report/html.h"
#include "magpie/benchmarks/report/json.h"
#include "magpie/benchmarks/report/strategy.h"
#include "magpie/benchmarks/report/table.h"
#include "magpie/tests/benchmarks/report/page_check.h"

namespace magpie::bench {
namespace {

using nlohmann::json;

const workload& sample_workload() {
  static const workload w = [] {
    workload made;
    made.name = "sample";
    made.title = "A <sample> & more";
    made.question = "Does it help?";
    made.what = "Nothing is done.";
    made.variants = {{strategies::thread_pool, role::opponent, "threads", nullptr, "x.py"},
                     {strategies::magpie_n, role::judged, "tasks", nullptr, "x.py"}};
    made.has_break_even = true;
    return made;
  }();
  return w;
}

strategy_result runs_of(const variant& v, double wall_s) {
  strategy_result result{&v, {}};
  for (std::size_t round = 0; round < 3; ++round) {
    sample s;
    s.wall_s = wall_s + 0.01 * static_cast<double>(round);
    s.cpu_s = 0.1;
    s.peak_rss_bytes = 5e6;
    s.p50_us = 10;
    s.p99_us = 20;
    s.extra["requests_per_s"] = 100;
    result.runs.push_back({round, s});
  }
  return result;
}

report_results sample_results() {
  const workload& w = sample_workload();
  workload_result one;
  one.what = &w;
  one.sizes.set("requests", 10);
  one.strategies = {runs_of(w.variants[0], 1.0), runs_of(w.variants[1], 0.5)};
  one.not_run = {{std::string(strategies::asyncio), "python3 is <missing>"}};
  sweep s;
  s.name = "over workers";
  s.key = "workers";
  s.points = {1, 2};
  s.x_title = "workers";
  s.measure = "wall_s";
  s.y_title = "wall time";
  one.scaling = {{s, {{strategies::magpie_n, {{1, {1, 1, 1, 1}}, {2, {0.5, 0.4, 0.6, 3}}}}}}};
  one.break_even_us[strategies::magpie_n] = 2.5;
  one.break_even_us[strategies::thread_pool] = std::nullopt;
  one.judged = judge({{one.strategies[0].what->strategy, role::opponent, one.strategies[0].runs},
                      {one.strategies[1].what->strategy, role::judged, one.strategies[1].runs}});
  report_results results;
  results.machine = {{"processor", "a \"fast\" one"}};
  results.command = "report --quick";
  results.workloads = {one};
  return results;
}

TEST(json_output, has_the_keys_that_are_promised) {
  const json parsed = json::parse(to_json(sample_results()));
  std::set<std::string> keys;
  for (const auto& [key, value] : parsed.items())
    keys.insert(key);
  EXPECT_EQ(keys, (std::set<std::string>{"schema", "machine", "command", "workloads"}));
  const json& w = parsed["workloads"][0];
  for (const char* const key : {"name", "verdict", "reason", "thresholds", "strategies"}) {
    EXPECT_TRUE(w.contains(key)) << key;
  }
  EXPECT_EQ(w["verdict"], "helps");
  EXPECT_EQ(w["not_run"][0]["reason"], "python3 is <missing>");
  EXPECT_EQ(w["thresholds"]["less"], 0.8);
  EXPECT_EQ(w["break_even_us"]["magpie_n_workers"], 2.5);
  EXPECT_TRUE(w["break_even_us"]["thread_pool"].is_null());
}

TEST(json_output, gives_every_figure_with_median_min_max_and_n) {
  const json parsed = json::parse(to_json(sample_results()));
  const json& s = parsed["workloads"][0]["strategies"][0];
  EXPECT_EQ(s["name"], "thread_pool");
  EXPECT_NEAR(s["wall_s"]["median"].get<double>(), 1.01, 1e-9);
  EXPECT_EQ(s["wall_s"]["min"], 1.0);
  EXPECT_EQ(s["wall_s"]["n"], 3);
  EXPECT_EQ(s["wall_s"].size(), 4u);
  EXPECT_TRUE(s.contains("cpu_s") && s.contains("peak_rss_bytes") && s.contains("p50_us"));
  EXPECT_FALSE(s.contains("heartbeat_lag_us"));
  EXPECT_EQ(s["runs"].size(), 3u);
  EXPECT_EQ(parsed["workloads"][0]["scaling"][0]["series"][0]["points"][1]["x"], 2);
}

TEST(page, stands_alone_and_is_well_formed) {
  const std::string page = to_html(sample_results());
  for (const std::string& each : problems_of_page(page))
    ADD_FAILURE() << each;
  EXPECT_NE(page.find("A &lt;sample&gt; &amp; more"), std::string::npos);
  EXPECT_EQ(page.find("<missing>"), std::string::npos);
  EXPECT_NE(page.find("prefers-color-scheme: dark"), std::string::npos);
  EXPECT_NE(page.find("<span class='badge helps'>helps</span>"), std::string::npos);
  EXPECT_NE(page.find("<svg"), std::string::npos);
}

TEST(page, has_a_colour_for_every_strategy) {
  const std::string page = to_html(sample_results());
  for (const strategy& each : all_strategies()) {
    EXPECT_NE(page.find(".c-" + std::string(each.name) + " {"), std::string::npos) << each.name;
  }
}

TEST(page, a_workload_that_was_not_run_has_a_section_too) {
  report_results results = sample_results();
  results.workloads[0].strategies.clear();
  results.workloads[0].scaling.clear();
  results.workloads[0].judged = {};
  results.workloads[0].judged.reason = "Not run: nginx is not installed.";
  const std::string page = to_html(results);
  for (const std::string& each : problems_of_page(page))
    ADD_FAILURE() << each;
  EXPECT_NE(page.find("Not run: nginx is not installed."), std::string::npos);
}

TEST(page_check, finds_what_is_wrong) {
  EXPECT_TRUE(problems_of_page("<!DOCTYPE html><p>text<br></p>").empty());
  EXPECT_FALSE(problems_of_page("<!DOCTYPE html><p>text").empty());
  EXPECT_FALSE(problems_of_page("<!DOCTYPE html><p>text</b></p>").empty());
  EXPECT_FALSE(problems_of_page("<!DOCTYPE html><img src='x'>").empty());
}

TEST(table, shows_verdict_reason_and_thresholds) {
  const std::string text = to_table(sample_results(), false);
  EXPECT_NE(text.find("(sample): helps"), std::string::npos) << text;
  EXPECT_NE(text.find("a ratio of at most 0.80x"), std::string::npos);
  EXPECT_NE(text.find("Not run: Python asyncio: python3 is <missing>"), std::string::npos);
  EXPECT_NE(text.find("magpie, N workers from 2.50 us a task"), std::string::npos);
  EXPECT_EQ(text.find('\033'), std::string::npos);
  EXPECT_NE(to_table(sample_results(), true).find('\033'), std::string::npos);
}

TEST(table, wraps_at_spaces) {
  EXPECT_EQ(wrap("one two three", 9, "  "), "  one two\n  three\n");
  EXPECT_EQ(wrap("unbreakable", 4, ""), "unbreakable\n");
}

}  // namespace
}  // namespace magpie::bench
