#ifndef MAGPIE_BENCHMARKS_REPORT_BLOCKING_STRATEGIES_H_
#define MAGPIE_BENCHMARKS_REPORT_BLOCKING_STRATEGIES_H_

// The three ways to write it without coroutines, written as one would without a library.

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "magpie/benchmarks/report/meter.h"

namespace magpie::bench {

// Does operation `i`, blocking the thread that calls it.
using operation = std::function<void(std::size_t)>;

// A template, so that the plain loop is one: an indirect call would count where the operation is
// tiny.
template <class Operation>
void run_sequentially(std::size_t count, const Operation& work) {
  for (std::size_t i = 0; i < count; ++i)
    work(i);
}

// At most `alive` threads exist at once; the next one starts when the oldest has ended.
void run_thread_per_operation(std::size_t count, const operation& work, std::size_t alive);

// One job in the pool's queue for each operation.
void run_on_thread_pool(std::size_t count, const operation& work, std::size_t threads);

// A queue with a mutex and a condition variable, and a fixed number of threads.
class queued_threads {
 public:
  explicit queued_threads(std::size_t threads);
  // Does what has been submitted, then ends the threads.
  ~queued_threads();

  void submit(std::function<void()> job);
  // Returns when nothing is queued and no job runs.
  void wait_idle();

 private:
  void serve();

  std::mutex mutex_;
  std::condition_variable has_work_;
  std::condition_variable idle_;
  // All below under mutex_.
  std::deque<std::function<void()>> jobs_;
  std::size_t running_ = 0;
  bool ending_ = false;
  std::vector<std::thread> threads_;
};

// Beats on a thread of its own, from construction to stop().
class heartbeat_thread {
 public:
  heartbeat_thread();
  ~heartbeat_thread();
  // The lateness of all beats so far.
  std::vector<double> stop();

 private:
  void beat_until_stopped();

  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;  // Under mutex_.
  heartbeat_log log_;      // Of the thread while it runs.
  std::thread thread_;
};

}  // namespace magpie::bench

#endif  // MAGPIE_BENCHMARKS_REPORT_BLOCKING_STRATEGIES_H_
