#include "magpie/runtime/current_task.h"

#include "magpie/runtime/internal/context.h"
#include "magpie/runtime/internal/task_record.h"

namespace magpie::internal {

task_info task_info_awaiter::await_resume() const {
  const context& around = own_context_awaiter::await_resume();
  const task_record& record = around.task();
  return task_info{.id = record.id(),
                   .name = record.name(),
                   .spawned_at = record.spawned_at(),
                   .deadline = around.deadline(),
                   .cancelled = around.cancelled(),
                   .cancel_reason = record.cancel_reason()};
}

}  // namespace magpie::internal
