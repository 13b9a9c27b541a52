// Read, digest, write: three stages, each busy with another batch.

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "magpie/benchmarks/report/blocking_strategies.h"
#include "magpie/benchmarks/report/kernels.h"
#include "magpie/benchmarks/report/magpie_strategies.h"
#include "magpie/benchmarks/report/servers/file_tree.h"
#include "magpie/benchmarks/report/servers/socket.h"
#include "magpie/benchmarks/report/strategy.h"
#include "magpie/benchmarks/report/workloads/workloads.h"
#include "magpie/magpie.h"

namespace magpie::bench {
namespace {

constexpr std::size_t k_batch_files = 64;
// After so much the output begins again from the front, so that a run does not measure how fast
// a disk takes what is written back.
constexpr off_t k_output_size = 8 << 20;

struct batch {
  std::string text;
  std::uint64_t digest = 0;
};

// The three stages. Each is entered by one thread at a time.
class plant {
 public:
  explicit plant(const parameters& p)
      : files_(p.text("root"), p.count("files")),
        batches_((files_.count() + k_batch_files - 1) / k_batch_files * p.count("passes")),
        output_(open(p.text("scratch").c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600)) {
    if (!output_.is_open()) throw std::system_error(errno, std::generic_category(), "O_TMPFILE");
  }

  std::size_t batches() const { return batches_; }
  std::uint64_t total() const { return total_; }

  // Fills the batch anew; the memory that it has is used again.
  void load(std::size_t k, batch& loaded) {
    loaded.text.clear();
    const std::size_t from = k * k_batch_files;
    for (std::size_t i = from; i < from + k_batch_files; ++i) {
      const std::size_t size = files_.read(i % files_.count(), buffer_);
      loaded.text.append(buffer_.data(), size);
    }
  }

  static void work(batch& b) { b.digest = digest(b.text, 1); }

  void store(const batch& b) {
    const ssize_t size = pwrite(output_.number(), b.text.data(), b.text.size(), position_);
    position_ = (position_ + size) % k_output_size;
    if (size != static_cast<ssize_t>(b.text.size())) {
      throw std::system_error(errno, std::generic_category(), "write");
    }
    total_ += b.digest;
  }

 private:
  const cached_files files_;
  const std::size_t batches_;
  const descriptor output_;
  file_buffer buffer_;       // Of load().
  std::uint64_t total_ = 0;  // Of store().
  off_t position_ = 0;       // Of store().
};

// From one thread to another. What circulates is limited, so no queue needs a bound.
class batch_queue {
 public:
  void put(batch b) {
    const std::lock_guard lock(mutex_);
    items_.push_back(std::move(b));
    changed_.notify_one();
  }
  // Waits for a batch; nothing when it is closed and empty.
  std::optional<batch> take() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return closed_ || !items_.empty(); });
    if (items_.empty()) return std::nullopt;
    batch b = std::move(items_.front());
    items_.pop_front();
    return b;
  }
  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_one();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<batch> items_;  // Under mutex_.
  bool closed_ = false;      // Under mutex_.
};

// One in each stage and two before each of the later ones. Their memory is used again.
constexpr std::size_t k_circulating = 7;

void flow_in_threads(plant& all) {
  batch_queue empty;
  batch_queue loaded;
  batch_queue worked;
  for (std::size_t i = 0; i < k_circulating; ++i)
    empty.put({});
  std::thread loading([&] {
    for (std::size_t k = 0; k < all.batches(); ++k) {
      std::optional<batch> b = empty.take();
      all.load(k, *b);
      loaded.put(std::move(*b));
    }
    loaded.close();
  });
  std::thread working([&] {
    while (std::optional<batch> b = loaded.take()) {
      plant::work(*b);
      worked.put(std::move(*b));
    }
    worked.close();
  });
  while (std::optional<batch> b = worked.take()) {
    all.store(*b);
    empty.put(std::move(*b));
  }
  loading.join();
  working.join();
}

// In step k the stages hold the batches k, k - 1 and k - 2.
class belt {
 public:
  explicit belt(plant& all) : all_(all) {}

  std::size_t steps() const { return all_.batches() + 2; }
  bool loads(std::size_t step) const { return step < all_.batches(); }
  bool works(std::size_t step) const { return step >= 1 && step - 1 < all_.batches(); }
  bool stores(std::size_t step) const { return step >= 2; }
  void load(std::size_t step) { all_.load(step, slot(step)); }
  void work(std::size_t step) { plant::work(slot(step - 1)); }
  void store(std::size_t step) { all_.store(slot(step - 2)); }

 private:
  batch& slot(std::size_t k) { return slots_[k % slots_.size()]; }

  plant& all_;
  std::array<batch, 3> slots_;
};

void flow_in_pool(plant& all, std::size_t threads) {
  belt stages(all);
  queued_threads pool(threads);
  for (std::size_t step = 0; step < stages.steps(); ++step) {
    if (stages.loads(step)) pool.submit([&stages, step] { stages.load(step); });
    if (stages.works(step)) pool.submit([&stages, step] { stages.work(step); });
    if (stages.stores(step)) pool.submit([&stages, step] { stages.store(step); });
    pool.wait_idle();
  }
}

task<> load(belt& stages, std::size_t step) {
  const auto call = [&stages, step] { stages.load(step); };
  co_await blocking(call);
}

task<> work(belt& stages, std::size_t step, bool on_executor) {
  const auto call = [&stages, step] { stages.work(step); };
  if (on_executor) {
    co_await cpu(call);
  } else {
    call();
  }
}

task<> store(belt& stages, std::size_t step) {
  const auto call = [&stages, step] { stages.store(step); };
  co_await blocking(call);
}

task<> flow(plant& all, bool on_executor) {
  belt stages(all);
  for (std::size_t step = 0; step < stages.steps(); ++step) {
    std::vector<task<>> running;
    if (stages.loads(step)) running.push_back(load(stages, step));
    if (stages.stores(step)) running.push_back(store(stages, step));
    if (stages.works(step)) running.push_back(work(stages, step, on_executor));
    co_await gather(std::move(running));
  }
}

void run_blocking(std::string_view strategy, const parameters& p, meter& m) {
  plant all(p);
  m.start();
  if (strategy == strategies::sequential) {
    batch b;
    for (std::size_t k = 0; k < all.batches(); ++k) {
      all.load(k, b);
      plant::work(b);
      all.store(b);
    }
  } else if (strategy == strategies::thread_per_operation) {
    flow_in_threads(all);
  } else {
    flow_in_pool(all, 3);
  }
  m.stop();
  m.check(all.total());
}

void run_magpie(std::string_view strategy, const parameters& p, meter& m) {
  plant all(p);
  m.start();
  run(flow(all, strategy == strategies::magpie_cpu), options_of(strategy, p));
  m.stop();
  m.check(all.total());
}

parameters sizes(scale size) {
  return parameters().set("passes", at_scale(size, 1, 4, 3));
}

}  // namespace

workload pipeline() {
  using namespace strategies;
  workload w;
  w.name = "pipeline";
  w.title = "A pipeline of three stages";
  w.question =
      "Read, digest, write, read, digest, write: the stages depend on each other but not "
      "on each other's next batch. Who overlaps them best?";
  w.what =
      "Batches of 64 real files are read, digested and written to one output file, which "
      "starts again from the front after 8 MiB. Threads pass seven batches around through "
      "queues; magpie and the pool take a step at a time, in which the three stages work on three "
      "successive batches.";
  w.around = {.files = true};
  w.variants = {
      {sequential, role::opponent, "One stage after the other.", run_blocking},
      {thread_per_operation, role::opponent, "A thread for each stage, queues between.",
       run_blocking},
      {thread_pool, role::opponent,
       "Three threads; the stages of a step are jobs, whose end is "
       "awaited.",
       run_blocking},
      {magpie_1, role::judged,
       "gather of three tasks a step; reads and writes through "
       "blocking(fn), digests on the worker.",
       run_magpie},
      {magpie_n, role::judged,
       "gather of three tasks a step; reads and writes through "
       "blocking(fn), digests on a worker.",
       run_magpie},
      {magpie_cpu, role::judged, "The same; digests through cpu(fn).", run_magpie},
  };
  w.absent = {{std::string(asyncio),
               "The digest would be Python's arithmetic; its speed and not that of asyncio would "
               "decide."}};
  w.sizes = sizes;
  return w;
}

}  // namespace magpie::bench
