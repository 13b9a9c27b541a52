#include "magpie/benchmarks/report/table.h"

#include <algorithm>
#include <cstdio>
#include <sstream>

#include "magpie/benchmarks/report/format.h"
#include "magpie/benchmarks/report/strategy.h"

namespace magpie::bench {
namespace {

constexpr std::size_t k_width = 118;

std::string padded(const std::string& text, std::size_t width) {
  return text.size() >= width ? text : text + std::string(width - text.size(), ' ');
}

std::string coloured(verdict v, bool colours) {
  std::string name(to_string(v));
  if (!colours) return name;
  const char* const code = v == verdict::helps          ? "\033[1;32m"
                           : v == verdict::hurts        ? "\033[1;31m"
                           : v == verdict::inconclusive ? "\033[1;33m"
                                                        : "\033[1m";
  return code + name + "\033[0m";
}

std::string seconds_cell(const std::optional<figure>& f) {
  return f ? format_seconds(f->median) : "-";
}

std::string spread_cell(const std::optional<figure>& f) {
  if (!f) return "-";
  return format_seconds(f->min) + " - " + format_seconds(f->max);
}

std::string microseconds_cell(const std::optional<figure>& f) {
  return f ? format_microseconds(f->median) : "-";
}

constexpr std::size_t k_columns[] = {34, 10, 22, 4, 10, 10, 10, 10, 8};

std::string line_of(const std::vector<std::string>& cells) {
  std::string line = " ";
  for (std::size_t i = 0; i < cells.size(); ++i)
    line += " " + padded(cells[i], k_columns[i]);
  while (line.back() == ' ')
    line.pop_back();
  return line + "\n";
}

std::string line_of(const strategy_result& result) {
  const auto wall = result.wall_s();
  const auto memory = result.peak_rss_bytes();
  return line_of({std::string(find_strategy(result.what->strategy).title), seconds_cell(wall),
                  spread_cell(wall), wall ? std::to_string(wall->n) : "0",
                  seconds_cell(result.cpu_s()), memory ? format_bytes(memory->median) : "-",
                  microseconds_cell(result.p50_us()), microseconds_cell(result.p99_us()),
                  microseconds_cell(result.heartbeat_lag_us())});
}

std::string extras_of(const workload_result& result, std::string_view name,
                      const std::string& title) {
  std::string line;
  for (const strategy_result& each : result.strategies) {
    const auto extra = each.extra();
    const auto found = extra.find(std::string(name));
    if (found == extra.end()) continue;
    line += (line.empty() ? title + ": " : "; ") +
            std::string(find_strategy(each.what->strategy).title) + " " +
            format_measure(name, found->second.median);
  }
  return line;
}

std::string section(const workload_result& result, bool colours) {
  std::string text = "\n" + std::string(result.what->title) + " (" +
                     std::string(result.what->name) +
                     "): " + coloured(result.judged.result, colours) + "\n";
  text += line_of(
      {"strategy", "wall", "from - to", "n", "CPU", "memory", "p50", "p99", "heartbeat lag"});
  for (const strategy_result& each : result.strategies)
    text += line_of(each);
  text += wrap(result.judged.reason, k_width, "  ");
  for (const auto& [name, title] : std::initializer_list<std::pair<std::string_view, std::string>>{
           {"bytes_per_waiter", "Bytes per waiter"}, {"ns_per_task", "Per task"}}) {
    const std::string line = extras_of(result, name, title);
    if (!line.empty()) text += wrap(line + ".", k_width, "  ");
  }
  const std::string even = describe_break_even(result);
  if (!even.empty()) text += wrap(even, k_width, "  ");
  for (const sweep_result& swept : result.scaling) {
    text += "  " + std::string(swept.what.y_title) + " " + std::string(swept.what.name) + ":\n";
    for (const curve& c : swept.curves)
      text += wrap(describe(c, swept.what), k_width, "    ");
  }
  for (const absence& each : result.not_run) {
    text += wrap("Not run: " + std::string(find_strategy(each.strategy).title) + ": " + each.reason,
                 k_width, "  ");
  }
  return text;
}

}  // namespace

std::string format_measure(std::string_view measure, double value) {
  const auto ends_with = [&](std::string_view end) { return measure.ends_with(end); };
  if (ends_with("_per_s")) return format_number(value) + "/s";
  if (ends_with("_us")) return format_microseconds(value);
  if (measure.starts_with("bytes") || ends_with("bytes")) return format_bytes(value);
  if (measure.starts_with("ns_")) return format_microseconds(value * 1e-3);
  if (ends_with("_s")) return format_seconds(value);
  return format_number(value);
}

std::string describe(const curve& c, const sweep& s) {
  std::string line(find_strategy(c.strategy).title);
  const char* separator = ": ";
  for (const auto& [x, value] : c.points) {
    line += separator + format_number(x) + " -> " + format_measure(s.measure, value.median);
    separator = ", ";
  }
  return line;
}

std::string describe_break_even(const workload_result& result) {
  std::string line;
  for (const auto& [name, grain] : result.break_even_us) {
    line += line.empty() ? "Break-even with the plain loop: " : "; ";
    line += std::string(find_strategy(name).title);
    line += grain ? " from " + format_microseconds(*grain) + " a task" : " at no grain measured";
  }
  return line.empty() ? line : line + ".";
}

std::string wrap(const std::string& text, std::size_t width, const std::string& indent) {
  std::istringstream words(text);
  std::string result;
  std::string line = indent;
  for (std::string word; words >> word;) {
    if (line.size() + 1 + word.size() > width && line.size() > indent.size()) {
      result += line + "\n";
      line = indent;
    }
    if (line.size() > indent.size()) line += ' ';
    line += word;
  }
  return result + line + "\n";
}

std::string to_table(const report_results& results, bool colours) {
  std::string text = "Where async helps and where it doesn't\n";
  for (const auto& [name, value] : results.machine)
    text += "  " + padded(name, 12) + value + "\n";
  for (const workload_result& each : results.workloads)
    text += section(each, colours);
  text += "\nVerdicts\n";
  for (const workload_result& each : results.workloads) {
    text += "  " + padded(std::string(each.what->title), 36) +
            coloured(each.judged.result, colours) + "\n";
  }
  text += "\nThresholds\n";
  for (const std::string& each : results.limits.sentences())
    text += wrap(each, k_width, "  ");
  return text;
}

}  // namespace magpie::bench
