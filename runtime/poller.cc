#include "magpie/runtime/poller.h"

#include "magpie/runtime/error.h"
#include "magpie/runtime/internal/scheduler.h"
#include "magpie/runtime/internal/worker.h"

namespace magpie {

void poller::share_waiting_work() noexcept {
  if (owner_ != nullptr) owner_->share_waiting_work();
}

void poller::resume_anywhere(ready_list& ready) noexcept {
  if (owner_ == nullptr) return ready.resume_all();
  owner_->inject_all(ready);
}

poller* attached_poller() noexcept {
  internal::worker* const here = internal::current_worker();
  return here == nullptr ? nullptr : here->owner().attached_poller();
}

poller& current_poller(const std::function<std::unique_ptr<poller>(const options&)>& make) {
  internal::worker* here = internal::current_worker();
  if (here == nullptr) {
    throw usage_error(
        "magpie: an I/O operation was started on a thread that is no worker; co_await it "
        "inside a task");
  }
  return here->owner().attach_poller(make);
}

}  // namespace magpie
