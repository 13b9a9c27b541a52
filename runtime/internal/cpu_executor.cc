#include "magpie/runtime/internal/cpu_executor.h"

#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/task_arena.h>

#include <atomic>
#include <exception>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include "magpie/runtime/internal/platform.h"

namespace magpie::internal {
namespace {

// The queue of an executor, shared with the calls that have been enqueued for its jobs. Nobody
// waits for those that are still to come: oneTBB may have no thread for them for a long time, and
// once the jobs have ended they do nothing.
class shared_queue : public job_queue {
 public:
  // Any thread.
  void add_reference() noexcept { references_.fetch_add(1); }
  void drop_reference() noexcept {
    if (references_.fetch_sub(1) == 1) delete this;
  }
  bool shared() const noexcept { return references_.load() != 1; }

 private:
  std::atomic<std::size_t> references_{1};
};

struct drop_queue {
  void operator()(shared_queue* queue) const noexcept { queue->drop_reference(); }
};
using queue_reference = std::unique_ptr<shared_queue, drop_queue>;

// oneTBB is one for the whole process, and so is what has to be known of it.
class onetbb_process {
 public:
  // Never destroyed: a runtime may be a static object, and end later.
  static onetbb_process& instance() {
    static onetbb_process& process = *new onetbb_process;
    return process;
  }

  // oneTBB counts one processor for a thread that waits inside it, and no worker of magpie does. So
  // an arena with a slot for each processor would get one thread too few. Only ever raised: of
  // several limits the least counts, also among those that the program sets itself.
  void allow_threads(std::size_t slots) {
    constexpr auto limit = tbb::global_control::max_allowed_parallelism;
    const std::lock_guard lock(mutex_);
    if (slots <= allowed_) return;
    raised_.reset();
    if (slots + 1 > tbb::global_control::active_value(limit)) raised_.emplace(limit, slots + 1);
    allowed_ = slots;
  }

  // A thread that the system has refused is never asked for again; without any, nothing would ever
  // run.
  void note_refused() noexcept { refused_.store(true); }
  void note_running() noexcept {
    if (!ran_.load()) ran_.store(true);
  }
  bool runs_nothing() const noexcept { return refused_.load() && !ran_.load(); }

  // The queue of an executor that has gone. Calls that are still to come share it, in memory of
  // oneTBB into which no leak checker looks; so it is kept here too until they have come.
  void retire(queue_reference queue) noexcept {
    const std::lock_guard lock(mutex_);
    std::erase_if(retired_, [](const queue_reference& each) { return !each->shared(); });
    if (!queue->shared()) return;
    try {
      retired_.push_back(std::move(queue));
    } catch (const std::bad_alloc&) {
      return;  // The calls keep it.
    }
  }

 private:
  std::mutex mutex_;
  std::size_t allowed_ = 0;                    // Under mutex_.
  std::vector<queue_reference> retired_;       // Under mutex_.
  std::optional<tbb::global_control> raised_;  // Under mutex_.
  std::atomic<bool> refused_{false};
  std::atomic<bool> ran_{false};
};

[[noreturn]] void tell_refused() {
  throw std::system_error(std::make_error_code(std::errc::resource_unavailable_try_again),
                          "magpie: the system refused a thread for cpu(), and oneTBB asks only "
                          "once; raise the limit of processes or threads and start the program "
                          "again, or use blocking()");
}

// What is enqueued for each job. oneTBB copies it into memory of its own and hands that from thread
// to thread, all of which ThreadSanitizer does not see.
class call {
 public:
  explicit call(shared_queue& jobs) noexcept : jobs_(&jobs) { jobs_->add_reference(); }
  MAGPIE_UNSEEN_BY_TSAN call(const call& other) noexcept : jobs_(other.jobs_) {
    jobs_->add_reference();
  }
  call& operator=(const call&) = delete;
  MAGPIE_UNSEEN_BY_TSAN ~call() { jobs_->drop_reference(); }

  MAGPIE_UNSEEN_BY_TSAN void operator()() const noexcept { run_one(*jobs_); }

 private:
  static void run_one(shared_queue& jobs) noexcept {
    acquire_order(&jobs);
    onetbb_process::instance().note_running();
    // Empty if the job was cancelled.
    if (job* next = jobs.pop()) {
      next->execute();
      next->resume();
    }
  }

  shared_queue* const jobs_;
};

// Only enqueue() starts work here. On a machine (or under a quota) of one processor oneTBB has no
// worker threads, and a task_group that is waited for from outside never runs; an enqueued task
// makes oneTBB create one.
class tbb_executor final : public job_executor {
 public:
  explicit tbb_executor(std::size_t slots)
      : arena_(static_cast<int>(slots), /*reserved_for_masters=*/0) {
    onetbb_process::instance().allow_threads(slots);
    arena_.initialize();
  }

  ~tbb_executor() override { onetbb_process::instance().retire(std::move(jobs_)); }

  void submit(job& what) override {
    if (onetbb_process::instance().runs_nothing()) tell_refused();
    jobs_->push(what);
    release_order(jobs_.get());
    try {
      arena_.enqueue(call(*jobs_));
    } catch (const std::bad_alloc&) {
      jobs_->remove(what);
      throw;
    } catch (const std::exception&) {
      jobs_->remove(what);
      onetbb_process::instance().note_refused();
      tell_refused();
    }
  }

  void withdraw(job& what) noexcept override { jobs_->remove(what); }

 private:
  queue_reference jobs_{new shared_queue};
  tbb::task_arena arena_;
};

}  // namespace

std::unique_ptr<job_executor> make_cpu_executor(std::size_t slots) {
  return std::make_unique<tbb_executor>(slots);
}

}  // namespace magpie::internal
