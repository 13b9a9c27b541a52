// All tasks of one runtime that have been spawned and have not ended.
#ifndef MAGPIE_RUNTIME_INTERNAL_TASK_REGISTRY_H_
#define MAGPIE_RUNTIME_INTERNAL_TASK_REGISTRY_H_

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "magpie/runtime/internal/mutex.h"
#include "magpie/runtime/internal/platform.h"
#include "magpie/runtime/internal/task_record.h"

namespace magpie::internal {

// One shard for each worker and one for all other threads, so that spawning writes no line that
// another worker writes.
class task_registry {
 public:
  explicit task_registry(std::size_t shards) : shards_(shards) {}
  task_registry(const task_registry&) = delete;
  task_registry& operator=(const task_registry&) = delete;

  // Any thread. Gives the task its number. False after close(): the task may not start.
  bool add(task_record& task, std::size_t shard) noexcept;
  // Worker. The registry outlives the workers: the last steps come after wait_empty() may return.
  void remove(task_record& task) noexcept;

  // No further task is taken.
  void close() noexcept;

  // After close(). Cancels every task that is registered. Needs no memory.
  void cancel_all() noexcept;

  // Blocks until no task is left or the deadline has come; after close(). Whether none is left.
  bool wait_empty(std::chrono::steady_clock::time_point deadline) noexcept;

  std::size_t size() const noexcept;

  // A copy of the list. Throws std::bad_alloc.
  std::vector<task_reference> snapshot() const;

  // This task, if it is registered; the pointer need not be good otherwise.
  task_reference find(const task_record* task) const noexcept;

  // The list, with the number of the task that each is a child of; 0 if of none.
  std::vector<std::pair<task_reference, std::uint64_t>> with_parents() const;

 private:
  struct alignas(cache_line) shard {
    mutable mutex lock;
    task_record* first = nullptr;            // Under lock.
    task_record* first_cancelled = nullptr;  // Under lock. Those that cancel_all() has told.
    std::size_t size = 0;                    // Under lock.
    bool closed = false;                     // Under lock.
    std::uint64_t spawned = 0;               // Under lock. The source of the tasks' numbers.
  };

  static void link(task_record& task, task_record*& first) noexcept;
  static void unlink(task_record& task) noexcept;
  static task_reference next_to_cancel(shard& from) noexcept;

  std::vector<shard> shards_;
  std::atomic<std::uint32_t> ended_after_close_{0};  // Counts, and is waited for.
  std::atomic<bool> closing_{false};
};

}  // namespace magpie::internal

#endif  // MAGPIE_RUNTIME_INTERNAL_TASK_REGISTRY_H_
