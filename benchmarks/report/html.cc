#include "magpie/benchmarks/report/html.h"

#include <utility>

#include "magpie/benchmarks/report/embedded.h"
#include "magpie/benchmarks/report/format.h"
#include "magpie/benchmarks/report/strategy.h"
#include "magpie/benchmarks/report/svg.h"
#include "magpie/benchmarks/report/table.h"

namespace magpie::bench {
namespace {

std::string tag(const std::string& name, std::string_view text, const std::string& css = {}) {
  return "<" + name + (css.empty() ? "" : " class='" + css + "'") + ">" + escape(text) + "</" +
         name + ">";
}

std::string badge(verdict v) {
  std::string css(to_string(v));
  for (char& c : css) {
    if (c == ' ') c = '-';
  }
  return tag("span", to_string(v), "badge " + css);
}

std::string cell(const std::optional<figure>& f, std::string_view measure, bool spread) {
  if (!f) return "<td class='none'>-</td>";
  std::string text = "<td>" + escape(format_measure(measure, f->median));
  if (spread) {
    text += "<small>" + escape(format_measure(measure, f->min)) + " - " +
            escape(format_measure(measure, f->max)) + "</small>";
  }
  return text + "</td>";
}

std::string_view mark(role part) {
  switch (part) {
    case role::judged:
      return "judged";
    case role::opponent:
      return "opponent";
    case role::shown:
      return "";
  }
  return "";
}

std::string row(const strategy_result& result) {
  const variant& v = *result.what;
  const std::string_view part = mark(v.part);
  return "<tr><th scope='row'><span class='swatch c-" + std::string(v.strategy) + "'></span>" +
         escape(find_strategy(v.strategy).title) +
         (part.empty() ? "" : " " + tag("span", part, "part")) + tag("small", v.how) + "</th>" +
         cell(result.wall_s(), "wall_s", true) + "<td>" + std::to_string(result.runs.size()) +
         "</td>" + cell(result.cpu_s(), "cpu_s", true) +
         cell(result.peak_rss_bytes(), "peak_rss_bytes", true) +
         cell(result.p50_us(), "p50_us", true) + cell(result.p99_us(), "p99_us", true) +
         cell(result.heartbeat_lag_us(), "heartbeat_lag_us", true) + "</tr>\n";
}

std::string table_of(const workload_result& result) {
  std::string text =
      "<div class='wide'><table><thead><tr><th>strategy</th><th>wall time</th><th>runs</th>"
      "<th>CPU time</th><th>peak memory</th><th>latency p50</th><th>latency p99</th>"
      "<th>heartbeat lag</th></tr>"
      "</thead><tbody>\n";
  for (const strategy_result& each : result.strategies)
    text += row(each);
  return text + "</tbody></table></div>\n";
}

std::string legend(const sweep_result& swept) {
  std::string text = "<p class='legend'>";
  for (const curve& c : swept.curves) {
    text += "<span><span class='swatch c-" + std::string(c.strategy) + "'></span>" +
            escape(find_strategy(c.strategy).title) + "</span> ";
  }
  return text + "</p>";
}

std::string scaling(const workload_result& result) {
  std::string text;
  for (const sweep_result& swept : result.scaling) {
    if (swept.curves.empty()) continue;
    text += "<figure><figcaption>" + escape(swept.what.y_title) + " " + escape(swept.what.name) +
            (has_logarithmic_axis(swept) ? " (log)" : "") + "</figcaption>" + legend(swept) +
            "<div class='wide'>" + lines(swept) + "</div></figure>\n";
  }
  return text.empty() ? text : "<div class='charts'>" + text + "</div>\n";
}

std::string absent(const workload_result& result) {
  if (result.not_run.empty()) return {};
  std::string text = "<p class='absent-title'>Not run</p><ul class='absent'>";
  for (const absence& each : result.not_run) {
    text += "<li>" + tag("b", find_strategy(each.strategy).title) + ": " + escape(each.reason) +
            "</li>";
  }
  return text + "</ul>\n";
}

std::string sizes(const workload_result& result) {
  std::string text;
  for (const auto& [key, value] : result.sizes.values()) {
    text += (text.empty() ? "" : ", ") + key + " = " + value;
  }
  return text.empty() ? text : tag("p", "Sizes: " + text + ".", "sizes");
}

std::string section(const workload_result& result) {
  const workload& w = *result.what;
  std::string text = "<section id='" + std::string(w.name) + "'>\n<h2>" + escape(w.title) + " " +
                     badge(result.judged.result) + "</h2>\n";
  text += tag("p", w.question, "question") + "\n";
  text += "<p class='reason'>" + escape(result.judged.reason) + "</p>\n";
  const std::string even = describe_break_even(result);
  if (!even.empty()) text += "<p class='reason'>" + escape(even) + "</p>\n";
  text += tag("p", w.what) + "\n";
  if (!result.strategies.empty()) {
    text += "<div class='wide'>" + panels(result) + "</div>\n" + scaling(result) +
            "<details><summary>All figures</summary>\n" + table_of(result) + sizes(result) +
            "</details>\n";
  }
  return text + (result.strategies.empty() ? "" : absent(result)) + "</section>\n";
}

// The wall time, CPU time and memory of the comparison that decided.
std::string deciding(const judgement& j) {
  if (j.comparisons.empty()) return "<td colspan='4' class='none'>-</td>";
  std::string text = "<td class='versus'>" + escape(find_strategy(j.candidate).title) +
                     tag("small", "against " + std::string(find_strategy(j.opponent).title)) +
                     "</td>";
  for (const comparison& c : j.comparisons) {
    text += c.rounds == 0
                ? "<td class='none'>-</td>"
                : "<td>" + format_ratio(c.ratio) +
                      tag("small", format_ratio(c.low) + " - " + format_ratio(c.high)) + "</td>";
  }
  return text;
}

std::string overview(const report_results& results) {
  std::string text =
      "<div class='wide'><table class='overview'><thead><tr><th>workload</th><th>verdict</th>"
      "<th>decided by</th><th>wall time</th><th>CPU time</th><th>memory</th></tr></thead><tbody>\n";
  for (const workload_result& each : results.workloads) {
    text += "<tr><th scope='row'><a href='#" + std::string(each.what->name) + "'>" +
            escape(each.what->title) + "</a></th><td>" + badge(each.judged.result) + "</td>" +
            deciding(each.judged) + "</tr>\n";
  }
  return text + "</tbody></table></div>\n";
}

std::string machine(const report_results& results) {
  std::string text = "<dl>";
  for (const auto& [name, value] : results.machine)
    text += tag("dt", name) + tag("dd", value);
  return text + tag("dt", "command") + "<dd><code>" + escape(results.command) +
         "</code></dd></dl>\n";
}

std::string rules(const thresholds& limits) {
  std::string text = "<section id='rules'><h2>How to read it</h2>\n";
  text += "<ul class='sentences'>";
  for (const std::string& each : limits.sentences())
    text += tag("li", each) + "\n";
  text += "</ul>\n";
  text +=
      "<p>Every run is a process of its own. Wall time is taken inside it around the work, "
      "without the start of the process but with that of threads, pools and runtimes; CPU time "
      "is that of all its threads during the work; memory is the high-water mark of its "
      "resident set. Strategies take turns, round after round. Dots and bars are medians, the "
      "lines through them reach from the lowest to the highest run. p50 and p99 are latencies: "
      "from the moment an operation is wanted until whoever wanted it can go on. Where nothing "
      "else is said, all are wanted at the start, so waiting for a turn counts. Heartbeat lag is "
      "the 99th percentile of how late a beat comes that is due every millisecond. The two "
      "strategies whose comparison decided are in bold.</p>\n<ul>";
  for (const strategy& each : all_strategies()) {
    text += "<li><span class='swatch c-" + std::string(each.name) + "'></span>" +
            tag("b", each.title) + ": " + escape(each.what) + "</li>\n";
  }
  return text + "</ul></section>\n";
}

}  // namespace

std::string to_html(const report_results& results) {
  std::string text =
      "<!DOCTYPE html>\n<html lang='en'>\n<head>\n<meta charset='utf-8'>\n"
      "<meta name='viewport' content='width=device-width, initial-scale=1'>\n"
      "<meta name='color-scheme' content='light dark'>\n"
      "<title>Where async helps and where it doesn't</title>\n<style>\n" +
      std::string(page_style()) + "</style>\n</head>\n<body>\n<main>\n<header>\n";
  text += "<h1>Where async helps and where it doesn't</h1>\n";
  text +=
      "<p class='lead'>Real workloads, run on this machine under every strategy. Each verdict "
      "sets the fastest form that uses magpie's tasks against the fastest one in C++ without "
      "coroutines; ratios below 1x are in favour of magpie.</p>\n</header>\n";
  text += "<div class='front'>\n" + overview(results) + machine(results) + "</div>\n";
  for (const workload_result& each : results.workloads)
    text += section(each);
  return text + rules(results.limits) + "</main>\n</body>\n</html>\n";
}

}  // namespace magpie::bench
