// The seam between the runtime and whatever waits for the kernel's events (io/, or your own).
//
// The runtime knows nothing of descriptors. It offers a poller two things: an idle worker that
// would sleep anyway can wait in it (io_mode::assisted), and a poller's own thread can hand over
// ready tasks with ready_list::resume_all(), or with resume_anywhere() when all workers are busy.
#ifndef MAGPIE_RUNTIME_POLLER_H_
#define MAGPIE_RUNTIME_POLLER_H_

#include <functional>
#include <memory>

#include "magpie/runtime/clock.h"
#include "magpie/runtime/options.h"
#include "magpie/runtime/suspension.h"

namespace magpie {

namespace internal {
class scheduler;
}  // namespace internal

class poller {
 public:
  poller() = default;
  poller(const poller&) = delete;
  poller& operator=(const poller&) = delete;
  virtual ~poller() = default;

  // Once, before anything else; for what needs a thread. In a simulation, nothing but poll() may
  // make tasks ready, and try_acquire() has to work. What it throws comes out of current_poller().
  virtual void start(bool /*simulated*/) {}

  // Any thread; does not block. True: the caller alone may call poll(), until release(). A poller
  // that wants no help from workers returns false.
  virtual bool try_acquire() noexcept = 0;
  virtual void release() noexcept = 0;

  // Only between try_acquire() and release(). Waits for events, at most for `limit` (zero: not at
  // all; duration::max(): no limit) and no longer than interrupt(), and adds to `ready` whatever
  // they make ready.
  virtual void poll(clock::duration limit, ready_list& ready) noexcept = 0;

  // Any thread. Ends a poll() that waits, or else the next one that would. Does not block.
  virtual void interrupt() noexcept = 0;

  // Worker, in a simulation: whether an event is awaited that only the real world can bring.
  virtual bool awaits_events() const noexcept = 0;

 protected:
  // Any thread, between start() and the destructor. If tasks wait behind one that keeps its worker,
  // wakes an idle worker for them. Tasks that poll() has made ready wake nobody at once, because
  // most often their worker has run them all before another would have woken; so a poller with
  // a thread calls this when no worker has polled for a while, and without, others may find such
  // tasks only after some 10 ms.
  void share_waiting_work() noexcept;

  // The same threads. All of them tasks of the runtime whose poller this is. As
  // ready_list::resume_all(), but for whichever worker comes first, and not for the one where each
  // task suspended: when all workers are busy. Leaves the list empty.
  void resume_anywhere(ready_list& ready) noexcept;

 private:
  friend class internal::scheduler;

  internal::scheduler* owner_ = nullptr;  // Fixed before start().
};

// Any thread. The poller of the runtime whose worker this is; null if that has none yet, and on
// a thread that is no worker.
poller* attached_poller() noexcept;

// On a worker. The poller of the current runtime; if it has none, the one that `make` returns,
// which gets the options of the runtime and is destroyed by it after its last task has ended.
// `make` runs at most once per runtime, and what it throws comes out here; it must not call this
// itself. Throws usage_error on a thread that is no worker, and if `make` returns null.
poller& current_poller(const std::function<std::unique_ptr<poller>(const options&)>& make);

}  // namespace magpie

#endif  // MAGPIE_RUNTIME_POLLER_H_
