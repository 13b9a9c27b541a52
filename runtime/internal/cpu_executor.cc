#include "magpie/runtime/internal/cpu_executor.h"

#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/task_arena.h>

#include <atomic>
#include <cstdint>
#include <optional>

#include "magpie/runtime/internal/futex.h"
#include "magpie/runtime/internal/platform.h"

namespace magpie::internal {
namespace {

// Only enqueue() starts work here. On a machine (or under a quota) of one processor oneTBB has no
// worker threads, and a task_group that is waited for from outside never runs; an enqueued task
// makes oneTBB create one.
class tbb_executor final : public job_executor {
 public:
  explicit tbb_executor(std::size_t slots)
      : arena_(static_cast<int>(slots), /*reserved_for_masters=*/0) {
    // oneTBB counts one processor for a thread that waits inside it, and no worker of magpie does.
    // So an arena with a slot for each processor would get one thread too few. Only ever raised:
    // the limit is one for the whole process, and the program may use oneTBB as well.
    if (slots + 1 > tbb::global_control::active_value(limit)) threads_.emplace(limit, slots + 1);
    arena_.initialize();
  }

  ~tbb_executor() override {
    // A thread of the arena may still be between a job's resume and its return.
    for (;;) {
      const std::uint32_t running = running_.load();
      if (running == 0) return;
      futex_wait(running_, running, std::chrono::steady_clock::time_point::max());
    }
  }

  void submit(job& what) override {
    queue_.push(what);
    running_.fetch_add(1);
    release_order(this);
    try {
      arena_.enqueue([this] { run_one(); });
    } catch (...) {
      queue_.remove(what);
      running_.fetch_sub(1);
      throw;
    }
  }

  void withdraw(job& what) noexcept override { queue_.remove(what); }

 private:
  void run_one() noexcept {
    acquire_order(this);
    // Empty if the job was cancelled.
    if (job* next = queue_.pop()) {
      next->execute();
      next->resume();
    }
    if (running_.fetch_sub(1) == 1) futex_wake(running_, 1);
  }

  static constexpr auto limit = tbb::global_control::max_allowed_parallelism;

  job_queue queue_;
  std::atomic<std::uint32_t> running_{0};  // Enqueued calls of run_one() that have not returned.
  std::optional<tbb::global_control> threads_;
  tbb::task_arena arena_;
};

}  // namespace

std::unique_ptr<job_executor> make_cpu_executor(std::size_t slots) {
  return std::make_unique<tbb_executor>(slots);
}

}  // namespace magpie::internal
