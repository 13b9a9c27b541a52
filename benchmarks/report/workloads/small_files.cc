// Reading many small real files, which the page cache holds.

#include <atomic>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "magpie/benchmarks/report/blocking_strategies.h"
#include "magpie/benchmarks/report/magpie_strategies.h"
#include "magpie/benchmarks/report/servers/file_tree.h"
#include "magpie/benchmarks/report/strategy.h"
#include "magpie/benchmarks/report/workloads/workloads.h"
#include "magpie/magpie.h"

namespace magpie::bench {
namespace {

struct job {
  explicit job(const parameters& p) : latencies_us(p.count("files") * p.count("passes")) {
    for (std::size_t i = 0; i < p.count("files"); ++i) {
      paths.push_back(p.text("root") + "/" + file_name(i));
    }
    // All of them are in the page cache before the work begins.
    std::vector<char> buffer;
    for (const std::string& each : paths)
      read_file(each, buffer);
  }

  std::vector<std::string> paths;
  std::atomic<std::uint64_t> bytes = 0;
  std::vector<double> latencies_us;  // Entry i: whoever does read i, of file i modulo their number.
};

void read_one(job& all, std::size_t i) {
  thread_local std::vector<char> buffer(64 * 1024);
  all.bytes += read_file(all.paths[i % all.paths.size()], buffer);
}

void read_one_timed(job& all, std::size_t i) {
  const auto start = steady::now();
  read_one(all, i);
  all.latencies_us[i] = microseconds_between(start, steady::now());
}

task<> read_on_worker(job& all, std::size_t i) {
  read_one_timed(all, i);
  co_return;
}

task<> read_on_blocking_pool(job& all, std::size_t i) {
  const auto start = steady::now();
  const auto work = [&all, i] { read_one(all, i); };
  co_await blocking(work);
  all.latencies_us[i] = microseconds_between(start, steady::now());
}

task<> read_on_cpu_executor(job& all, std::size_t i) {
  const auto start = steady::now();
  const auto work = [&all, i] { read_one(all, i); };
  co_await cpu(work);
  all.latencies_us[i] = microseconds_between(start, steady::now());
}

using reader = task<> (*)(job&, std::size_t);

task<> read_all(job& all, reader read) {
  std::vector<task<>> running;
  for (std::size_t i = 0; i < all.latencies_us.size(); ++i)
    running.push_back(read(all, i));
  co_await gather(std::move(running));
}

void finish(job& all, meter& m) {
  m.check(all.bytes);
  m.extra("files_per_s", static_cast<double>(all.latencies_us.size()) / m.result().wall_s);
  m.latencies_us(std::move(all.latencies_us));
}

void run_blocking(std::string_view strategy, const parameters& p, meter& m) {
  job all(p);
  const auto work = [&all](std::size_t i) { read_one_timed(all, i); };
  m.start();
  if (strategy == strategies::sequential) {
    run_sequentially(all.latencies_us.size(), work);
  } else if (strategy == strategies::thread_per_operation) {
    run_thread_per_operation(all.latencies_us.size(), work, p.count("alive"));
  } else {
    run_on_thread_pool(all.latencies_us.size(), work, p.count("workers"));
  }
  m.stop();
  finish(all, m);
}

void run_magpie(std::string_view strategy, const parameters& p, meter& m) {
  job all(p);
  reader read = read_on_blocking_pool;
  if (strategy == strategies::magpie_inline) read = read_on_worker;
  if (strategy == strategies::magpie_cpu) read = read_on_cpu_executor;
  options o = options_of(strategy, p);
  o.blocking_threads(p.count("alive"));
  m.start();
  run(read_all(all, read), o);
  m.stop();
  finish(all, m);
}

parameters sizes(scale size) {
  parameters p;
  p.set("alive", std::size_t{64});
  return p.set("passes", std::size_t{size == scale::quick ? 3u : 1u});
}

std::vector<sweep> sweeps(scale size, std::size_t workers) {
  using namespace strategies;
  if (size == scale::tiny) return {};
  return {{"over workers",
           "workers",
           "threads or workers",
           "files_per_s",
           "files per second",
           worker_counts(workers),
           {thread_pool, magpie_n, magpie_inline},
           nullptr}};
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
      "written or often read are: no device is waited for. Latency is that of one file, with "
      "the way to another thread and back where there is one.";
  w.around = {.files = true};
  w.variants = {
      {sequential, role::opponent, "One file after the other.", run_blocking},
      {thread_per_operation, role::opponent, "A thread for each file, at most 64 at once.",
       run_blocking},
      {thread_pool, role::opponent, "One thread per core takes files from a queue.", run_blocking},
      {magpie_1, role::judged, "A task for each file, read through blocking(fn).", run_magpie},
      {magpie_n, role::judged, "A task for each file, read through blocking(fn).", run_magpie},
      {magpie_inline, role::shown,
       "A task for each file, which reads it on the worker: right for files known to be cached, "
       "and "
       "wrong for a disk or a network that may keep the worker waiting.",
       run_magpie},
      {magpie_cpu, role::shown, "A task for each file, read through cpu(fn).", run_magpie},
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
