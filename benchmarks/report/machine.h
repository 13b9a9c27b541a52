#ifndef MAGPIE_BENCHMARKS_REPORT_MACHINE_H_
#define MAGPIE_BENCHMARKS_REPORT_MACHINE_H_

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace magpie::bench {

// What the figures depend on: processor, cores, memory, kernel, system, compiler, load, time.
// Nothing that names the machine or its user.
std::vector<std::pair<std::string, std::string>> describe_machine(std::size_t workers);

}  // namespace magpie::bench

#endif  // MAGPIE_BENCHMARKS_REPORT_MACHINE_H_
