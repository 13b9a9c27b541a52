// fork_join: trees of tasks, in which a parent waits for all its children. Each file here is one
// program, written for magpie (task and gather), onetbb (task_group) and recursion (plain calls on
// one thread), in a brief size and in the size of the public runtime-benchmarks collection.
//
// A row fails when its result is wrong. peak_MB is the most memory that the whole process had
// resident, without the data that the program works on; run one row alone, with a filter, and
// nothing of another is in it.
#ifndef MAGPIE_BENCHMARKS_FORK_JOIN_ROWS_H_
#define MAGPIE_BENCHMARKS_FORK_JOIN_ROWS_H_

#include <benchmark/benchmark.h>
#include <tbb/global_control.h>
#include <tbb/task_arena.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "magpie/benchmarks/resident_memory.h"
#include "magpie/benchmarks/suite.h"

namespace magpie::benchmarks {

struct program {
  std::string name;  // With its size.
  double operations;
  std::int64_t result;
  std::size_t data_bytes = 0;  // What it works on.
};

// The compiler must not know what it is asked to compute.
template <class T>
T hidden(T value) {
  benchmark::DoNotOptimize(value);
  return value;
}

template <class Run>
void run_checked(benchmark::State& state, const program& what, Run run) {
  forget_peak();
  {
    const operation_meter meter(state, what.operations);
    for (auto _ : state) {
      if (static_cast<std::int64_t>(run()) != what.result) state.SkipWithError("a wrong result");
    }
  }
  const double beyond_data = static_cast<double>(peak_resident_bytes() - what.data_bytes);
  state.counters["peak_MB"] = beyond_data / 1e6;
}

// `make()` returns the task.
template <class Make>
void add_magpie(const program& what, Make make, const std::string& runtime_name = "magpie") {
  add_rows("fork_join/" + what.name + '/' + runtime_name,
           [=](benchmark::State& state, std::size_t workers) {
             runtime host(options().workers(workers));
             run_checked(state, what, [&] { return host.run(make()); });
           });
}

// `call()` runs inside an arena. The calling thread is one of its threads.
template <class Call>
void add_onetbb(const program& what, Call call) {
  add_rows("fork_join/" + what.name + "/onetbb", [=](benchmark::State& state, std::size_t workers) {
    const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, workers);
    tbb::task_arena arena(static_cast<int>(workers));
    arena.initialize();
    run_checked(state, what, [&] { return arena.execute(call); });
  });
}

template <class Call>
void add_recursion(const program& what, Call call) {
  add_row("fork_join/" + what.name + "/recursion",
          [=](benchmark::State& state, std::size_t) { run_checked(state, what, call); });
}

}  // namespace magpie::benchmarks

#endif  // MAGPIE_BENCHMARKS_FORK_JOIN_ROWS_H_
