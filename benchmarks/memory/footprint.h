// memory: how many bytes one thing takes, of which a program may have very many. Each iteration
// makes them, weighs, and ends them; times mean nothing here.
//
//   bytes    of one: what the kernel counts as resident, divided by their number.
//   heap     of one: what malloc has given out, which is what has been asked for and malloc's
//            rounding and headers.
//   kept_MB  what is still resident when all have ended, and free memory has been given back.
//
// All run on one worker, so that it is known when all are at rest. `bytes` is exact if the row runs
// alone, with a filter: memory that the rows before have left free may be used again.
#ifndef MAGPIE_BENCHMARKS_MEMORY_FOOTPRINT_H_
#define MAGPIE_BENCHMARKS_MEMORY_FOOTPRINT_H_

#include <benchmark/benchmark.h>

#include <cstddef>
#include <functional>
#include <string>

#include "magpie/benchmarks/resident_memory.h"
#include "magpie/benchmarks/suite.h"
#include "magpie/runtime/options.h"
#include "magpie/runtime/run.h"
#include "magpie/runtime/task.h"

namespace magpie::benchmarks {

struct footprint {
  double resident;
  double heap;

  static footprint now() {
    return {static_cast<double>(resident_bytes()), static_cast<double>(allocated_bytes())};
  }
};

// What `count` things weigh: begin() before they are made, end() when all are at rest.
class scales {
 public:
  scales(benchmark::State& state, std::size_t count)
      : state_(state), count_(static_cast<double>(count)) {}

  void begin() { before_ = footprint::now(); }
  void end() {
    const footprint after = footprint::now();
    state_.counters["bytes"] = (after.resident - before_.resident) / count_;
    state_.counters["heap"] = (after.heap - before_.heap) / count_;
  }

 private:
  benchmark::State& state_;
  const double count_;
  footprint before_{};
};

// Once only: what a second iteration finds free would not be weighed.
inline void add_weighed(const std::string& name, std::size_t workers,
                        std::function<void(benchmark::State&, runtime&)> weighed) {
  const std::string full = "memory/" + name + "/magpie/" + std::to_string(workers);
  const auto once = [=](benchmark::State& state) {
    forget_peak();
    const std::size_t before = resident_bytes();
    for (auto _ : state) {
      runtime host(options().workers(workers));
      weighed(state, host);
    }
    forget_peak();
    const double after = static_cast<double>(resident_bytes());
    state.counters["kept_MB"] = (after - static_cast<double>(before)) / 1e6;
  };
  benchmark::RegisterBenchmark(full.c_str(), once)->Iterations(1);
}

}  // namespace magpie::benchmarks

#endif  // MAGPIE_BENCHMARKS_MEMORY_FOOTPRINT_H_
