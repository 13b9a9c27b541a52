// A request, then some computing on what came: waiting and work mixed.

#include <atomic>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "magpie/benchmarks/report/blocking_strategies.h"
#include "magpie/benchmarks/report/http.h"
#include "magpie/benchmarks/report/kernels.h"
#include "magpie/benchmarks/report/magpie_strategies.h"
#include "magpie/benchmarks/report/strategy.h"
#include "magpie/benchmarks/report/workloads/workloads.h"
#include "magpie/magpie.h"

namespace magpie::bench {
namespace {

struct job {
  explicit job(const parameters& p)
      : port(static_cast<std::uint16_t>(p.count("port"))),
        served(p.count("served")),
        latencies_us(p.count("requests")) {}

  // Of the first 4 KiB, so that all requests compute about as long.
  static std::uint64_t compute(const std::string& body) {
    return digest(std::string_view(body).substr(0, 4096), k_digest_passes);
  }

  void done(std::size_t i, std::size_t size, std::uint64_t result, steady::time_point start) {
    bytes += size;
    digests += result;
    latencies_us[i] = microseconds_between(start, steady::now());
  }

  const std::uint16_t port;
  const std::size_t served;
  std::atomic<std::uint64_t> bytes = 0;
  std::atomic<std::uint64_t> digests = 0;
  std::vector<double> latencies_us;  // Entry i: whoever does request i.
};

void work_blocking(job& all, std::size_t i) {
  const auto start = steady::now();
  const std::string body = fetch_blocking(all.port, i % all.served);
  all.done(i, body.size(), job::compute(body), start);
}

task<> work_on_worker(job& all, std::size_t i) {
  const auto start = steady::now();
  const std::string body = co_await fetch(all.port, i % all.served);
  all.done(i, body.size(), job::compute(body), start);
}

task<> work_on_executor(job& all, std::size_t i) {
  const auto start = steady::now();
  const std::string body = co_await fetch(all.port, i % all.served);
  const auto compute = [&body] { return job::compute(body); };
  const std::uint64_t result = co_await cpu(compute);
  all.done(i, body.size(), result, start);
}

task<> work_all(job& all, bool on_executor) {
  std::vector<task<>> running;
  for (std::size_t i = 0; i < all.latencies_us.size(); ++i) {
    running.push_back(on_executor ? work_on_executor(all, i) : work_on_worker(all, i));
  }
  co_await gather(std::move(running));
}

task<std::vector<double>> work_with_heartbeat(job& all, bool on_executor) {
  task<> work = work_all(all, on_executor);
  auto lags = with_heartbeat(std::move(work));
  co_return co_await std::move(lags);
}

void finish(job& all, meter& m) {
  m.check(all.bytes);
  m.extra("requests_per_s", static_cast<double>(all.latencies_us.size()) / m.result().wall_s);
  m.latencies_us(std::move(all.latencies_us));
  keep(all.digests);
}

void run_blocking(std::string_view strategy, const parameters& p, meter& m) {
  job all(p);
  const std::size_t count = all.latencies_us.size();
  const auto work = [&all](std::size_t i) { work_blocking(all, i); };
  m.start();
  {
    heartbeat_thread heartbeat;
    if (strategy == strategies::sequential) {
      run_sequentially(count, work);
    } else if (strategy == strategies::thread_per_operation) {
      run_thread_per_operation(count, work, count);
    } else {
      run_on_thread_pool(count, work, p.count("pool_threads"));
    }
    m.heartbeat_lags_us(heartbeat.stop());
  }
  m.stop();
  finish(all, m);
}

void run_magpie(std::string_view strategy, const parameters& p, meter& m) {
  job all(p);
  m.start();
  m.heartbeat_lags_us(
      run(work_with_heartbeat(all, strategy == strategies::magpie_cpu), options_of(strategy, p)));
  m.stop();
  finish(all, m);
}

parameters sizes(scale size) {
  parameters p;
  p.set("pool_threads", std::size_t{64});
  switch (size) {
    case scale::tiny:
      return p.set("requests", std::size_t{20}).set("latency_us", std::size_t{2000});
    case scale::quick:
      return p.set("requests", std::size_t{300}).set("latency_us", std::size_t{10000});
    case scale::full:
      return p.set("requests", std::size_t{1000}).set("latency_us", std::size_t{20000});
  }
  return p;
}

std::vector<sweep> sweeps(scale size, std::size_t workers) {
  using namespace strategies;
  if (size == scale::tiny) return {};
  return {{"over workers",
           "workers",
           "workers",
           "wall_s",
           "wall time",
           worker_counts(workers),
           {magpie_n, magpie_cpu},
           [](double point, parameters& p) { p.set("cpu_threads", point); }}};
}

}  // namespace

workload fetch_then_compute() {
  using namespace strategies;
  workload w;
  w.name = "fetch_then_compute";
  w.title = "Fetch, then compute";
  w.question =
      "Each answer is worked on for a while. Waiting wants to overlap and computing wants "
      "cores: which form gets both?";
  w.what =
      "As in the fan-out, but every response is then digested for a few hundred microseconds. "
      "Python spins for the time that the digest takes here instead of computing it, so that "
      "the strategy is compared and not the language. A heartbeat beats beside the work.";
  w.around = {.nginx = true, .kernel_time = true};
  w.variants = {
      {sequential, role::opponent, "One request after the other.", run_blocking},
      {thread_per_operation, role::opponent, "A thread for each request.", run_blocking},
      {thread_pool, role::opponent, "64 threads take requests from a queue.", run_blocking},
      {magpie_1, role::judged, "A task for each request; computes on the worker.", run_magpie},
      {magpie_n, role::judged, "A task for each request; computes on its worker.", run_magpie},
      {magpie_cpu, role::judged, "A task for each request; computes through cpu(fn).", run_magpie},
      {asyncio, role::shown, "A coroutine for each request; computes in the loop.", nullptr,
       "fetch_then_compute.py"},
      {asyncio_threads, role::shown,
       "A coroutine for each request; computes in asyncio.to_thread, under the interpreter's lock.",
       nullptr, "fetch_then_compute.py"},
  };
  w.sizes = sizes;
  w.weight = 1.5;
  w.sweeps = sweeps;
  return w;
}

}  // namespace magpie::bench
