#include "magpie/runtime/call_later.h"

#include <new>

#include "magpie/runtime/error.h"
#include "magpie/runtime/internal/context.h"
#include "magpie/runtime/internal/failed_callback.h"
#include "magpie/runtime/internal/own_context.h"
#include "magpie/runtime/internal/scheduler.h"
#include "magpie/runtime/run.h"
#include "magpie/runtime/sleep.h"

namespace magpie {
namespace internal {
namespace {

// However the task that carries the call ends, the function does not outlive it.
class call_guard {
 public:
  explicit call_guard(pending_call& guarded) noexcept : guarded_(guarded) {}
  call_guard(const call_guard&) = delete;
  call_guard& operator=(const call_guard&) = delete;
  ~call_guard() { guarded_.cancel(); }

 private:
  pending_call& guarded_;
};

void call_and_report(pending_call& call, const task_record& carrier) {
  try {
    call.call();
  } catch (...) {
    try {
      tell(*carrier.owner().hook(), carrier.describe(report::kind::failed_callback,
                                                     failed_callback_message("call_soon() or "
                                                                             "call_later()")));
    } catch (const std::bad_alloc&) {
      // There is no memory to say so.
    }
  }
}

task<> carry_out(std::shared_ptr<pending_call> call) {
  const call_guard guard(*call);
  // What is to be called soon does not suspend, so that nothing cancels it.
  if (call->when() != clock::time_point::min()) co_await sleep_until(call->when());
  own_context_awaiter own;
  const context& around = co_await own;
  call_and_report(*call, around.task());
}

}  // namespace

bool pending_call::cancel() noexcept {
  if (!claim(state::cancelled)) return false;
  drop();
  return true;
}

void pending_call::call() {
  if (!claim(state::called)) return;
  class dropped_at_the_end {
   public:
    explicit dropped_at_the_end(pending_call& of) noexcept : of_(of) {}
    dropped_at_the_end(const dropped_at_the_end&) = delete;
    dropped_at_the_end& operator=(const dropped_at_the_end&) = delete;
    ~dropped_at_the_end() { of_.drop(); }

   private:
    pending_call& of_;
  };
  const dropped_at_the_end end(*this);
  invoke();
}

call_handle start_call(runtime* on, std::shared_ptr<pending_call> call,
                       std::source_location where) {
  if (on == nullptr && current_worker() == nullptr) {
    throw usage_error(
        "magpie: call_soon(), call_later() or call_at() was used on a thread that is no worker of "
        "a runtime; name the runtime there, as in call_soon(runtime, function)");
  }
  task<> carrier = carry_out(call);
  join_handle<> handle = on == nullptr ? spawn(std::move(carrier), {}, where)
                                       : on->spawn(std::move(carrier), {}, where);
  // A call that never comes is no task that somebody forgot.
  spawn_access::record(handle).detach();
  return {std::move(call), std::move(handle)};
}

}  // namespace internal

bool call_handle::cancel() noexcept {
  if (call_ == nullptr || !call_->cancel()) return false;
  carrier_.cancel();  // It need not sleep any longer.
  return true;
}

clock::time_point call_handle::when() const {
  if (call_ == nullptr) throw usage_error("magpie: this call_handle is empty: it was moved from");
  return call_->when();
}

}  // namespace magpie
