// Ten thousand who wait for the same moment and do nothing else.

#include <chrono>
#include <thread>
#include <vector>

#include "magpie/benchmarks/report/operations.h"
#include "magpie/benchmarks/report/strategy.h"
#include "magpie/benchmarks/report/workloads/workloads.h"

namespace magpie::bench {
namespace {

class waiters : public operations {
 public:
  explicit waiters(const parameters& p)
      : wait_(p.count("wait_ms")), lateness_us_(p.count("waiters")) {}

  std::size_t count() const { return lateness_us_.size(); }
  // The moment is fixed before the first waits.
  void start() { until_ = steady::now() + wait_; }

  void block(std::size_t i) {
    std::this_thread::sleep_until(until_);
    ended(i);
  }
  task<> await(std::size_t i, call_site) {
    co_await sleep_until(until_);
    ended(i);
  }
  void ended(std::size_t i) { lateness_us_[i] = microseconds_between(until_, steady::now()); }

  void finish(meter& m) {
    const double added = m.result().peak_rss_bytes - m.result().base_rss_bytes;
    m.extra("bytes_per_waiter", added / static_cast<double>(count()));
    m.latencies_us(lateness_us_);
  }

 private:
  const std::chrono::milliseconds wait_;
  steady::time_point until_;
  std::vector<double> lateness_us_;  // Entry i: waiter i.
};

parameters sizes(scale size) {
  return parameters()
      .set("waiters", at_scale(size, 200, 10000, 10000))
      .set("wait_ms", at_scale(size, 50, 1000, 1500));
}

std::vector<sweep> sweeps(scale size, std::size_t) {
  using namespace strategies;
  using numbers = std::vector<double>;
  if (size == scale::tiny) return {};
  return {
      {.name = "over the number of waiters",
       .key = "waiters",
       .x_title = "waiters",
       .measure = "bytes_per_waiter",
       .y_title = "bytes per waiter",
       .points = at_scale(size, numbers{}, numbers{100, 1000, 5000}, numbers{10, 100, 1000, 10000}),
       .strategies = {thread_per_operation, magpie_n, asyncio},
       .adjust = [](double point, parameters& p) {
         p.set("wait_ms", point >= 10000 ? 1000 : point >= 5000 ? 500 : 150);
       }}};
}

}  // namespace

workload idle_waiters() {
  using namespace strategies;
  workload w;
  w.name = "idle_waiters";
  w.title = "Ten thousand idle waiters";
  w.question =
      "Ten thousand clients, sessions or timers exist and almost never have anything to "
      "do. What does each of them cost while it waits?";
  w.what =
      "Ten thousand waiters sleep until the same moment and end. The wall time is that moment "
      "and what waking and ending them all takes; the latency is how late a waiter woke. "
      "Memory is the resident set: the kernel's own 16 KiB of stack and some KiB of "
      "bookkeeping for each thread come on top and are not in it.";
  w.variants = {
      {thread_per_operation, role::opponent, "A thread for each waiter.", run_operations<waiters>},
      {magpie_1, role::judged, "A task for each waiter, in sleep_until.", run_operations<waiters>},
      {magpie_n, role::judged, "A task for each waiter, in sleep_until.", run_operations<waiters>},
      {asyncio, role::shown, "A task for each waiter, in asyncio.sleep.", nullptr,
       "idle_waiters.py"},
  };
  w.absent = {
      {std::string(sequential), "One thread cannot wait ten thousand times at once."},
      {std::string(thread_pool),
       "A waiter needs a thread for as long as it waits, so a pool would "
       "need as many threads as there are waiters."},
      {std::string(magpie_cpu), "Nothing is computed that could move to the CPU executor."},
  };
  w.sizes = sizes;
  w.weight = 1.5;
  w.sweeps = sweeps;
  return w;
}

}  // namespace magpie::bench
