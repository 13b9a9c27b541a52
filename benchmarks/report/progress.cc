#include "magpie/benchmarks/report/progress.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace magpie::bench {

progress::progress(std::size_t workloads, double expected_seconds)
    : terminal_(isatty(STDERR_FILENO) == 1),
      workloads_(workloads),
      expected_seconds_(std::max(expected_seconds, 1.0)),
      started_(std::chrono::steady_clock::now()) {}

progress::~progress() {
  end();
}

double progress::elapsed() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - started_).count();
}

void progress::begin(std::size_t number, const std::string& workload) {
  number_ = number;
  workload_ = workload;
  if (terminal_) {
    draw("");
  } else {
    std::fprintf(stderr, "report: %3.0f s, workload %zu of %zu: %s\n", elapsed(), number_,
                 workloads_, workload_.c_str());
  }
}

void progress::step(const std::string& what) {
  if (terminal_) draw(what);
}

void progress::draw(const std::string& what) {
  constexpr std::size_t k_width = 24;
  const double share = std::min(elapsed() / expected_seconds_, 0.99);
  const auto filled = static_cast<std::size_t>(share * k_width);
  const std::string bar = std::string(filled, '#') + std::string(k_width - filled, '.');
  const std::string text = workload_ + (what.empty() ? "" : ": " + what);
  std::fprintf(stderr, "\r\033[K[%s] %3.0f s  %zu/%zu  %.70s", bar.c_str(), elapsed(), number_,
               workloads_, text.c_str());
  std::fflush(stderr);
  drawn_ = true;
}

void progress::end() {
  if (drawn_) std::fprintf(stderr, "\r\033[K");
  drawn_ = false;
}

}  // namespace magpie::bench
