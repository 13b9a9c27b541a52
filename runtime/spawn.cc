#include "magpie/runtime/spawn.h"

#include <string>

#include "magpie/runtime/error.h"
#include "magpie/runtime/internal/scheduler.h"
#include "magpie/runtime/internal/worker.h"

namespace magpie::internal {

void start_task(scheduler& owner, task_record& record, promise_base& root) {
  owner.start(record, root);
}

scheduler& scheduler_for_spawn() {
  worker* here = current_worker();
  if (here == nullptr) {
    throw usage_error(
        "magpie: spawn() was called on a thread that is no worker of a runtime; call it inside a "
        "task, or use runtime::spawn");
  }
  return here->owner();
}

void refuse_blocking_wait(const task_record& awaited) {
  if (current_worker() == nullptr) return;
  throw usage_error("magpie: join_handle::get() of task '" + awaited.name() +
                    "' would block a worker, and so perhaps the very task it waits for; "
                    "use co_await");
}

void refuse_second_retrieval() {
  throw usage_error("magpie: this join_handle is empty: its outcome has been taken already");
}

bool join_awaiter::ready() const {
  if (joined_ == nullptr) refuse_second_retrieval();
  if (joined_->has_joiner()) {
    throw usage_error("magpie: two tasks await the join_handle of task '" + joined_->name() +
                      "'; its outcome can be taken only once");
  }
  return joined_->done();
}

bool join_awaiter::start(promise_base& who) noexcept {
  if (!arm(who)) return false;
  if (joined_->add_joiner(*this)) return true;
  // It has ended meanwhile. If a cancellation was faster still, that one resumes this task.
  return !claim(outcome::completed);
}

void join_awaiter::finish() {
  if (home() != nullptr) joined_->remove_joiner(*this);
  throw_if_cancelled(disarm());
}

}  // namespace magpie::internal
