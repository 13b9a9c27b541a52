#include "magpie/runtime/deadline.h"

#include "magpie/runtime/internal/current_worker.h"
#include "magpie/runtime/internal/worker.h"

namespace magpie {

void deadline::start() {
  if (timer_.deadline() == clock::time_point::max()) return;
  internal::worker* here = internal::current_worker();
  here->timers().insert(timer_);
  home_ = here;
}

void deadline::stop() noexcept {
  if (home_ != nullptr) home_->timers().remove(timer_);
}

}  // namespace magpie
