#include "magpie/benchmarks/report/json.h"

#include <nlohmann/json.hpp>

#include "magpie/benchmarks/report/strategy.h"

namespace magpie::bench {
namespace {

using json = nlohmann::ordered_json;

json of(const figure& f) {
  return {{"median", f.median}, {"min", f.min}, {"max", f.max}, {"n", f.n}};
}

void put(json& target, const char* key, const std::optional<figure>& value) {
  if (value) target[key] = of(*value);
}

void put(json& target, const char* key, const std::optional<double>& value) {
  if (value) target[key] = *value;
}

std::string_view name_of(role part) {
  switch (part) {
    case role::opponent:
      return "opponent";
    case role::judged:
      return "judged";
    case role::shown:
      return "shown";
  }
  return "shown";
}

json of(const measurement& each) {
  const sample& s = each.measured;
  json one = {{"round", each.round},
              {"wall_s", s.wall_s},
              {"cpu_s", s.cpu_s},
              {"peak_rss_bytes", s.peak_rss_bytes},
              {"base_rss_bytes", s.base_rss_bytes}};
  put(one, "p50_us", s.p50_us);
  put(one, "p99_us", s.p99_us);
  put(one, "heartbeat_lag_us", s.heartbeat_lag_us);
  for (const auto& [name, value] : s.extra)
    one[name] = value;
  return one;
}

json of(const strategy_result& result) {
  const variant& v = *result.what;
  json one = {{"name", v.strategy},
              {"title", find_strategy(v.strategy).title},
              {"how", v.how},
              {"part", name_of(v.part)}};
  put(one, "wall_s", result.wall_s());
  put(one, "cpu_s", result.cpu_s());
  put(one, "peak_rss_bytes", result.peak_rss_bytes());
  put(one, "p50_us", result.p50_us());
  put(one, "p99_us", result.p99_us());
  put(one, "heartbeat_lag_us", result.heartbeat_lag_us());
  for (const auto& [name, value] : result.extra())
    one[name] = of(value);
  one["runs"] = json::array();
  for (const measurement& each : result.runs)
    one["runs"].push_back(of(each));
  return one;
}

json of(const thresholds& limits) {
  return {{"less", limits.less},
          {"more", limits.more},
          {"noise", limits.noise},
          {"cpu_floor_s", limits.cpu_floor_s},
          {"memory_floor_bytes", limits.memory_floor_bytes},
          {"min_rounds", limits.min_rounds},
          {"quiet", limits.quiet},
          {"busy", limits.busy},
          {"widest", limits.widest},
          {"text", limits.text()}};
}

json of(const judgement& j) {
  json compared = json::array();
  for (const comparison& c : j.comparisons) {
    compared.push_back({{"measure", c.measure},
                        {"found", to_string(c.found)},
                        {"ratio", c.ratio},
                        {"low", c.low},
                        {"high", c.high},
                        {"rounds", c.rounds}});
  }
  return {{"candidate", j.candidate}, {"opponent", j.opponent}, {"compared", compared}};
}

json of(const sweep_result& swept) {
  json one = {{"name", swept.what.name},
              {"over", swept.what.key},
              {"x", swept.what.x_title},
              {"measure", swept.what.measure},
              {"series", json::array()}};
  for (const curve& c : swept.curves) {
    json points = json::array();
    for (const auto& [x, value] : c.points) {
      json point = of(value);
      point["x"] = x;
      points.push_back(std::move(point));
    }
    one["series"].push_back({{"strategy", c.strategy}, {"points", std::move(points)}});
  }
  return one;
}

json of(const workload_result& result, const thresholds& limits) {
  const workload& w = *result.what;
  json one = {{"name", w.name},
              {"title", w.title},
              {"question", w.question},
              {"what", w.what},
              {"sizes", result.sizes.values()},
              {"verdict", to_string(result.judged.result)},
              {"reason", result.judged.reason},
              {"thresholds", of(limits)},
              {"comparison", of(result.judged)},
              {"strategies", json::array()},
              {"not_run", json::array()},
              {"scaling", json::array()},
              {"others_share_of_processors", result.disturbance},
              {"seconds", result.seconds}};
  for (const strategy_result& each : result.strategies)
    one["strategies"].push_back(of(each));
  for (const absence& each : result.not_run) {
    one["not_run"].push_back({{"name", each.strategy}, {"reason", each.reason}});
  }
  for (const sweep_result& each : result.scaling)
    one["scaling"].push_back(of(each));
  if (w.has_break_even) {
    one["break_even_us"] = json::object();
    for (const auto& [name, value] : result.break_even_us) {
      one["break_even_us"][std::string(name)] = value ? json(*value) : json(nullptr);
    }
  }
  return one;
}

}  // namespace

std::string to_json(const report_results& results) {
  json machine = json::object();
  for (const auto& [name, value] : results.machine)
    machine[name] = value;
  json all = {{"schema", "magpie-report-1"},
              {"machine", std::move(machine)},
              {"command", results.command},
              {"workloads", json::array()}};
  for (const workload_result& each : results.workloads) {
    all["workloads"].push_back(of(each, results.limits));
  }
  return all.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

}  // namespace magpie::bench
