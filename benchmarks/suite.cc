#include "magpie/benchmarks/suite.h"

#include <ctime>

namespace magpie::benchmarks {
namespace {

std::chrono::nanoseconds process_cpu_time() {
  std::timespec time{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

void add(const std::string& name, const body& measured, std::size_t workers) {
  const std::string full = name + "/" + std::to_string(workers);
  benchmark::RegisterBenchmark(full.c_str(),
                               [=](benchmark::State& state) { measured(state, workers); })
      ->MeasureProcessCPUTime()
      ->UseRealTime();
}

}  // namespace

std::vector<std::size_t> worker_counts() {
  const std::size_t most = available_parallelism();
  std::vector<std::size_t> counts;
  for (std::size_t count = 1; count < most; count *= 2)
    counts.push_back(count);
  counts.push_back(most);
  return counts;
}

void add_row(const std::string& name, const body& measured) {
  add(name, measured, 1);
}

void add_rows(const std::string& name, const body& measured) {
  for (const std::size_t workers : worker_counts())
    add(name, measured, workers);
}

operation_meter::operation_meter(benchmark::State& state, double operations_per_iteration)
    : state_(state),
      operations_(operations_per_iteration),
      cpu_(process_cpu_time()),
      wall_(std::chrono::steady_clock::now()) {}

operation_meter::~operation_meter() {
  const std::chrono::duration<double, std::nano> wall = std::chrono::steady_clock::now() - wall_;
  const std::chrono::duration<double, std::nano> cpu = process_cpu_time() - cpu_;
  const double operations = operations_ * static_cast<double>(state_.iterations());
  state_.counters["wall_ns"] = wall.count() / operations;
  state_.counters["cpu_ns"] = cpu.count() / operations;
}

}  // namespace magpie::benchmarks
