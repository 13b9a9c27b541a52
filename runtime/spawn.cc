#include "magpie/runtime/spawn.h"

#include <string>

#include "magpie/runtime/error.h"
#include "magpie/runtime/internal/group.h"
#include "magpie/runtime/internal/scheduler.h"
#include "magpie/runtime/internal/worker.h"
#include "magpie/runtime/run.h"

namespace magpie::internal {

void start_task(scheduler& owner, task_record& record, promise_base& root, belonging to) {
  if (worker* here = current_worker()) {
    if (task_record* spawning = here->running()) record.inherit_locals(*spawning);
  }
  if (const host* driver = owner.driver()) record.set_driver(driver->thread());
  if (to.at != nullptr) record.stay_at(*to.at);
  if (to.of != nullptr) {
    record.make_child(*to.of, to.of->deadline());
    to.of->add(record);
  }
  try {
    owner.start(record, root);
  } catch (...) {
    if (to.of != nullptr) to.of->remove(record);
    throw;
  }
}

scheduler& scheduler_of(runtime& on) noexcept {
  return runtime_access::scheduler_of(on);
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
  if (awaited.done()) return;
  if (awaited.is_driven_here()) {
    throw usage_error("magpie: join_handle::get() of task '" + awaited.name() +
                      "' would block the thread that has to run it; call it when done() says so, "
                      "or learn of the end by on_end()");
  }
  if (current_worker() == nullptr) return;
  throw usage_error("magpie: join_handle::get() of task '" + awaited.name() +
                    "' would block a worker, and so perhaps the very task it waits for; "
                    "use co_await");
}

task_record& not_empty(task_record* record) {
  if (record != nullptr) return *record;
  throw usage_error("magpie: this join_handle is empty: it was moved from, or detached");
}

bool join_awaiter::ready() {
  return not_empty(joined_).claim_outcome();
}

bool join_awaiter::start(promise_base& who) noexcept {
  if (!arm(who)) return false;
  joined_->add_reference();
  kept_.reset(joined_);
  const auto how = joined_->add_joiner(*this);
  refused_ = how == task_record::joining::refused;
  return how == task_record::joining::waits;
}

void join_awaiter::finish() {
  if (home() != nullptr) joined_->remove_joiner(*this);
  throw_if_cancelled(disarm());
  if (refused_) joined_->throw_two_joiners();
}

}  // namespace magpie::internal
