// The timers of one worker: a heap of four children per node, ordered by deadline and, among equal
// deadlines, by age.
//
// Rejected: a hierarchical wheel, which inserts in constant time but rounds deadlines and has to be
// walked to find the next one.
#ifndef MAGPIE_RUNTIME_INTERNAL_TIMER_QUEUE_H_
#define MAGPIE_RUNTIME_INTERNAL_TIMER_QUEUE_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "magpie/runtime/clock.h"
#include "magpie/runtime/internal/mutex.h"
#include "magpie/runtime/suspension.h"

namespace magpie::internal {

class timer_queue;

// Something that is due at some time. Lives in an awaiter.
class timer {
 public:
  timer(const timer&) = delete;
  timer& operator=(const timer&) = delete;

  clock::time_point deadline() const noexcept { return deadline_; }

  // Outside a queue.
  void move_to(clock::time_point deadline) noexcept { deadline_ = deadline; }

 protected:
  explicit timer(clock::time_point deadline) noexcept : deadline_(deadline) {}
  virtual ~timer() = default;

 private:
  friend class timer_queue;
  static constexpr std::uint32_t nowhere = UINT32_MAX;

  // Any thread, under the queue's lock, when it has been taken out because its time has come.
  virtual void due(ready_list& ready) noexcept = 0;

  clock::time_point deadline_;
  std::uint32_t index_ = nowhere;  // Under the queue's lock.
};

// The deadline of a suspension.
class wake_timer final : public timer {
 public:
  wake_timer(suspension& waiting, clock::time_point deadline, suspension::outcome when_due) noexcept
      : timer(deadline), when_due_(when_due), waiting_(&waiting) {}

 private:
  void due(ready_list& ready) noexcept override {
    if (waiting_->claim(when_due_)) ready.add(*waiting_);
  }

  const suspension::outcome when_due_;  // Fits in behind the base.
  suspension* const waiting_;
};

class timer_queue {
 public:
  timer_queue() = default;
  timer_queue(const timer_queue&) = delete;
  timer_queue& operator=(const timer_queue&) = delete;

  // Any thread. Throws std::bad_alloc, or std::length_error beyond 2^32 - 1 timers.
  void insert(timer& t);

  // Any thread. Nothing touches the timer afterwards. It need not be in the queue any more.
  void remove(timer& t) noexcept;

  // Any thread. Takes out every timer whose time has come, earliest first, and does what is due.
  // Whether there was one.
  bool fire(clock::time_point now, ready_list& ready) noexcept;

  // Any thread; may be out of date at once. time_point::max() if there is none.
  clock::time_point next_deadline() const noexcept {
    // Pairs with the store in publish_next().
    return clock::time_point(clock::duration(next_.load(std::memory_order_acquire)));
  }

 private:
  // The deadline stands in the heap itself, so that sifting does not touch the timers' cache lines.
  struct entry {
    clock::time_point deadline;
    std::uint64_t age;
    timer* what;
    bool before(const entry& other) const noexcept {
      return deadline != other.deadline ? deadline < other.deadline : age < other.age;
    }
  };

  void place(std::size_t index, const entry& e) noexcept;
  void sift_up(std::size_t index, const entry& e) noexcept;
  void sift_down(std::size_t index, const entry& e) noexcept;
  void erase(std::size_t index) noexcept;
  void publish_next() noexcept;

  mutable mutex mutex_;
  std::vector<entry> heap_;     // Under mutex_.
  std::uint64_t inserted_ = 0;  // Under mutex_.
  std::atomic<clock::rep> next_{clock::time_point::max().time_since_epoch().count()};
};

}  // namespace magpie::internal

#endif  // MAGPIE_RUNTIME_INTERNAL_TIMER_QUEUE_H_
