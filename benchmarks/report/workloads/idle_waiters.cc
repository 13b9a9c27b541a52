// Ten thousand who wait for the same moment and do nothing else.

#include <chrono>
#include <cstdint>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "magpie/benchmarks/report/magpie_strategies.h"
#include "magpie/benchmarks/report/strategy.h"
#include "magpie/benchmarks/report/workloads/workloads.h"
#include "magpie/magpie.h"

namespace magpie::bench {
namespace {

struct crowd {
  explicit crowd(const parameters& p)
      : wait(std::chrono::milliseconds(p.count("wait_ms"))), lateness_us(p.count("waiters")) {}

  void wake(std::size_t i) { lateness_us[i] = microseconds_between(until, steady::now()); }

  const std::chrono::milliseconds wait;
  steady::time_point until;         // Fixed before the first waits.
  std::vector<double> lateness_us;  // Entry i: waiter i.
};

task<> wait_as_task(crowd& all, std::size_t i) {
  co_await sleep_until(all.until);
  all.wake(i);
}

task<> wait_as_tasks(crowd& all) {
  std::vector<task<>> waiting;
  waiting.reserve(all.lateness_us.size());
  for (std::size_t i = 0; i < all.lateness_us.size(); ++i) {
    waiting.push_back(wait_as_task(all, i));
  }
  co_await gather(std::move(waiting));
}

void finish(crowd& all, meter& m) {
  const double added = m.result().peak_rss_bytes - m.result().base_rss_bytes;
  m.extra("bytes_per_waiter", added / static_cast<double>(all.lateness_us.size()));
  m.latencies_us(std::move(all.lateness_us));
}

void run_threads(std::string_view, const parameters& p, meter& m) {
  crowd all(p);
  m.start();
  all.until = steady::now() + all.wait;
  std::vector<std::thread> threads;
  threads.reserve(all.lateness_us.size());
  for (std::size_t i = 0; i < all.lateness_us.size(); ++i) {
    threads.emplace_back([&all, i] {
      std::this_thread::sleep_until(all.until);
      all.wake(i);
    });
  }
  for (std::thread& each : threads)
    each.join();
  m.stop();
  finish(all, m);
}

void run_magpie(std::string_view strategy, const parameters& p, meter& m) {
  crowd all(p);
  m.start();
  all.until = steady::now() + all.wait;
  run(wait_as_tasks(all), options_of(strategy, p));
  m.stop();
  finish(all, m);
}

parameters sizes(scale size) {
  parameters p;
  switch (size) {
    case scale::tiny:
      return p.set("waiters", std::size_t{200}).set("wait_ms", std::size_t{50});
    case scale::quick:
      return p.set("waiters", std::size_t{10000}).set("wait_ms", std::size_t{1000});
    case scale::full:
      return p.set("waiters", std::size_t{10000}).set("wait_ms", std::size_t{1500});
  }
  return p;
}

std::vector<sweep> sweeps(scale size, std::size_t) {
  using namespace strategies;
  if (size == scale::tiny) return {};
  sweep over_number{"over the number of waiters",
                    "waiters",
                    "waiters",
                    "bytes_per_waiter",
                    "bytes per waiter",
                    {100, 1000, 5000},
                    {thread_per_operation, magpie_n, asyncio},
                    nullptr};
  if (size == scale::full) over_number.points = {10, 100, 1000, 10000};
  over_number.adjust = [](double point, parameters& p) {
    p.set("wait_ms", std::size_t{point >= 10000 ? 1000u : point >= 5000 ? 500u : 150u});
  };
  return {over_number};
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
      "Ten thousand waiters sleep until the same moment and end. The wall time is given by "
      "that moment, so memory and CPU time decide; the latency is how late a waiter woke. "
      "Memory is the resident set: the kernel's own 16 KiB of stack and some KiB of "
      "bookkeeping for each thread come on top and are not in it.";
  w.variants = {
      {thread_per_operation, role::opponent, "A thread for each waiter.", run_threads},
      {magpie_1, role::judged, "A task for each waiter, in sleep_until.", run_magpie},
      {magpie_n, role::judged, "A task for each waiter, in sleep_until.", run_magpie},
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
