#include "magpie/runtime/internal/job_awaiter.h"

#include "magpie/runtime/internal/scheduler.h"
#include "magpie/runtime/internal/worker.h"

namespace magpie::internal {

bool job_awaiter_base::start(promise_base& who) {
  scheduler& owner = current_worker()->owner();
  executor_ = kind_ == job_kind::cpu ? &owner.cpu() : &owner.blocking();
  if (!arm(who)) return false;
  try {
    executor_->submit(*this);
  } catch (...) {
    // A cancellation that has won already is going to resume this task; then that is what it sees.
    if (!claim(outcome::completed)) return true;
    disarm();
    throw;
  }
  return true;
}

void job_awaiter_base::finish() {
  executor_->withdraw(*this);
  throw_if_cancelled(disarm());
}

}  // namespace magpie::internal
