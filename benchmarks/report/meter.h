#ifndef MAGPIE_BENCHMARKS_REPORT_METER_H_
#define MAGPIE_BENCHMARKS_REPORT_METER_H_

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "magpie/benchmarks/report/sample.h"

namespace magpie::bench {

using steady = std::chrono::steady_clock;

double seconds_between(steady::time_point from, steady::time_point to);
double microseconds_between(steady::time_point from, steady::time_point to);

// Measures the work inside the process that does it: start() just before, stop() just after,
// so that the start of the process is not counted. Threads, pools and runtimes that the
// strategy needs are made and ended between the two, and do count.
class meter {
 public:
  void start();
  void stop();

  // One entry per operation.
  void latencies_us(std::vector<double> values);
  // The 99th percentile of the lateness of all beats that were due.
  void heartbeat_lags_us(std::vector<double> values);
  void check(std::uint64_t value) { sample_.check = value; }
  // After stop(): adds how many of something there were per second.
  void rate(const std::string& name, std::size_t count);
  void extra(const std::string& name, double value) { sample_.extra[name] = value; }

  // After stop().
  const sample& result() const { return sample_; }

 private:
  sample sample_;
  steady::time_point started_;
  double cpu_at_start_ = 0;
};

// The lateness of a heartbeat that is due once per period. A beat that comes late also settles
// the beats that fell due meanwhile, each with its own lateness: a loop that is stuck for
// 100 ms counts as a hundred late beats of 1 ms and not as one (no coordinated omission).
class heartbeat_log {
 public:
  explicit heartbeat_log(steady::duration period = std::chrono::milliseconds(1));

  void start(steady::time_point now);
  // When the next beat is due.
  steady::time_point due() const { return due_; }
  void beat(steady::time_point now);
  const std::vector<double>& lags_us() const { return lags_us_; }

 private:
  steady::duration period_;
  steady::time_point due_;
  std::vector<double> lags_us_;
};

}  // namespace magpie::bench

#endif  // MAGPIE_BENCHMARKS_REPORT_METER_H_
