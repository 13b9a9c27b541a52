#ifndef MAGPIE_BENCHMARKS_REPORT_WORKLOAD_H_
#define MAGPIE_BENCHMARKS_REPORT_WORKLOAD_H_

#include <string>
#include <string_view>
#include <vector>

#include "magpie/benchmarks/report/meter.h"
#include "magpie/benchmarks/report/parameters.h"
#include "magpie/benchmarks/report/verdict.h"

namespace magpie::bench {

// How much is done: `tiny` is for the tests, which need no meaningful figures.
enum class scale { tiny, quick, full };

template <class T>
constexpr T at_scale(scale size, T tiny, T quick, T full) {
  switch (size) {
    case scale::tiny:
      return tiny;
    case scale::quick:
      return quick;
    case scale::full:
      break;
  }
  return full;
}

// Does the work of one run and measures it. Runs in a process of its own.
// Told the name of its strategy, because several share a function.
using runner = void (*)(std::string_view strategy, const parameters&, meter&);

// A strategy within a workload.
struct variant {
  std::string_view strategy;
  role part = role::shown;
  // What exactly it does here, in one sentence.
  std::string_view how;
  // One of the two; the script is one of python/.
  runner run = nullptr;
  std::string_view script = {};
};

// A strategy that is not run in a workload, and why.
struct absence {
  std::string strategy;
  std::string reason;
};

// One figure of a variant while one parameter varies.
struct sweep {
  std::string_view name;
  // The parameter and how to call it on an axis.
  std::string_view key;
  std::string_view x_title;
  // "wall_s", "p99_us", or the name of an extra figure.
  std::string_view measure;
  std::string_view y_title;
  std::vector<double> points;
  std::vector<std::string_view> strategies;
  // Adjusts the other parameters to a point; may be null.
  void (*adjust)(double point, parameters&) = nullptr;
};

// What a workload needs around it; see servers/surroundings.h.
struct needs {
  bool nginx = false;
  bool files = false;
  bool echo = false;
  // For the scripts, which spin instead of running the kernel: how long one call of it takes.
  bool kernel_time = false;
};

struct workload {
  std::string_view name;
  std::string_view title;
  std::string_view question;
  // What is done, with what, and what is not counted.
  std::string_view what;
  needs around;
  std::vector<variant> variants;
  std::vector<absence> absent;
  parameters (*sizes)(scale) = nullptr;
  std::vector<sweep> (*sweeps)(scale, std::size_t workers) = nullptr;
  // Its share of the time, in comparison with the others.
  double weight = 1;
  // Of the sweep over grains: also give the grain from which each strategy pays.
  bool has_break_even = false;
};

// Wall time over the number of workers, which is also that of threads and of CPU threads.
sweep over_workers(std::size_t workers, std::vector<std::string_view> strategies);

// The powers of two up to the number of workers, the number itself, and twice the number.
std::vector<double> worker_counts(std::size_t workers);

const variant* find_variant(const workload& w, std::string_view strategy);

}  // namespace magpie::bench

#endif  // MAGPIE_BENCHMARKS_REPORT_WORKLOAD_H_
