// oneTBB beside magpie: the same program on as many threads.
#ifndef MAGPIE_BENCHMARKS_ONETBB_H_
#define MAGPIE_BENCHMARKS_ONETBB_H_

#include <benchmark/benchmark.h>
#include <tbb/global_control.h>
#include <tbb/task_arena.h>

#include <cstddef>

#include "magpie/benchmarks/suite.h"

namespace magpie::benchmarks {

// One iteration calls `program()` inside an arena that exists already. The calling thread is one of
// its threads.
template <class Program>
body on_onetbb(double operations, Program program) {
  return [=](benchmark::State& state, std::size_t workers) {
    const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, workers);
    tbb::task_arena arena(static_cast<int>(workers));
    arena.initialize();
    const operation_meter meter(state, operations);
    for (auto _ : state)
      benchmark::DoNotOptimize(arena.execute(program));
  };
}

}  // namespace magpie::benchmarks

#endif  // MAGPIE_BENCHMARKS_ONETBB_H_
