#ifndef MAGPIE_BENCHMARKS_REPORT_PROGRESS_H_
#define MAGPIE_BENCHMARKS_REPORT_PROGRESS_H_

#include <chrono>
#include <cstddef>
#include <string>

namespace magpie::bench {

// Where the report is, on standard error: one line that is rewritten when that is a terminal,
// and otherwise a plain line for each workload.
class progress {
 public:
  progress(std::size_t workloads, double expected_seconds);
  ~progress();

  void begin(std::size_t number, const std::string& workload);
  // What runs now.
  void step(const std::string& what);
  // Nothing more is shown; the line is cleared.
  void end();

 private:
  void draw(const std::string& what);
  double elapsed() const;

  const bool terminal_;
  const std::size_t workloads_;
  const double expected_seconds_;
  const std::chrono::steady_clock::time_point started_;
  std::size_t number_ = 0;
  std::string workload_;
  bool drawn_ = false;
};

}  // namespace magpie::bench

#endif  // MAGPIE_BENCHMARKS_REPORT_PROGRESS_H_
