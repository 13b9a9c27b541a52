// Many requests at once to a real nginx that answers after a network's latency.

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <string>

#include "magpie/benchmarks/report/http.h"
#include "magpie/benchmarks/report/operations.h"
#include "magpie/benchmarks/report/strategy.h"
#include "magpie/benchmarks/report/workloads/workloads.h"

namespace magpie::bench {
namespace {

class requests : public timed_operations {
 public:
  explicit requests(const parameters& p) : timed_operations(p.count("requests")), pages_(p) {}

  void block(std::size_t i) {
    bytes_ += pages_.fetch_blocking(i).size();
    ended(i);
  }

  task<> await(std::size_t i, call_site) {
    const std::string body = co_await pages_.fetch(i);
    bytes_ += body.size();
    ended(i);
  }

  void finish(meter& m) {
    m.check(bytes_);
    m.rate("requests_per_s", count());
    timed_operations::finish(m);
  }

 private:
  const pages pages_;
  std::atomic<std::uint64_t> bytes_ = 0;
};

parameters sizes(scale size) {
  return parameters()
      .set("requests", at_scale(size, 20, 500, 1000))
      .set("latency_us", at_scale(size, 2000, 10000, 20000))
      .set("concurrency", 0)
      .set("pool_threads", 64);
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
      {.name = "over concurrency",
       .key = "concurrency",
       .x_title = "requests in flight",
       .measure = "requests_per_s",
       .y_title = "requests per second",
       .points = {1, 4, 16, 64, 256},
       .strategies = {thread_pool, magpie_n, asyncio},
       .adjust = adjust_requests},
      over_workers(workers, {magpie_n, magpie_n_dedicated}),
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
      "and memory are not counted, but they share the processors with the program.";
  w.around = {.nginx = true};
  w.variants = {
      {sequential, role::opponent, "One request after the other.", run_operations<requests>},
      {thread_per_operation, role::opponent, "A thread for each request, all at once.",
       run_operations<requests>},
      {thread_pool, role::opponent, "64 threads take requests from a queue.",
       run_operations<requests>},
      {magpie_1, role::judged, "A task for each request, all at once.", run_operations<requests>},
      {magpie_n, role::judged, "A task for each request, all at once.", run_operations<requests>},
      {magpie_1_dedicated, role::shown, "As magpie with 1 worker, polled by the I/O thread alone.",
       run_operations<requests>},
      {magpie_n_dedicated, role::shown, "As magpie with N workers, polled by the I/O thread alone.",
       run_operations<requests>},
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
