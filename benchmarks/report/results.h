#ifndef MAGPIE_BENCHMARKS_REPORT_RESULTS_H_
#define MAGPIE_BENCHMARKS_REPORT_RESULTS_H_

// What the report has found out, as table, JSON and page are made from it.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "magpie/benchmarks/report/statistics.h"
#include "magpie/benchmarks/report/verdict.h"
#include "magpie/benchmarks/report/workload.h"

namespace magpie::bench {

struct strategy_result {
  const variant* what = nullptr;
  std::vector<measurement> runs;

  std::optional<figure> wall_s() const;
  std::optional<figure> cpu_s() const;
  std::optional<figure> peak_rss_bytes() const;
  std::optional<figure> p50_us() const;
  std::optional<figure> p99_us() const;
  std::optional<figure> heartbeat_lag_us() const;
  // Each of the further figures that at least one run gave.
  std::map<std::string, figure> extra() const;
};

struct curve {
  std::string_view strategy;
  std::vector<std::pair<double, figure>> points;
};

struct sweep_result {
  sweep what;
  std::vector<curve> curves;
};

struct workload_result {
  const workload* what = nullptr;
  // The sizes of the runs, without the addresses and paths of this machine.
  parameters sizes;
  std::vector<strategy_result> strategies;
  std::vector<absence> not_run;
  std::vector<sweep_result> scaling;
  // The grain, in microseconds, from which a strategy takes no longer than the plain loop.
  // Nothing when it never does.
  std::map<std::string_view, std::optional<double>> break_even_us;
  judgement judged;
  // The share of the processors that other programs had during the rounds.
  double disturbance = 0;
  double seconds = 0;

  const strategy_result* find(std::string_view strategy) const;
};

struct report_results {
  // Each a name and a value, in order.
  std::vector<std::pair<std::string, std::string>> machine;
  std::string command;
  std::string size;
  double seconds = 0;
  thresholds limits;
  std::vector<workload_result> workloads;
};

// The figure of a sample that a sweep or a plot names; see sweep::measure.
std::optional<double> measure_of(const sample& s, std::string_view name);

}  // namespace magpie::bench

#endif  // MAGPIE_BENCHMARKS_REPORT_RESULTS_H_
