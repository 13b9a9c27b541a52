// How many ready tasks a worker keeps to itself, waking nobody for them, as long as somebody dozes
// (idle_set.h): it will come to those sooner than another could. One if its last turns have been
// short (channel/ping_pong); more if it makes them by the hundred, and they are short
// (spawn/join_million).
//
// Each worker has one of these. Time comes from the caller.
#ifndef MAGPIE_RUNTIME_INTERNAL_KEEP_POLICY_H_
#define MAGPIE_RUNTIME_INTERNAL_KEEP_POLICY_H_

#include <chrono>
#include <cstdint>

#include "magpie/runtime/clock.h"
#include "magpie/runtime/internal/atomics.h"

namespace magpie::internal {

class keep_policy {
 public:
  // How long a task that is kept may be left to a turn that does not end, and how long a doze is.
  static constexpr clock::duration doze = std::chrono::milliseconds(1);
  // Shorter than it takes to wake another worker.
  static constexpr clock::duration short_turn = std::chrono::microseconds(2);
  static constexpr std::uint32_t most_kept = 1023;

  keep_policy() = default;
  keep_policy(const keep_policy&) = delete;
  keep_policy& operator=(const keep_policy&) = delete;

  // --- Any thread; out of date at once ---

  std::uint32_t kept() const noexcept { return kept_.get(); }
  // How often the worker has looked for work.
  std::uint32_t turn() const noexcept { return turn_.get(); }

  // --- The worker ---

  std::uint32_t begin_turn() noexcept {
    turn_.set(turn() + 1);
    return turn();
  }

  // After so many turns since the last call: whether they were short, without the time in which the
  // worker slept.
  void measure(std::uint32_t turns, clock::time_point now) noexcept {
    kept_.set(now - measured_at_ < turns * short_turn ? 1 : 0);
    measured_at_ = now;
  }

  // It has stolen a ready task, in this turn of the other worker.
  void has_stolen(keep_policy& victim, std::uint32_t turn) noexcept {
    victim_ = &victim;
    victims_turn_ = turn;
  }

  // A turn that makes one task after the other ready may have woken this worker again and again. If
  // what it has taken from there was short, the other one keeps more of them from now on; if not,
  // none.
  void begin_sleep(clock::time_point now) noexcept;

  void end_sleep(clock::time_point now) noexcept {
    woken_at_ = now;
    woken_in_turn_ = turn();
    measured_at_ += now - asleep_since_;
  }

  // --- Another worker, which searches ---

  // Whether a ready task alone stays with this worker: until its turn has been the same for as long
  // as a doze takes, whoever has asked in between.
  bool keeps_one(std::uint32_t turn, clock::time_point now) noexcept {
    if (left_in_turn_.get() != turn) {
      left_since_.set(now);
      left_in_turn_.set(turn);
      return true;
    }
    return now - left_since_.get() < doze;
  }

 private:
  // Safe at any value, since nothing is kept unless somebody dozes. Written by thieves, too.
  hint<std::uint32_t> kept_{0};
  hint<std::uint32_t> turn_{0};
  // Written by thieves: in which turn, and since when, a task has been left.
  hint<std::uint32_t> left_in_turn_{0};
  hint<clock::time_point> left_since_{clock::time_point()};

  // The worker only.
  keep_policy* victim_ = nullptr;  // The last that it has stolen from since it slept.
  std::uint32_t victims_turn_ = 0;
  std::uint32_t woken_in_turn_ = 0;
  clock::time_point woken_at_{};
  clock::time_point asleep_since_{};
  clock::time_point measured_at_{};  // Moved on by the time slept since.
};

}  // namespace magpie::internal

#endif  // MAGPIE_RUNTIME_INTERNAL_KEEP_POLICY_H_
