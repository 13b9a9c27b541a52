// The one way in which a task waits for something outside itself: a timer, a descriptor, another
// thread, another task. Everything awaitable in magpie that is not a task derives from it, and so
// can what you write yourself.
//
//   awaiter:  arm() -> hand *this to the source -> ... resumed ... -> withdraw from the source ->
//   disarm() source:   claim() -> resume()
//
// Exactly one of completion, time-out and cancellation wins: the first to claim(). A source touches
// a suspension only while it holds the source's own lock and the suspension is listed there; the
// awaiter takes itself off that list, under that lock, before it ends. And a task that is resumed
// while it is still about to suspend goes on only when the worker has come back from it. That is
// the whole proof that nothing touches an awaiter that is gone.
#ifndef MAGPIE_RUNTIME_SUSPENSION_H_
#define MAGPIE_RUNTIME_SUSPENSION_H_

#include <atomic>
#include <cstdint>

namespace magpie {

namespace internal {
struct promise_base;
class context;
class scheduler;
class worker;
}  // namespace internal

class ready_list;

class suspension {
 public:
  enum class outcome : std::uint8_t { waiting, completed, timed_out, cancelled };

  suspension(const suspension&) = delete;
  suspension& operator=(const suspension&) = delete;

  // Source, under its lock. True: the caller has won, and has to call resume(), once, after it has
  // let go of the lock. False: somebody else has; do not touch the suspension again.
  bool claim(outcome how) noexcept {
    outcome expected = outcome::waiting;
    return outcome_.compare_exchange_strong(expected, how);
  }

  // Source, under its lock. Whether somebody has won.
  bool claimed() const noexcept { return outcome_.load() != outcome::waiting; }

  // Any thread, after a successful claim(). Makes the task ready: on the calling worker if the
  // runtime is the same, otherwise on the worker where it suspended. Does not block. *this may be
  // gone when it returns.
  void resume() noexcept;

 protected:
  suspension() = default;
  ~suspension() = default;

  // Worker, from await_suspend(). False: the task has been cancelled already; do not suspend.
  // A task has at most one armed suspension; to wait for either of two things, give one suspension
  // to both. From then on the task's cancellation may claim() and resume() this. Whoever does, the
  // task goes on only after await_suspend() has returned; so what follows arm() may still fail, and
  // several sources may be given *this.
  bool arm(internal::promise_base& who) noexcept;

  // The same, for a wait that has to reach its end: nothing cancels it.
  void arm_uncancellable(internal::promise_base& who) noexcept;

  // Worker, from await_resume(), after the source has been left; only if arm() was called. Says who
  // won. Nobody touches *this afterwards.
  outcome disarm() noexcept {
    if (who_ != nullptr) leave_context();
    return outcome_.load();
  }

  // Worker, from await_resume(), before disarm(). Who has won so far.
  outcome won() const noexcept { return outcome_.load(); }

  // The worker where the task suspended. Fixed by arm(); null if that failed.
  internal::worker* home() const noexcept;

  // What was added to the same ready_list after this.
  const suspension* next_in_ready_list() const noexcept { return next_ready_; }

 private:
  friend class internal::context;
  friend class internal::worker;
  friend class ready_list;

  // The worker, when it has come back from the suspended task, and the source that resumes it. The
  // second is given the coroutine, to make it ready; the first null.
  internal::promise_base* arrive() noexcept;

  void leave_context() noexcept;

  std::atomic<outcome> outcome_{outcome::waiting};
  std::atomic<bool> one_arrived_{false};
  bool listed_ = false;  // Own worker only. Whether the task's cancellation knows *this.
  internal::promise_base* who_ = nullptr;
  // In the list of the task's context, under the lock of its task.
  suspension* next_ = nullptr;
  suspension** link_ = nullptr;
  suspension* next_ready_ = nullptr;  // In a ready_list.
};

// Tasks that become ready together. Costs no allocation.
class ready_list {
 public:
  ready_list() = default;
  ready_list(const ready_list&) = delete;
  ready_list& operator=(const ready_list&) = delete;

  // After a successful claim(), instead of resume(); under the source's lock, if that is
  // convenient. The task does not go on before resume_all().
  void add(suspension& claimed) noexcept;

  bool empty() const noexcept { return first_ == nullptr; }

  // Any thread. What resume() does, for all of them in order, with at most one wake-up for each
  // worker. Leaves the list empty.
  void resume_all() noexcept {
    if (!empty()) resume_some();
  }

 private:
  friend class internal::scheduler;
  friend class internal::worker;

  void resume_some() noexcept;

  // The next task that is ready; null if none is left. One that is only about to suspend is made
  // ready by its worker.
  internal::promise_base* take() noexcept;

  suspension* first_ = nullptr;
  suspension* last_ = nullptr;
};

namespace internal {
[[noreturn]] void throw_cancelled();
}  // namespace internal

// Throws `cancelled` if that is how it ended.
inline void throw_if_cancelled(suspension::outcome how) {
  if (how == suspension::outcome::cancelled) internal::throw_cancelled();
}

}  // namespace magpie

#endif  // MAGPIE_RUNTIME_SUSPENSION_H_
