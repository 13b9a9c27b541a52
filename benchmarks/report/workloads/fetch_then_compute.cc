// A request, then some computing on what came: waiting and work mixed.

#include <atomic>
#include <cstdint>
#include <string>

#include "magpie/benchmarks/report/http.h"
#include "magpie/benchmarks/report/kernels.h"
#include "magpie/benchmarks/report/operations.h"
#include "magpie/benchmarks/report/strategy.h"
#include "magpie/benchmarks/report/workloads/workloads.h"

namespace magpie::bench {
namespace {

class requests : public timed_operations {
 public:
  static constexpr bool k_heartbeat = true;

  explicit requests(const parameters& p) : timed_operations(p.count("requests")), pages_(p) {}

  void block(std::size_t i) {
    const std::string body = pages_.fetch_blocking(i);
    done(i, body, compute(body));
  }

  task<> await(std::size_t i, call_site where) {
    const std::string body = co_await pages_.fetch(i);
    if (where == call_site::cpu_executor) {
      const auto work = [&body] { return compute(body); };
      const std::uint64_t result = co_await cpu(work);
      done(i, body, result);
    } else {
      done(i, body, compute(body));
    }
  }

  void finish(meter& m) {
    m.check(bytes_);
    m.rate("requests_per_s", count());
    timed_operations::finish(m);
    keep(digests_);
  }

 private:
  // Of the first 4 KiB, so that all requests compute about as long.
  static std::uint64_t compute(const std::string& body) {
    return digest(std::string_view(body).substr(0, 4096), k_digest_passes);
  }

  void done(std::size_t i, const std::string& body, std::uint64_t result) {
    bytes_ += body.size();
    digests_ += result;
    ended(i);
  }

  const pages pages_;
  std::atomic<std::uint64_t> bytes_ = 0;
  std::atomic<std::uint64_t> digests_ = 0;
};

parameters sizes(scale size) {
  return parameters()
      .set("requests", at_scale(size, 20, 300, 1000))
      .set("latency_us", at_scale(size, 2000, 10000, 20000))
      .set("pool_threads", 64);
}

std::vector<sweep> sweeps(scale size, std::size_t workers) {
  using namespace strategies;
  if (size == scale::tiny) return {};
  return {over_workers(workers, {magpie_n, magpie_cpu})};
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
      {sequential, role::opponent, "One request after the other.", run_operations<requests>},
      {thread_per_operation, role::opponent, "A thread for each request.",
       run_operations<requests>},
      {thread_pool, role::opponent, "64 threads take requests from a queue.",
       run_operations<requests>},
      {magpie_1, role::judged, "A task for each request; computes on the worker.",
       run_operations<requests>},
      {magpie_n, role::judged, "A task for each request; computes on its worker.",
       run_operations<requests>},
      {magpie_cpu, role::judged, "A task for each request; computes through cpu(fn).",
       run_operations<requests>},
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
