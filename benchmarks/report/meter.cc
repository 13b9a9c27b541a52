#include "magpie/benchmarks/report/meter.h"

#include <sys/resource.h>

#include <fstream>
#include <stdexcept>
#include <utility>

#include "magpie/benchmarks/report/statistics.h"

namespace magpie::bench {
namespace {

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// A line of /proc/self/status, in bytes. Not ru_maxrss: across exec that keeps the high-water
// mark of the process that forked (getrusage(2) does not say so; fs/exec.c does), which here is
// the report itself.
double memory_bytes(const std::string& label) {
  std::ifstream status("/proc/self/status");
  std::string word;
  while (status >> word) {
    double kibibytes = 0;
    if (word == label && status >> kibibytes) return kibibytes * 1024;
  }
  throw std::runtime_error("/proc/self/status has no " + label);
}

}  // namespace

double seconds_between(steady::time_point from, steady::time_point to) {
  return std::chrono::duration<double>(to - from).count();
}

double microseconds_between(steady::time_point from, steady::time_point to) {
  return std::chrono::duration<double, std::micro>(to - from).count();
}

void meter::start() {
  sample_.base_rss_bytes = memory_bytes("VmRSS:");
  cpu_at_start_ = cpu_seconds();
  started_ = steady::now();
}

void meter::stop() {
  sample_.wall_s = seconds_between(started_, steady::now());
  sample_.cpu_s = cpu_seconds() - cpu_at_start_;
  sample_.peak_rss_bytes = memory_bytes("VmHWM:");
}

void meter::rate(const std::string& name, std::size_t count) {
  extra(name, static_cast<double>(count) / sample_.wall_s);
}

void meter::latencies_us(std::vector<double> values) {
  if (values.empty()) return;
  sample_.p50_us = percentile(values, 0.50);
  sample_.p99_us = percentile(std::move(values), 0.99);
}

void meter::heartbeat_lags_us(std::vector<double> values) {
  if (!values.empty()) sample_.heartbeat_lag_us = percentile(std::move(values), 0.99);
}

heartbeat_log::heartbeat_log(steady::duration period) : period_(period) {}

void heartbeat_log::start(steady::time_point now) {
  due_ = now + period_;
}

void heartbeat_log::beat(steady::time_point now) {
  for (; due_ <= now; due_ += period_)
    lags_us_.push_back(microseconds_between(due_, now));
}

}  // namespace magpie::bench
