#include "magpie/runtime/task_local.h"

#include <new>

#include "magpie/runtime/error.h"
#include "magpie/runtime/internal/current_worker.h"
#include "magpie/runtime/internal/task_record.h"
#include "magpie/runtime/internal/worker.h"

namespace magpie::internal {

namespace {

task_record* running_task() noexcept {
  const worker* here = current_worker();
  return here == nullptr ? nullptr : here->running();
}

}  // namespace

std::shared_ptr<const void> find_task_local(const void* key) noexcept {
  const task_record* task = running_task();
  return task == nullptr ? nullptr : task->find_local(key);
}

std::shared_ptr<const void> exchange_task_local(const void* key,
                                                std::shared_ptr<const void> value) {
  task_record* task = running_task();
  if (task == nullptr) {
    throw usage_error("magpie: a task_local is set in a task; this thread runs none");
  }
  return task->exchange_local(key, std::move(value));
}

void restore_task_local(const void* key, std::shared_ptr<const void> value) noexcept {
  task_record* task = running_task();
  if (task == nullptr) return;
  try {
    task->exchange_local(key, std::move(value));
  } catch (const std::bad_alloc&) {
    // It keeps the value of the inner scope.
  }
}

void refuse_missing_local() {
  throw usage_error(
      "magpie: this task_local has no value here: set() one, or give it an initial value");
}

}  // namespace magpie::internal
