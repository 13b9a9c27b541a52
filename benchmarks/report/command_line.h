#ifndef MAGPIE_BENCHMARKS_REPORT_COMMAND_LINE_H_
#define MAGPIE_BENCHMARKS_REPORT_COMMAND_LINE_H_

#include <filesystem>
#include <string>
#include <vector>

#include "magpie/benchmarks/report/workload.h"

namespace magpie::bench {

struct command_line {
  bool help = false;
  bool list = false;
  scale size = scale::full;
  std::filesystem::path out = "magpie-report";
  // Empty: all of them.
  std::vector<const workload*> only;
};

// Throws std::invalid_argument, in words for the user, for what it does not understand.
command_line parse_command_line(const std::vector<std::string>& words);

std::string usage();
std::string list_of_workloads();

}  // namespace magpie::bench

#endif  // MAGPIE_BENCHMARKS_REPORT_COMMAND_LINE_H_
