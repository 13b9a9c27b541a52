#ifndef MAGPIE_BENCHMARKS_REPORT_CHILD_H_
#define MAGPIE_BENCHMARKS_REPORT_CHILD_H_

// Every run is a process of its own, so that its CPU time and its peak memory are its own too:
// the report starts itself as `report --child WORKLOAD STRATEGY key=value...`, or Python, and
// reads one line of JSON.

#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "magpie/benchmarks/report/parameters.h"
#include "magpie/benchmarks/report/sample.h"
#include "magpie/benchmarks/report/workload.h"

namespace magpie::bench {

struct child_settings {
  // Empty when there is no Python.
  std::string python;
  std::filesystem::path scripts;
  std::chrono::milliseconds limit = std::chrono::seconds(60);
};

// Throws std::runtime_error when the run fails, is killed, or takes longer than the limit.
sample run_in_child(const workload& w, const variant& v, const parameters& p,
                    const child_settings& settings);

// In the child: does the run and prints its line. The exit status.
int child_main(const std::vector<std::string>& words);

}  // namespace magpie::bench

#endif  // MAGPIE_BENCHMARKS_REPORT_CHILD_H_
