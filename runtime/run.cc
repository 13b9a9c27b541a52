#include "magpie/runtime/run.h"

#include "magpie/runtime/error.h"
#include "magpie/runtime/internal/scheduler.h"
#include "magpie/runtime/internal/worker.h"

namespace magpie {

runtime::runtime(const options& settings)
    : scheduler_((refuse_nested_run(), std::make_unique<internal::scheduler>(settings))) {}

runtime::~runtime() = default;

void runtime::shutdown() {
  if (internal::current_worker() != nullptr) {
    throw usage_error(
        "magpie: runtime::shutdown() would block a worker, and so perhaps the very tasks it waits "
        "for; call it on another thread");
  }
  scheduler_->shut_down();
}

std::size_t runtime::workers() const noexcept {
  return scheduler_->workers().size();
}

std::size_t runtime::live_tasks() const noexcept {
  return scheduler_->registry().size();
}

void runtime::refuse_nested_run() {
  if (internal::current_worker() == nullptr) return;
  throw usage_error(
      "magpie: run() was called, or a runtime made, inside a task, whose worker that would block; "
      "co_await the task instead, or spawn() it");
}

}  // namespace magpie
