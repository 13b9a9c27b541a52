#include "magpie/benchmarks/report/results.h"

namespace magpie::bench {
namespace {

std::optional<figure> figure_of(const std::vector<measurement>& runs, std::string_view measure) {
  std::vector<double> values;
  for (const measurement& each : runs) {
    if (const auto value = measure_of(each.measured, measure)) values.push_back(*value);
  }
  return summarize(values);
}

}  // namespace

std::optional<double> measure_of(const sample& s, std::string_view name) {
  if (name == "wall_s") return s.wall_s;
  if (name == "cpu_s") return s.cpu_s;
  if (name == "peak_rss_bytes") return s.peak_rss_bytes;
  if (name == "p50_us") return s.p50_us;
  if (name == "p99_us") return s.p99_us;
  if (name == "heartbeat_lag_us") return s.heartbeat_lag_us;
  const auto found = s.extra.find(std::string(name));
  if (found == s.extra.end()) return std::nullopt;
  return found->second;
}

std::optional<figure> strategy_result::wall_s() const {
  return figure_of(runs, "wall_s");
}
std::optional<figure> strategy_result::cpu_s() const {
  return figure_of(runs, "cpu_s");
}
std::optional<figure> strategy_result::peak_rss_bytes() const {
  return figure_of(runs, "peak_rss_bytes");
}
std::optional<figure> strategy_result::p50_us() const {
  return figure_of(runs, "p50_us");
}
std::optional<figure> strategy_result::p99_us() const {
  return figure_of(runs, "p99_us");
}
std::optional<figure> strategy_result::heartbeat_lag_us() const {
  return figure_of(runs, "heartbeat_lag_us");
}

std::map<std::string, figure> strategy_result::extra() const {
  std::map<std::string, figure> result;
  for (const measurement& each : runs) {
    for (const auto& [name, value] : each.measured.extra) {
      if (!result.count(name)) result[name] = *figure_of(runs, name);
    }
  }
  return result;
}

const strategy_result* workload_result::find(std::string_view strategy) const {
  for (const strategy_result& each : strategies) {
    if (each.what->strategy == strategy) return &each;
  }
  return nullptr;
}

}  // namespace magpie::bench
