// The time that sleeping and deadlines are measured in.
#ifndef MAGPIE_RUNTIME_CLOCK_H_
#define MAGPIE_RUNTIME_CLOCK_H_

#include <chrono>

namespace magpie {

// std::chrono::steady_clock, except inside a simulation (runtime/testing/simulation.h), where time
// stands still while a task runs and jumps when all sleep. Meets the standard's Clock requirements;
// its time points are those of steady_clock.
class clock {
 public:
  using duration = std::chrono::steady_clock::duration;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::steady_clock::time_point;
  static constexpr bool is_steady = true;

  // Any thread. Does not block, allocate or throw.
  static time_point now() noexcept;
};

namespace internal {

// A duration of any unit as clock::duration; what does not fit becomes the nearest that does, and
// what is no number becomes zero.
template <class Rep, class Period>
constexpr clock::duration saturated(std::chrono::duration<Rep, Period> d) {
  using seconds = std::chrono::duration<long double>;
  if (!(d < d.zero()) && !(d >= d.zero())) return clock::duration::zero();
  if (seconds(d) >= seconds(clock::duration::max())) return clock::duration::max();
  if (seconds(d) <= seconds(clock::duration::min())) return clock::duration::min();
  return std::chrono::ceil<clock::duration>(d);
}

// now + d, at most time_point::max().
constexpr clock::time_point after(clock::time_point now, clock::duration d) {
  if (d > clock::duration::zero() && now > clock::time_point::max() - d) {
    return clock::time_point::max();
  }
  if (d < clock::duration::zero() && now < clock::time_point::min() - d) {
    return clock::time_point::min();
  }
  return now + d;
}

}  // namespace internal
}  // namespace magpie

#endif  // MAGPIE_RUNTIME_CLOCK_H_
