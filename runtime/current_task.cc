#include "magpie/runtime/current_task.h"

#include "magpie/runtime/error.h"
#include "magpie/runtime/internal/context.h"
#include "magpie/runtime/internal/scheduler.h"
#include "magpie/runtime/internal/task_record.h"
#include "magpie/runtime/internal/worker.h"
#include "magpie/runtime/run.h"

namespace magpie {
namespace internal {
namespace {

// Of all that does not depend on where in the task one asks.
task_info info_of(const task_record& record, std::uint64_t parent_id) {
  return task_info{.id = record.id(),
                   .name = record.name(),
                   .spawned_at = record.spawned_at(),
                   .parent_id = parent_id,
                   .deadline = record.deadline(),
                   .cancelled = false,
                   .cancel_reason = record.cancel_reason(),
                   .waits_at = std::nullopt};
}

std::vector<task_info> tasks_of(const scheduler& of) {
  std::vector<task_info> all;
  for (const auto& [record, parent_id] : of.registry().with_parents()) {
    task_info& each = all.emplace_back(info_of(*record, parent_id));
    each.cancelled = record->root().cancelled();
    each.waits_at = record->root().waits_at();
  }
  return all;
}

}  // namespace

task_info task_info_awaiter::await_resume() const {
  const context& around = own_context_awaiter::await_resume();
  task_info own = info_of(around.task(), around.task().parent_id());
  own.deadline = around.deadline();
  own.cancelled = around.cancelled();
  return own;
}

}  // namespace internal

std::vector<task_info> all_tasks() {
  if (const internal::worker* here = internal::current_worker()) {
    return internal::tasks_of(here->owner());
  }
  throw usage_error(
      "magpie: all_tasks() was called on a thread that is no worker of a runtime; name the runtime "
      "there, as in all_tasks(runtime)");
}

std::vector<task_info> all_tasks(runtime& of) {
  return internal::tasks_of(internal::runtime_access::scheduler_of(of));
}

}  // namespace magpie
