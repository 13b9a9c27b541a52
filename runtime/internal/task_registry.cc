#include "magpie/runtime/internal/task_registry.h"

#include <climits>
#include <mutex>

#include "magpie/runtime/internal/futex.h"
#include "magpie/runtime/internal/group.h"
#include "magpie/runtime/internal/task_record.h"

namespace magpie::internal {

bool task_registry::add(task_record& task, std::size_t index) noexcept {
  shard& own = shards_[index];
  const std::lock_guard lock(own.lock);
  if (own.closed) return false;
  task.id_ = own.spawned++ * shards_.size() + index + 1;
  task.shard_ = static_cast<std::uint16_t>(index);
  link(task, own.first);
  ++own.size;
  return true;
}

void task_registry::remove(task_record& task) noexcept {
  shard& own = shards_[task.shard_];
  {
    const std::lock_guard lock(own.lock);
    unlink(task);
    --own.size;
  }
  if (closing_.load()) {
    ended_after_close_.fetch_add(1);
    futex_wake(ended_after_close_, INT_MAX);
  }
}

void task_registry::close() noexcept {
  closing_.store(true);
  for (shard& each : shards_) {
    const std::lock_guard lock(each.lock);
    each.closed = true;
  }
}

void task_registry::cancel_all() noexcept {
  for (shard& each : shards_) {
    while (const task_reference task = next_to_cancel(each))
      task->root().cancel();
  }
}

// Moves one task to the list of the cancelled. A copy of the list would need memory.
task_reference task_registry::next_to_cancel(shard& from) noexcept {
  const std::lock_guard lock(from.lock);
  task_record* task = from.first;
  if (task == nullptr) return nullptr;
  unlink(*task);
  link(*task, from.first_cancelled);
  task->add_reference();
  return task_reference(task);
}

void task_registry::link(task_record& task, task_record*& first) noexcept {
  task.next_ = first;
  task.link_ = &first;
  if (first != nullptr) first->link_ = &task.next_;
  first = &task;
}

void task_registry::unlink(task_record& task) noexcept {
  *task.link_ = task.next_;
  if (task.next_ != nullptr) task.next_->link_ = task.link_;
}

bool task_registry::wait_empty(std::chrono::steady_clock::time_point deadline) noexcept {
  for (;;) {
    // Read before the sizes: a task that ends in between changes it, and the wait returns at once.
    const std::uint32_t ended = ended_after_close_.load();
    if (size() == 0) return true;
    if (std::chrono::steady_clock::now() >= deadline) return false;
    futex_wait(ended_after_close_, ended, deadline);
  }
}

std::size_t task_registry::size() const noexcept {
  std::size_t sum = 0;
  for (const shard& each : shards_) {
    const std::lock_guard lock(each.lock);
    sum += each.size;
  }
  return sum;
}

std::vector<task_reference> task_registry::snapshot() const {
  std::vector<task_reference> all;
  for (const shard& each : shards_) {
    const std::lock_guard lock(each.lock);
    for (task_record* first : {each.first, each.first_cancelled}) {
      for (task_record* task = first; task != nullptr; task = task->next_) {
        task->add_reference();
        all.push_back(task_reference(task));
      }
    }
  }
  return all;
}

task_reference task_registry::find(const task_record* task) const noexcept {
  for (const shard& each : shards_) {
    const std::lock_guard lock(each.lock);
    for (task_record* first : {each.first, each.first_cancelled}) {
      for (task_record* one = first; one != nullptr; one = one->next_) {
        if (one != task) continue;
        one->add_reference();
        return task_reference(one);
      }
    }
  }
  return nullptr;
}

std::vector<std::pair<task_reference, std::uint64_t>> task_registry::with_parents() const {
  std::vector<std::pair<task_reference, std::uint64_t>> all;
  for (const shard& each : shards_) {
    const std::lock_guard lock(each.lock);
    for (task_record* first : {each.first, each.first_cancelled}) {
      for (task_record* task = first; task != nullptr; task = task->next_) {
        // A child leaves this list before its group may go.
        const group* of = task->group_;
        task->add_reference();
        all.emplace_back(task_reference(task), of == nullptr ? 0 : of->task().id());
      }
    }
  }
  return all;
}

}  // namespace magpie::internal
