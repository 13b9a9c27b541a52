#ifndef MAGPIE_BENCHMARKS_REPORT_OPERATIONS_H_
#define MAGPIE_BENCHMARKS_REPORT_OPERATIONS_H_

// Runs a workload that consists of independent operations, all wanted at the start, under every
// strategy. Such a workload says what an operation is, in a class that derives from `operations`
// and has
//
//   explicit work(const parameters& p);  // Prepares; is not measured.
//   std::size_t count() const;           // How many operations, once started.
//
// and either one function, when an operation is the same call under every strategy,
//
//   void call(std::size_t i);            // Blocks or computes.
//
// or two, when waiting as a task is written differently, which both end with ended(i):
//
//   void block(std::size_t i);
//   task<> await(std::size_t i, call_site where);  // `where` is for what computes.
//
// Its variants then name run_operations<work>. workloads/cpu_kernel.cc is the smallest example.
//
// Parameters that are used here and may be missing:
//
//   alive         most threads at once under thread_per_operation; one for each operation
//   pool_threads  threads under thread_pool; one per worker
//   concurrency   operations in flight at once as tasks; 0 and missing: all
//   batch         operations that are gathered at a time as tasks; all

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

#include "magpie/benchmarks/report/blocking_strategies.h"
#include "magpie/benchmarks/report/magpie_strategies.h"
#include "magpie/benchmarks/report/meter.h"
#include "magpie/benchmarks/report/parameters.h"
#include "magpie/benchmarks/report/strategy.h"
#include "magpie/magpie.h"

namespace magpie::bench {

// Where a task makes a call.
enum class call_site { worker, cpu_executor, blocking_pool };

// `usual` is what a workload means by magpie with one worker and with several.
call_site site_of(std::string_view strategy, call_site usual);

// What a workload may leave out.
class operations {
 public:
  static constexpr call_site k_usual_site = call_site::worker;
  // Whether a heartbeat beats beside the operations.
  static constexpr bool k_heartbeat = false;

  // Begins what belongs to the work and is measured.
  void start() {}
  // Whoever wanted operation i can go on.
  void ended(std::size_t) {}
  // After the measuring: what has been computed, and further figures.
  void finish(meter&) {}
};

// Operations with latencies, from the start to the end of each.
class timed_operations : public operations {
 public:
  explicit timed_operations(std::size_t count) : latencies_us_(count) {}

  std::size_t count() const { return latencies_us_.size(); }
  void start() { start_ = steady::now(); }
  void ended(std::size_t i) { latencies_us_[i] = microseconds_between(start_, steady::now()); }
  void finish(meter& m) { m.latencies_us(latencies_us_); }

 private:
  steady::time_point start_;
  std::vector<double> latencies_us_;  // Entry i: whoever ends operation i.
};

namespace internal {

template <class Work>
concept is_a_call = requires(Work& all, std::size_t i) { all.call(i); };

template <class Work>
void do_operation(Work& all, std::size_t i) {
  if constexpr (is_a_call<Work>) {
    all.call(i);
    all.ended(i);
  } else {
    all.block(i);
  }
}

template <class Work>
void run_blocking(Work& all, std::string_view strategy, const parameters& p) {
  const auto work = [&all](std::size_t i) { do_operation(all, i); };
  if (strategy == strategies::sequential) {
    run_sequentially(all.count(), work);
  } else if (strategy == strategies::thread_per_operation) {
    run_thread_per_operation(all.count(), work, p.count_or("alive", all.count()));
  } else {
    run_on_thread_pool(all.count(), work, p.count_or("pool_threads", p.count("workers")));
  }
}

template <class Work>
task<> call_on_worker(Work& all, std::size_t i) {
  do_operation(all, i);
  co_return;
}

template <class Work>
task<> call_on_cpu_executor(Work& all, std::size_t i) {
  const auto call = [&all, i] { all.call(i); };
  co_await cpu(call);
  all.ended(i);
}

template <class Work>
task<> call_on_blocking_pool(Work& all, std::size_t i) {
  const auto call = [&all, i] { all.call(i); };
  co_await blocking(call);
  all.ended(i);
}

template <class Work>
task<> as_task(Work& all, std::size_t i, call_site where) {
  if constexpr (is_a_call<Work>) {
    switch (where) {
      case call_site::worker:
        break;
      case call_site::cpu_executor:
        return call_on_cpu_executor(all, i);
      case call_site::blocking_pool:
        return call_on_blocking_pool(all, i);
    }
    return call_on_worker(all, i);
  } else {
    return all.await(i, where);
  }
}

template <class Work>
task<> gather_batches(Work& all, call_site where, std::size_t batch) {
  for (std::size_t from = 0; from < all.count(); from += batch) {
    const std::size_t to = std::min(from + batch, all.count());
    std::vector<task<>> running;
    running.reserve(to - from);
    for (std::size_t i = from; i < to; ++i)
      running.push_back(as_task(all, i, where));
    co_await gather(std::move(running));
  }
}

// Takes the next operation until none is left.
template <class Work>
task<> run_lane(Work& all, call_site where, std::atomic<std::size_t>& next) {
  for (std::size_t i = next++; i < all.count(); i = next++) {
    co_await as_task(all, i, where);
  }
}

template <class Work>
task<> gather_lanes(Work& all, call_site where, std::size_t lanes) {
  std::atomic<std::size_t> next = 0;
  std::vector<task<>> running;
  for (std::size_t i = 0; i < lanes; ++i)
    running.push_back(run_lane(all, where, next));
  co_await gather(std::move(running));
}

template <class Work>
task<> gather_operations(Work& all, call_site where, const parameters& p) {
  const std::size_t lanes = p.count_or("concurrency", 0);
  if (lanes > 0) return gather_lanes(all, where, lanes);
  return gather_batches(all, where, p.count_or("batch", all.count()));
}

}  // namespace internal

template <class Work>
void run_operations(std::string_view strategy, const parameters& p, meter& m) {
  Work all(p);
  std::vector<double> lags_us;
  m.start();
  all.start();
  if (find_strategy(strategy).kin == family::magpie) {
    const call_site where = site_of(strategy, Work::k_usual_site);
    task<> work = internal::gather_operations(all, where, p);
    if constexpr (Work::k_heartbeat) {
      lags_us = run(with_heartbeat(std::move(work)), options_of(strategy, p));
    } else {
      run(std::move(work), options_of(strategy, p));
    }
  } else if constexpr (Work::k_heartbeat) {
    heartbeat_thread heartbeat;
    internal::run_blocking(all, strategy, p);
    lags_us = heartbeat.stop();
  } else {
    internal::run_blocking(all, strategy, p);
  }
  m.stop();
  m.heartbeat_lags_us(std::move(lags_us));
  all.finish(m);
}

}  // namespace magpie::bench

#endif  // MAGPIE_BENCHMARKS_REPORT_OPERATIONS_H_
