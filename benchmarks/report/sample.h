#ifndef MAGPIE_BENCHMARKS_REPORT_SAMPLE_H_
#define MAGPIE_BENCHMARKS_REPORT_SAMPLE_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace magpie::bench {

// What one run of one workload under one strategy measured, in a process of its own.
struct sample {
  double wall_s = 0;
  // User and system time of all threads of the process, during the work.
  double cpu_s = 0;
  // High-water mark of the process, and what it held before the work began.
  double peak_rss_bytes = 0;
  double base_rss_bytes = 0;
  std::optional<double> p50_us;
  std::optional<double> p99_us;
  std::optional<double> heartbeat_lag_us;
  // What was computed: the same number under every strategy, or the run counts as failed.
  std::optional<std::uint64_t> check;
  // Further figures by name, such as requests per second.
  std::map<std::string, double> extra;
};

// One line of JSON, which is what a run sends to the report.
std::string encode(const sample& s);
std::string encode_error(const std::string& message);

// Throws std::runtime_error with the run's own message when the line carries an error, and one
// that quotes the line when it is not valid.
sample decode(const std::string& line);

}  // namespace magpie::bench

#endif  // MAGPIE_BENCHMARKS_REPORT_SAMPLE_H_
