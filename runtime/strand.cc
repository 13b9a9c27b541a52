#include "magpie/runtime/strand.h"

#include <mutex>
#include <utility>

#include "magpie/runtime/internal/current_worker.h"
#include "magpie/runtime/internal/mutex.h"
#include "magpie/runtime/internal/promise.h"
#include "magpie/runtime/internal/scheduler.h"
#include "magpie/runtime/internal/worker.h"

namespace magpie {
namespace {

class one_after_another final : public internal::place,
                                public std::enable_shared_from_this<one_after_another> {
 public:
  bool enter(internal::promise_base& ready, internal::worker& /*here*/) noexcept override {
    const std::lock_guard lock(mutex_);
    if (&ready == next_) {
      next_ = nullptr;
      return true;
    }
    if (kept_by_itself_ == nullptr) {
      // The turn may be the last of the task that has kept the strand.
      kept_by_itself_ = shared_from_this();
      return true;
    }
    ready.set_next(nullptr);
    (first_waiting_ == nullptr ? first_waiting_ : last_waiting_->next_ready) = &ready;
    last_waiting_ = &ready;
    return false;
  }

  // Hands itself over to the one that waits longest, past those that come meanwhile.
  void leave() noexcept override {
    std::shared_ptr<place> last;  // Let go of outside the lock.
    internal::promise_base* next = nullptr;
    {
      const std::lock_guard lock(mutex_);
      if (first_waiting_ == nullptr) {
        last = std::move(kept_by_itself_);
        return;
      }
      next = next_ = first_waiting_;
      first_waiting_ = next->next();
    }
    internal::schedule(*next);
  }

 private:
  internal::mutex mutex_;
  // All of these: under mutex_.
  std::shared_ptr<place> kept_by_itself_;   // Null if nobody runs or is next.
  internal::promise_base* next_ = nullptr;  // Whose turn it is, when it has not begun.
  internal::promise_base* first_waiting_ = nullptr;
  internal::promise_base* last_waiting_ = nullptr;
};

}  // namespace

strand::strand() : place_(std::make_shared<one_after_another>()) {}

bool strand::running_here() const noexcept {
  const internal::worker* here = internal::current_worker();
  if (here == nullptr) return false;
  const internal::task_record* running = here->running();
  return running != nullptr && running->place() == place_.get();
}

}  // namespace magpie
