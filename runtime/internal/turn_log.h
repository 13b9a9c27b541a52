// What a worker notes for options::report_long_turns.
#ifndef MAGPIE_RUNTIME_INTERNAL_TURN_LOG_H_
#define MAGPIE_RUNTIME_INTERNAL_TURN_LOG_H_

#include <atomic>
#include <cstdint>

namespace magpie::internal {

class task_record;

// What one worker says of itself: a turn is what it does from resuming a coroutine until that has
// given the worker back. Turns have odd numbers, and what lies between them even ones.
class turn_log {
 public:
  // The worker.
  void begin(const task_record& task) noexcept {
    task_.store(&task);
    number_.fetch_add(1);
  }
  void end() noexcept { number_.fetch_add(1); }

  // Any thread. The task is that of the turn if number() is the same before and after; it may be
  // gone otherwise.
  std::uint64_t number() const noexcept { return number_.load(); }
  const task_record* task() const noexcept { return task_.load(); }

 private:
  std::atomic<std::uint64_t> number_{0};
  std::atomic<const task_record*> task_{nullptr};
};

}  // namespace magpie::internal

#endif  // MAGPIE_RUNTIME_INTERNAL_TURN_LOG_H_
