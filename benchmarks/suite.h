// What all suites share: how rows are named, over which workers they run, what is measured.
//
// A row is called suite/program/runtime/workers; what Google Benchmark appends to that says which
// clock decides how often it is repeated. Beside Google Benchmark's own columns, which are for one
// whole iteration, each row has wall_ns and cpu_ns: wall time, and CPU time of all threads of the
// process, for one operation.
#ifndef MAGPIE_BENCHMARKS_SUITE_H_
#define MAGPIE_BENCHMARKS_SUITE_H_

#include <benchmark/benchmark.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "magpie/runtime/options.h"
#include "magpie/runtime/run.h"

namespace magpie::benchmarks {

// What main() does, which suite.cc has.
int run_suite(int argc, char** argv);

// 1, 2, 4, ..., and as many as there are processors for this process.
std::vector<std::size_t> worker_counts();

using body = std::function<void(benchmark::State&, std::size_t workers)>;

// The row `name`/1, for what has no workers.
void add_row(const std::string& name, const body& measured);

// A row for each of worker_counts().
void add_rows(const std::string& name, const body& measured);

// Wall and CPU time between the two ends of its life, divided by the operations done meanwhile.
class operation_meter {
 public:
  operation_meter(benchmark::State& state, double operations_per_iteration);
  operation_meter(const operation_meter&) = delete;
  operation_meter& operator=(const operation_meter&) = delete;
  ~operation_meter();

 private:
  benchmark::State& state_;
  const double operations_;
  const std::chrono::nanoseconds cpu_;
  const std::chrono::steady_clock::time_point wall_;
};

// One iteration runs what `program()` returns, a task with a value, on a runtime that exists
// already and has run it once.
template <class Program>
body on_magpie(double operations, Program program) {
  return [=](benchmark::State& state, std::size_t workers) {
    runtime host(options().workers(workers));
    benchmark::DoNotOptimize(host.run(program()));
    const operation_meter meter(state, operations);
    for (auto _ : state)
      benchmark::DoNotOptimize(host.run(program()));
  };
}

}  // namespace magpie::benchmarks

#endif  // MAGPIE_BENCHMARKS_SUITE_H_
