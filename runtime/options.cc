#include "magpie/runtime/options.h"

#include <stdexcept>
#include <string>
#include <utility>

#include "magpie/runtime/internal/parallelism.h"

namespace magpie {
namespace {

void check_count(const char* option, std::size_t value, std::size_t most) {
  if (value >= 1 && value <= most) return;
  throw std::invalid_argument("magpie: options::" + std::string(option) + "(" +
                              std::to_string(value) + "): must be 1 to " + std::to_string(most) +
                              "; leave it out for the default");
}

void check_duration(const char* option, clock::duration value) {
  if (value >= clock::duration::zero()) return;
  throw std::invalid_argument("magpie: options::" + std::string(option) +
                              ": must be zero or more; leave it out for the default");
}

constexpr std::size_t most_workers = 1024;
constexpr std::size_t most_blocking_threads = 16384;

}  // namespace

std::size_t available_parallelism() {
  return internal::parallelism(internal::affinity_processors(), internal::quota_processors("/"));
}

options& options::workers(std::size_t count) {
  check_count("workers", count, most_workers);
  workers_ = count;
  return *this;
}

std::size_t options::workers() const {
  return workers_ != 0 ? workers_ : available_parallelism();
}

options& options::cpu_threads(std::size_t count) {
  check_count("cpu_threads", count, most_workers);
  cpu_threads_ = count;
  return *this;
}

std::size_t options::cpu_threads() const {
  return cpu_threads_ != 0 ? cpu_threads_ : available_parallelism();
}

options& options::blocking_threads(std::size_t most) {
  check_count("blocking_threads", most, most_blocking_threads);
  blocking_threads_ = most;
  return *this;
}

options& options::set_blocking_idle(clock::duration limit) {
  check_duration("blocking_idle", limit);
  blocking_idle_ = limit;
  return *this;
}

options& options::set_shutdown_timeout(clock::duration limit) {
  check_duration("shutdown_timeout", limit);
  shutdown_timeout_ = limit;
  return *this;
}

options& options::set_stop_on_signals(clock::duration limit) {
  check_duration("stop_on_signals", limit);
  stops_on_signals_ = limit;
  return *this;
}

options& options::set_report_long_turns(clock::duration limit) {
  check_duration("report_long_turns", limit);
  reports_long_turns_ = limit;
  return *this;
}

options& options::set_share_after(clock::duration delay) {
  check_duration("share_after", delay);
  share_after_ = delay;
  return *this;
}

options& options::io(io_mode mode) {
  if (mode != io_mode::assisted && mode != io_mode::dedicated) {
    throw std::invalid_argument(
        "magpie: options::io: must be io_mode::assisted or io_mode::dedicated");
  }
  io_ = mode;
  return *this;
}

options& options::io_batch(std::size_t events) {
  check_count("io_batch", events, 256);
  io_batch_ = events;
  return *this;
}

options& options::on_report(std::function<void(const report&)> hook) {
  on_report_ = std::move(hook);
  return *this;
}

}  // namespace magpie
