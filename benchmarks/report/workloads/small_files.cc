// Reading many small real files, which the page cache holds.

#include <atomic>
#include <cstdint>
#include <string>

#include "magpie/benchmarks/report/operations.h"
#include "magpie/benchmarks/report/servers/file_tree.h"
#include "magpie/benchmarks/report/strategy.h"
#include "magpie/benchmarks/report/workloads/workloads.h"

namespace magpie::bench {
namespace {

class reads : public timed_operations {
 public:
  static constexpr call_site k_usual_site = call_site::blocking_pool;

  explicit reads(const parameters& p)
      : timed_operations(p.count("files") * p.count("passes")),
        files_(p.text("root"), p.count("files")) {}

  void call(std::size_t i) {
    thread_local file_buffer buffer;
    bytes_ += files_.read(i % files_.count(), buffer);
  }

  void finish(meter& m) {
    m.check(bytes_);
    m.rate("files_per_s", count());
    timed_operations::finish(m);
  }

 private:
  const cached_files files_;
  std::atomic<std::uint64_t> bytes_ = 0;
};

parameters sizes(scale size) {
  return parameters()
      .set("passes", at_scale(size, 1, 3, 1))
      .set("alive", 64)
      .set("blocking_threads", 64);
}

std::vector<sweep> sweeps(scale size, std::size_t workers) {
  using namespace strategies;
  if (size == scale::tiny) return {};
  sweep s = over_workers(workers, {thread_pool, magpie_n, magpie_inline});
  s.measure = "files_per_s";
  s.y_title = "files per second";
  s.adjust = [](double point, parameters& p) { p.set("blocking_threads", point); };
  return {s};
}

}  // namespace

workload small_files() {
  using namespace strategies;
  workload w;
  w.name = "small_files";
  w.title = "Many small files";
  w.question =
      "A program reads thousands of small files. The kernel offers no readiness for "
      "files, so the call blocks somewhere. Is it worth to move it off the thread?";
  w.what =
      "Open, read to the end and close of real small files (headers and documents of this "
      "system, copied to a temporary folder). They are in the page cache, as files just "
      "written or often read are: no device is waited for.";
  w.around = {.files = true};
  w.variants = {
      {sequential, role::opponent, "One file after the other.", run_operations<reads>},
      {thread_per_operation, role::opponent, "A thread for each file, at most 64 at once.",
       run_operations<reads>},
      {thread_pool, role::opponent, "One thread per core takes files from a queue.",
       run_operations<reads>},
      {magpie_1, role::judged,
       "A task for each file, read through blocking(fn) by at most 64 threads.",
       run_operations<reads>},
      {magpie_n, role::judged,
       "A task for each file, read through blocking(fn) by at most 64 threads.",
       run_operations<reads>},
      {magpie_inline, role::shown,
       "A task for each file, which reads it on the worker: right for files known to be cached, "
       "and "
       "wrong for a disk or a network that may keep the worker waiting.",
       run_operations<reads>},
      {magpie_cpu, role::shown, "A task for each file, read through cpu(fn).",
       run_operations<reads>},
      {asyncio, role::shown, "A coroutine for each file, which reads it in the loop.", nullptr,
       "small_files.py"},
      {asyncio_threads, role::shown, "A coroutine for each file, read through asyncio.to_thread.",
       nullptr, "small_files.py"},
  };
  w.sizes = sizes;
  w.sweeps = sweeps;
  return w;
}

}  // namespace magpie::bench
