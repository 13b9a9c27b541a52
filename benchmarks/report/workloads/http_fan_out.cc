// Many requests at once to a real nginx that answers after a network's latency.

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "magpie/benchmarks/report/blocking_strategies.h"
#include "magpie/benchmarks/report/http.h"
#include "magpie/benchmarks/report/magpie_strategies.h"
#include "magpie/benchmarks/report/strategy.h"
#include "magpie/benchmarks/report/workloads/workloads.h"
#include "magpie/magpie.h"

namespace magpie::bench {
namespace {

// The requests of one run: lanes take the next one until none is left.
struct job {
  explicit job(const parameters& p)
      : port(static_cast<std::uint16_t>(p.count("port"))),
        served(p.count("served")),
        latencies_us(p.count("requests")) {}

  const std::uint16_t port;
  const std::size_t served;
  std::atomic<std::size_t> next = 0;
  std::atomic<std::uint64_t> bytes = 0;
  std::vector<double> latencies_us;  // Entry i: whoever does request i.
};

void fetch_one_blocking(job& all, std::size_t i) {
  const auto start = steady::now();
  all.bytes += fetch_blocking(all.port, i % all.served).size();
  all.latencies_us[i] = microseconds_between(start, steady::now());
}

task<> fetch_one(job& all, std::size_t i) {
  const auto start = steady::now();
  const std::string body = co_await fetch(all.port, i % all.served);
  all.bytes += body.size();
  all.latencies_us[i] = microseconds_between(start, steady::now());
}

task<> fetch_in_lane(job& all) {
  for (std::size_t i = all.next++; i < all.latencies_us.size(); i = all.next++) {
    co_await fetch_one(all, i);
  }
}

task<> fetch_in_lanes(job& all, std::size_t lanes) {
  std::vector<task<>> running;
  for (std::size_t i = 0; i < lanes; ++i)
    running.push_back(fetch_in_lane(all));
  co_await gather(std::move(running));
}

void finish(job& all, meter& m) {
  m.check(all.bytes);
  m.extra("requests_per_s", static_cast<double>(all.latencies_us.size()) / m.result().wall_s);
  m.latencies_us(std::move(all.latencies_us));
}

// 0 means: all at once.
std::size_t concurrency(const parameters& p) {
  const std::size_t asked = p.count("concurrency");
  return asked == 0 ? p.count("requests") : asked;
}

void run_blocking(std::string_view strategy, const parameters& p, meter& m) {
  job all(p);
  const std::size_t count = all.latencies_us.size();
  const auto work = [&all](std::size_t i) { fetch_one_blocking(all, i); };
  m.start();
  if (strategy == strategies::sequential) {
    run_sequentially(count, work);
  } else if (strategy == strategies::thread_per_operation) {
    run_thread_per_operation(count, work, concurrency(p));
  } else {
    run_on_thread_pool(count, work, p.count("pool_threads"));
  }
  m.stop();
  finish(all, m);
}

void run_magpie(std::string_view strategy, const parameters& p, meter& m) {
  job all(p);
  m.start();
  run(fetch_in_lanes(all, concurrency(p)), options_of(strategy, p));
  m.stop();
  finish(all, m);
}

parameters sizes(scale size) {
  parameters p;
  p.set("concurrency", std::size_t{0}).set("pool_threads", std::size_t{64});
  switch (size) {
    case scale::tiny:
      return p.set("requests", std::size_t{20}).set("latency_us", std::size_t{2000});
    case scale::quick:
      return p.set("requests", std::size_t{500}).set("latency_us", std::size_t{10000});
    case scale::full:
      return p.set("requests", std::size_t{1000}).set("latency_us", std::size_t{20000});
  }
  return p;
}

// Enough requests for the concurrency to be reached and few enough for one at a time.
void adjust_requests(double point, parameters& p) {
  const auto in_flight = static_cast<std::size_t>(point);
  p.set("requests", std::clamp<std::size_t>(8 * in_flight, 24, 1024));
  p.set("pool_threads", in_flight);
}

std::vector<sweep> sweeps(scale size, std::size_t workers) {
  using namespace strategies;
  if (size == scale::tiny) return {};
  return {
      {"over concurrency",
       "concurrency",
       "requests in flight",
       "requests_per_s",
       "requests per second",
       {1, 4, 16, 64, 256},
       {thread_pool, magpie_n, asyncio},
       adjust_requests},
      {"over workers",
       "workers",
       "workers",
       "wall_s",
       "wall time",
       worker_counts(workers),
       {magpie_n, magpie_n_dedicated},
       nullptr},
  };
}

}  // namespace

workload http_fan_out() {
  using namespace strategies;
  workload w;
  w.name = "http_fan_out";
  w.title = "Fan-out of HTTP requests";
  w.question =
      "A program needs many answers from a server that is some milliseconds away. Does it "
      "help to wait for all of them at once, and does it help to do so without threads?";
  w.what =
      "GET of real small files from a real nginx on this machine, each request over a "
      "connection of its own, read to its end. A network's latency is added by a small proxy "
      "of the report in front of nginx, which holds each request for a fixed time (nginx "
      "cannot delay by itself). nginx and the proxy are processes of their own: their CPU time "
      "and memory are not counted, but they share the processors with the program. Latency "
      "is that of one request from its connect to its last byte.";
  w.around = {.nginx = true};
  w.variants = {
      {sequential, role::opponent, "One request after the other.", run_blocking},
      {thread_per_operation, role::opponent, "A thread for each request, all at once.",
       run_blocking},
      {thread_pool, role::opponent, "64 threads take requests from a queue.", run_blocking},
      {magpie_1, role::judged, "A task for each request, all at once.", run_magpie},
      {magpie_n, role::judged, "A task for each request, all at once.", run_magpie},
      {magpie_1_dedicated, role::shown, "As magpie with 1 worker, polled by the I/O thread alone.",
       run_magpie},
      {magpie_n_dedicated, role::shown, "As magpie with N workers, polled by the I/O thread alone.",
       run_magpie},
      {asyncio, role::shown,
       "asyncio.open_connection in a coroutine for each request, all at once.", nullptr,
       "http_fan_out.py"},
  };
  w.absent = {
      {std::string(magpie_cpu), "Nothing is computed that could move to the CPU executor."}};
  w.sizes = sizes;
  w.weight = 2;
  w.sweeps = sweeps;
  return w;
}

}  // namespace magpie::bench
