// Who sleeps, who searches, and whom to wake.
//
// The rule that keeps wake-ups from being lost has two sides. Who adds work: makes it visible,
// then a barrier, then looks here for a sleeper. Who goes to sleep: enters itself here, then the
// same barrier, then looks at all queues once more. Whichever comes second sees the other. (Who
// goes to sleep while another searches leaves the barrier and the look to that one: it stops
// searching later, and the last to stop looks too.)
//
// The rule that keeps wake-ups few is Go's and Tokio's: whoever adds work wakes nobody while
// a worker searches, and the last searcher that finds work wakes the next one.
//
// One sleeper at a time may *doze*: it comes back by itself, soon, and searches. For work that its
// owner is about to do itself that is as good as a searcher, so nobody is woken for it.
#ifndef MAGPIE_RUNTIME_INTERNAL_IDLE_SET_H_
#define MAGPIE_RUNTIME_INTERNAL_IDLE_SET_H_

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

#include "magpie/runtime/internal/atomics.h"
#include "magpie/runtime/internal/platform.h"

namespace magpie::internal {

template <class Atomics = std_atomics>
class idle_set {
 public:
  static constexpr std::size_t nobody = SIZE_MAX;

  explicit idle_set(std::size_t workers) : workers_(workers) { sleepers_.reserve(workers); }

  idle_set(const idle_set&) = delete;
  idle_set& operator=(const idle_set&) = delete;

  // A worker of this set, right after it has made work visible. The hot side of the barrier.
  // True: claim_sleeper() is worth a call.
  bool wants_wake_after_push() const {
    Atomics::light_fence();
    return someone_only_sleeps(state_.load(std::memory_order_relaxed));
  }

  // Any other thread, right after it has made work visible.
  bool wants_wake_after_injection() const {
    Atomics::full_fence();
    return someone_only_sleeps(state_.load(std::memory_order_relaxed));
  }

  // Any thread. Picks the sleeper that came last (its cache is the warmest), which from now on
  // counts as searching; the caller has to unpark it. `nobody` if there is none or someone
  // searches.
  std::size_t claim_sleeper() {
    const std::lock_guard lock(mutex_);
    if (!someone_only_sleeps(state_.load(std::memory_order_relaxed))) return nobody;
    const std::size_t worker = sleepers_.back();
    sleepers_.pop_back();
    state_.fetch_add(one_searching - sleep_of(worker), std::memory_order_seq_cst);
    return worker;
  }

  // Any thread, right after it has given this worker work. True: the worker slept, counts as
  // searching from now on, and the caller has to unpark it.
  bool claim(std::size_t worker) {
    Atomics::full_fence();
    if (sleeping(state_.load(std::memory_order_relaxed)) == 0) return false;
    const std::lock_guard lock(mutex_);
    if (!remove(worker)) return false;
    state_.fetch_add(one_searching - sleep_of(worker), std::memory_order_seq_cst);
    return true;
  }

  // Worker only. False when enough workers search already.
  bool start_searching() {
    if (2 * searching(state_.load(std::memory_order_relaxed)) >= workers_) return false;
    state_.fetch_add(one_searching, std::memory_order_seq_cst);
    return true;
  }

  // Any thread, right after one of the calls that have the barrier in them; may be out of date at
  // once. True: whatever that thread saw before, or made visible, will be looked at by a searcher.
  bool someone_dozes() const { return dozing(state_.load(std::memory_order_relaxed)); }

  // A searching worker, when it has found work. True: it was the last one, others sleep, and
  // the caller has to look whether there is more work and then wake one of them, since the work
  // added meanwhile woke nobody.
  bool stop_searching() {
    const std::uint32_t before = state_.fetch_sub(one_searching, std::memory_order_seq_cst);
    if (searching(before) != 1 || sleeping(before) == 0) return false;
    cold_fence(sleeping(before) + 1);
    return true;
  }

  struct announced {
    // The caller looks at all queues once more and, if it finds something, does not sleep. If not,
    // somebody else searches, and looks when it stops; to look as well would only mean to come back
    // as often as something is there and enough workers search.
    bool looks_again;
    // It dozes: it sleeps for a short time at most.
    bool dozes;
  };

  // Worker only, before it sleeps. `would_doze`: if nobody does so already.
  [[nodiscard]] announced announce(std::size_t worker, bool was_searching, bool would_doze) {
    std::uint32_t before = 0;
    bool dozes = false;
    {
      const std::lock_guard lock(mutex_);
      sleepers_.push_back(worker);
      std::uint32_t change = one_sleeping - (was_searching ? one_searching : 0U);
      if (would_doze && dozer_ == nobody) {
        dozes = true;
        dozer_ = worker;
        change += someone_dozing;
      }
      before = state_.fetch_add(change, std::memory_order_seq_cst);
    }
    if (searching(before) > (was_searching ? 1U : 0U))
      return {.looks_again = false, .dozes = dozes};
    cold_fence(sleeping(before) + 1);
    return {.looks_again = true, .dozes = dozes};
  }

  // Worker only, after announce(). False: it counts as searching from now on, because it has dozed,
  // or because another thread has claimed it meanwhile, whose token is on the way then.
  bool retract(std::size_t worker) {
    const std::lock_guard lock(mutex_);
    if (!remove(worker)) return false;
    const std::uint32_t sleep = sleep_of(worker);
    const bool dozed = dozing(sleep);
    // Whoever has dozed searches, whatever it finds first: others have relied on that.
    state_.fetch_add((dozed ? one_searching : 0U) - sleep, std::memory_order_seq_cst);
    return !dozed;
  }

  // Any thread; may be out of date at once.
  std::size_t sleeping() const { return sleeping(state_.load(std::memory_order_relaxed)); }

 private:
  static constexpr std::uint32_t one_sleeping = 1;
  static constexpr std::uint32_t someone_dozing = 1U << 15U;
  static constexpr std::uint32_t one_searching = 1U << 16U;

  static std::uint32_t sleeping(std::uint32_t state) { return state & (someone_dozing - 1); }
  static bool dozing(std::uint32_t state) { return (state & someone_dozing) != 0; }
  static std::uint32_t searching(std::uint32_t state) { return state >> 16U; }
  static bool someone_only_sleeps(std::uint32_t state) {
    return state - 1 < one_searching - 1;  // sleeping(state) != 0 && searching(state) == 0
  }

  // The cold side of the barrier, for the caller and `inactive` workers, itself among them unless
  // it works. When nobody else works, only threads that use the full fence can have added work:
  // what a worker pushed before it slept is ordered by state_.
  void cold_fence(std::uint32_t inactive) const {
    if (inactive == workers_) {
      Atomics::full_fence();
    } else {
      Atomics::heavy_fence();
    }
  }

  // Under mutex_.
  bool remove(std::size_t worker) {
    for (std::size_t i = 0; i < sleepers_.size(); ++i) {
      if (sleepers_[i] == worker) {
        sleepers_.erase(sleepers_.begin() + static_cast<std::ptrdiff_t>(i));
        return true;
      }
    }
    return false;
  }

  // Under mutex_. What the state has to lose for a sleeper that is none any more.
  std::uint32_t sleep_of(std::size_t worker) {
    if (dozer_ != worker) return one_sleeping;
    dozer_ = nobody;
    return one_sleeping + someone_dozing;
  }

  const std::size_t workers_;
  // How many sleep and whether one of them dozes (changed under mutex_), and how many search.
  alignas(cache_line) typename Atomics::template atomic<std::uint32_t> state_{0};
  typename Atomics::mutex_type mutex_;
  std::vector<std::size_t> sleepers_;  // Under mutex_.
  std::size_t dozer_ = nobody;         // Under mutex_. One of the sleepers.
};

}  // namespace magpie::internal

#endif  // MAGPIE_RUNTIME_INTERNAL_IDLE_SET_H_
