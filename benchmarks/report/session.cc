#include "magpie/benchmarks/report/session.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "magpie/benchmarks/report/disturbance.h"
#include "magpie/benchmarks/report/embedded.h"
#include "magpie/benchmarks/report/plan.h"
#include "magpie/benchmarks/report/process.h"
#include "magpie/benchmarks/report/strategy.h"

namespace magpie::bench {
namespace {

double now_s() {
  return std::chrono::duration<double>(steady::now().time_since_epoch()).count();
}

std::size_t most_rounds(scale size) {
  return at_scale<std::size_t>(size, 1, 7, 15);
}

// Of the workloads of the report together, about.
constexpr double k_weight_of_all = 12;

double weight_of(const std::vector<const workload*>& chosen) {
  double sum = 0;
  for (const workload* each : chosen)
    sum += each->weight;
  return sum;
}

std::size_t most_sweep_rounds(scale size) {
  return size == scale::full ? 7 : 3;
}

// What the machine gave, not what was asked: addresses and paths are no sizes.
parameters sizes_of(const parameters& p) {
  parameters sizes;
  for (const auto& [key, value] : p.values()) {
    if (key != "root" && key != "scratch" && key != "port") sizes.set(key, value);
  }
  return sizes;
}

// The check of a strategy that ran before, if any.
std::optional<std::uint64_t> known_check(const workload_result& result) {
  for (const strategy_result& each : result.strategies) {
    for (const measurement& done : each.runs) {
      if (done.measured.check) return done.measured.check;
    }
  }
  return std::nullopt;
}

// From a sweep of nanoseconds per task over the grain: the plain loop's time per task is the grain.
std::map<std::string_view, std::optional<double>> break_even_of(const sweep_result& over_grain) {
  std::map<std::string_view, std::optional<double>> found;
  const auto plain =
      std::find_if(over_grain.curves.begin(), over_grain.curves.end(),
                   [](const curve& c) { return c.strategy == strategies::sequential; });
  if (plain == over_grain.curves.end()) return found;
  for (const curve& each : over_grain.curves) {
    if (&each == &*plain || each.points.size() != plain->points.size()) continue;
    std::vector<std::pair<double, double>> ratios;
    for (std::size_t i = 0; i < each.points.size(); ++i) {
      const double plain_ns = plain->points[i].second.median;
      ratios.emplace_back(plain_ns * 1e-3, each.points[i].second.median / plain_ns);
    }
    found[each.strategy] = break_even(ratios);
  }
  return found;
}

// By strategy, by point, by round.
using sweep_values = std::vector<std::vector<std::vector<double>>>;

sweep_result summarize_sweep(const sweep& s, const sweep_values& values) {
  sweep_result swept{s, {}};
  for (std::size_t i = 0; i < s.strategies.size(); ++i) {
    curve found{s.strategies[i], {}};
    for (std::size_t x = 0; x < s.points.size(); ++x) {
      const auto summary = summarize(values[i][x]);
      if (summary) found.points.emplace_back(s.points[x], *summary);
    }
    if (!found.points.empty()) swept.curves.push_back(std::move(found));
  }
  return swept;
}

judgement judge_result(const workload_result& result) {
  std::vector<contestant> contestants;
  for (const strategy_result& each : result.strategies) {
    contestants.push_back({each.what->strategy, each.what->part, each.runs});
  }
  return judge(contestants, thresholds(), result.disturbance);
}

}  // namespace

session::session(scale size, std::size_t workers) : size_(size), workers_(workers), around_(size) {
  raise_descriptor_limit();
  settings_.python = find_program("python3", {"/usr/bin/python3"}).value_or("");
  settings_.scripts = around_.folder() / "scripts";
  settings_.limit = std::chrono::seconds(size == scale::full ? 180 : 60);
  write_scripts(settings_.scripts);
}

double session::budget() const {
  return at_scale(size_, 10.0, 80.0, 600.0);
}

std::vector<workload_result> session::measure(const std::vector<const workload*>& chosen) {
  // A few workloads get the time that they would have among all, so that figures compare.
  double weight_left = weight_of(chosen);
  const double budget_s = budget() * std::min(1.0, weight_left / k_weight_of_all);
  const double deadline = now_s() + budget_s;
  latest_ = deadline + 0.25 * budget_s;
  progress shown(chosen.size(), budget_s);
  std::vector<workload_result> results;
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    shown.begin(i + 1, std::string(chosen[i]->name));
    const double slice = std::max(0.0, deadline - now_s()) * chosen[i]->weight / weight_left;
    weight_left -= chosen[i]->weight;
    results.push_back(measure_one(*chosen[i], slice, shown));
  }
  return results;
}

workload_result session::measure_one(const workload& w, double slice, progress& shown) {
  const double started = now_s();
  workload_result result;
  result.what = &w;
  for (const absence& each : w.absent)
    result.not_run.push_back(each);
  try {
    parameters p = around_.provide(w);
    p.set("workers", workers_);
    result.sizes = sizes_of(p);
    const std::vector<sweep> sweeps = w.sweeps ? w.sweeps(size_, workers_) : std::vector<sweep>();
    const processor_times before = read_processor_times(around_.running());
    measure_rounds(result, p, sweeps.empty() ? slice : 0.7 * slice, shown);
    result.disturbance = share_of_others(before, read_processor_times(around_.running()));
    for (std::size_t i = 0; i < sweeps.size(); ++i) {
      const double left = std::max(0.0, started + slice - now_s());
      measure_sweep(result, sweeps[i], p, left / static_cast<double>(sweeps.size() - i), shown);
    }
    if (w.has_break_even && !result.scaling.empty()) {
      result.break_even_us = break_even_of(result.scaling.front());
    }
    result.judged = judge_result(result);
  } catch (const std::runtime_error& e) {
    for (const variant& each : w.variants) {
      result.not_run.push_back({std::string(each.strategy), e.what()});
    }
    result.strategies.clear();
    result.judged.reason = std::string("Not run: ") + e.what() + ".";
  }
  result.seconds = now_s() - started;
  return result;
}

void session::measure_rounds(workload_result& result, const parameters& p, double slice,
                             progress& shown) {
  const double started = now_s();
  std::vector<double> costs;
  for (const variant& each : result.what->variants) {
    shown.step(std::string(each.strategy) + ", round 1");
    result.strategies.push_back({&each, {}});
    const double before = now_s();
    if (run_once(result, result.strategies.size() - 1, 0, p)) costs.push_back(now_s() - before);
  }
  const plan planned = plan_rounds(costs, slice, most_rounds(size_));
  std::vector<const variant*> repeated;
  for (std::size_t i = 0; i < costs.size(); ++i) {
    if (!planned.once[i]) repeated.push_back(result.strategies[i].what);
  }
  // A machine that has slowed down since must not multiply the time.
  const double deadline = std::min(latest_, started + 3 * std::max(slice, budget() / 20));
  for (std::size_t round = 1; round < planned.rounds && now_s() < deadline; ++round) {
    std::rotate(repeated.begin(), repeated.begin() + (repeated.empty() ? 0 : 1), repeated.end());
    for (const variant* each : repeated) {
      shown.step(std::string(each->strategy) + ", round " + std::to_string(round + 1) + " of " +
                 std::to_string(planned.rounds));
      for (std::size_t i = 0; i < result.strategies.size(); ++i) {
        if (result.strategies[i].what == each) run_once(result, i, round, p);
      }
    }
  }
}

bool session::run_once(workload_result& result, std::size_t index, std::size_t round,
                       const parameters& p) {
  strategy_result& mine = result.strategies[index];
  std::string failure;
  try {
    sample measured = run_in_child(*result.what, *mine.what, p, settings_);
    const auto expected = known_check(result);
    if (!measured.check || !expected || measured.check == expected) {
      mine.runs.push_back({round, std::move(measured)});
      return true;
    }
    failure = "it computed another result than the strategies before it";
  } catch (const std::runtime_error& e) {
    failure = e.what();
  }
  result.not_run.push_back({std::string(mine.what->strategy),
                            "failed in round " + std::to_string(round + 1) + ": " + failure});
  result.strategies.erase(result.strategies.begin() + static_cast<std::ptrdiff_t>(index));
  return false;
}

void session::measure_sweep(workload_result& result, const sweep& s, const parameters& p,
                            double slice, progress& shown) {
  const double started = now_s();
  sweep_values values(s.strategies.size(), std::vector<std::vector<double>>(s.points.size()));
  for (std::size_t round = 0; round < most_sweep_rounds(size_); ++round) {
    // Another round only if it fits.
    const double per_round = round == 0 ? 0 : (now_s() - started) / static_cast<double>(round);
    if (now_s() > latest_ || (round > 0 && now_s() - started + per_round > slice)) break;
    for (std::size_t x = 0; x < s.points.size(); ++x) {
      for (std::size_t i = 0; i < s.strategies.size(); ++i) {
        if (!result.find(s.strategies[i])) continue;
        shown.step(std::string(s.strategies[i]) + ", " + std::string(s.name));
        if (const auto value = measure_point(result, s, s.strategies[i], s.points[x], p)) {
          values[i][x].push_back(*value);
        }
      }
    }
  }
  result.scaling.push_back(summarize_sweep(s, values));
}

std::optional<double> session::measure_point(const workload_result& result, const sweep& s,
                                             std::string_view strategy, double point,
                                             const parameters& p) {
  parameters there = p;
  there.set(std::string(s.key), point);
  if (s.adjust) s.adjust(point, there);
  try {
    const variant& v = *find_variant(*result.what, strategy);
    return measure_of(run_in_child(*result.what, v, there, settings_), s.measure);
  } catch (const std::runtime_error&) {
    return std::nullopt;
  }
}

}  // namespace magpie::bench
