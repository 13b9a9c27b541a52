// Computing that never waits: rows of a Mandelbrot picture.

#include <atomic>
#include <cstdint>

#include "magpie/benchmarks/report/kernels.h"
#include "magpie/benchmarks/report/operations.h"
#include "magpie/benchmarks/report/strategy.h"
#include "magpie/benchmarks/report/workloads/workloads.h"

namespace magpie::bench {
namespace {

class picture : public operations {
 public:
  static constexpr bool k_heartbeat = true;

  explicit picture(const parameters& p) : size_(p.count("size")), limit_(p.count("limit")) {}

  std::size_t count() const { return size_; }
  void call(std::size_t row) { total_ += mandelbrot_row(row, size_, limit_); }
  void finish(meter& m) { m.check(total_); }

 private:
  const std::size_t size_;
  const std::size_t limit_;
  std::atomic<std::uint64_t> total_ = 0;
};

parameters sizes(scale size) {
  return parameters().set("alive", 64).set("limit", 400).set("size", at_scale(size, 64, 768, 1536));
}

std::vector<sweep> sweeps(scale size, std::size_t workers) {
  using namespace strategies;
  if (size == scale::tiny) return {};
  return {over_workers(workers, {thread_pool, magpie_n, magpie_cpu})};
}

}  // namespace

workload cpu_kernel() {
  using namespace strategies;
  workload w;
  w.name = "cpu_kernel";
  w.title = "A CPU kernel";
  w.question =
      "The work is pure computing, cut into pieces of some hundred microseconds. Nothing "
      "waits, so is there anything for async to win over a thread pool?";
  w.what =
      "The rows of a Mandelbrot picture, whose costs differ by a factor of ten and more. "
      "Beside the work a heartbeat beats every millisecond, as a task on the same workers or "
      "as a thread beside the threads: its lag is the 99th percentile of how late it comes.";
  w.variants = {
      {sequential, role::opponent, "One row after the other.", run_operations<picture>},
      {thread_per_operation, role::opponent, "A thread for each row, at most 64 at once.",
       run_operations<picture>},
      {thread_pool, role::opponent, "One thread per core takes rows from a queue.",
       run_operations<picture>},
      {magpie_1, role::judged, "A task for each row, computed on the worker.",
       run_operations<picture>},
      {magpie_n, role::judged, "A task for each row, computed on the workers.",
       run_operations<picture>},
      {magpie_cpu, role::judged, "A task for each row, computed through cpu(fn).",
       run_operations<picture>},
  };
  w.absent = {{std::string(asyncio),
               "The time would be that of Python's arithmetic and not of asyncio, which runs "
               "computing on one thread in any case."}};
  w.sizes = sizes;
  w.sweeps = sweeps;
  return w;
}

}  // namespace magpie::bench
