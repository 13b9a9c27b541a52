#ifndef MAGPIE_BENCHMARKS_REPORT_SESSION_H_
#define MAGPIE_BENCHMARKS_REPORT_SESSION_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "magpie/benchmarks/report/child.h"
#include "magpie/benchmarks/report/progress.h"
#include "magpie/benchmarks/report/results.h"
#include "magpie/benchmarks/report/servers/surroundings.h"
#include "magpie/benchmarks/report/workload.h"

namespace magpie::bench {

// Measures workloads one after the other within a budget of time. Within a workload the
// strategies take turns, round after round, so that a slow phase of the machine meets them all;
// each round begins with another one.
class session {
 public:
  session(scale size, std::size_t workers);

  // Seconds that everything may take, roughly.
  double budget() const;

  std::vector<workload_result> measure(const std::vector<const workload*>& chosen);
  const surroundings& around() const { return around_; }
  const std::string& python() const { return settings_.python; }

 private:
  workload_result measure_one(const workload& w, double slice, progress& shown);
  void measure_rounds(workload_result& result, const parameters& p, double slice, progress& shown);
  void measure_sweep(workload_result& result, const sweep& s, const parameters& p, double slice,
                     progress& shown);
  // Nothing when the point cannot be measured: it is then missing from the curve.
  std::optional<double> measure_point(const workload_result& result, const sweep& s,
                                      std::string_view strategy, double point, const parameters& p);
  // One run of a strategy; on a failure the strategy moves to the ones that were not run.
  bool run_once(workload_result& result, std::size_t index, std::size_t round, const parameters& p);

  const scale size_;
  const std::size_t workers_;
  surroundings around_;
  child_settings settings_;
  // After this moment of the steady clock, in seconds, every workload gets one round and no more.
  double latest_ = 0;
};

}  // namespace magpie::bench

#endif  // MAGPIE_BENCHMARKS_REPORT_SESSION_H_
