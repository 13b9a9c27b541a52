#include "magpie/runtime/clock.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <limits>
#include <ratio>

#include "magpie/runtime/run.h"
#include "magpie/runtime/testing/simulation.h"
#include "magpie/tests/runtime/leftovers.h"

namespace magpie::testing {
namespace clock_test {

using namespace std::chrono_literals;
using internal::after;
using internal::saturated;

constexpr auto longest = clock::duration::max();
constexpr auto shortest = clock::duration::min();

template <class Rep>
using seconds_of = std::chrono::duration<Rep>;

TEST(clock_test, meets_the_requirements_of_a_clock) {
  static_assert(std::chrono::is_clock_v<clock>);
  static_assert(clock::is_steady);
  static_assert(std::is_same_v<clock::time_point, std::chrono::steady_clock::time_point>);
}

TEST(clock_test, is_the_steady_clock_outside_a_simulation) {
  const auto before = std::chrono::steady_clock::now();
  const auto on_this_thread = clock::now();
  auto ask = []() -> task<clock::time_point> { co_return clock::now(); };
  const auto on_a_worker = run(ask(), options().workers(1));
  EXPECT_LE(before, on_this_thread);
  EXPECT_LE(on_this_thread, on_a_worker);
  EXPECT_LE(on_a_worker, std::chrono::steady_clock::now());
}

TEST(clock_test, is_virtual_inside_a_simulation) {
  auto ask = []() -> task<clock::time_point> { co_return clock::now(); };
  const clock::time_point start(1234h);
  EXPECT_EQ(simulate(ask(), simulation_options().start(start)), start);
}

TEST(saturated_test, keeps_what_fits) {
  static_assert(saturated(7ns) == 7ns);
  static_assert(saturated(-7ns) == -7ns);
  EXPECT_EQ(saturated(2h), 2h);
  EXPECT_EQ(saturated(0s), 0s);
  EXPECT_EQ(saturated(longest), longest);
  EXPECT_EQ(saturated(longest - 1ns), longest - 1ns);
  EXPECT_EQ(saturated(shortest), shortest);
  EXPECT_EQ(saturated(shortest + 1ns), shortest + 1ns);
}

TEST(saturated_test, rounds_up_what_is_finer_than_the_clock) {
  using picoseconds = std::chrono::duration<std::int64_t, std::pico>;
  EXPECT_EQ(saturated(picoseconds(1)), 1ns);
  EXPECT_EQ(saturated(picoseconds(1000)), 1ns);
  EXPECT_EQ(saturated(picoseconds(1001)), 2ns);
  EXPECT_EQ(saturated(picoseconds(-1)), 0ns);
  EXPECT_EQ(saturated(picoseconds(-1001)), -1ns);
}

TEST(saturated_test, takes_floating_point) {
  EXPECT_EQ(saturated(seconds_of<double>(0.25)), 250ms);
  EXPECT_EQ(saturated(seconds_of<double>(-0.25)), -250ms);
  EXPECT_EQ(saturated(seconds_of<float>(1e30F)), longest);
  EXPECT_EQ(saturated(seconds_of<double>(std::numeric_limits<double>::infinity())), longest);
  EXPECT_EQ(saturated(seconds_of<double>(-std::numeric_limits<double>::infinity())), shortest);
  EXPECT_EQ(saturated(std::chrono::duration<double, std::nano>(0x1p63)), longest);
  EXPECT_EQ(saturated(std::chrono::duration<double, std::nano>(0x1p62)),
            clock::duration(std::int64_t{1} << 62U));
}

TEST(saturated_test, a_duration_that_is_no_number_is_none) {
  EXPECT_EQ(saturated(seconds_of<double>(std::numeric_limits<double>::quiet_NaN())), 0s);
}

TEST(saturated_test, becomes_the_nearest_that_fits) {
  EXPECT_EQ(saturated(std::chrono::hours::max()), longest);
  EXPECT_EQ(saturated(std::chrono::hours::min()), shortest);
  EXPECT_EQ(saturated(std::chrono::seconds::max()), longest);
  EXPECT_EQ(saturated(std::chrono::years::max()), longest);
  EXPECT_EQ(saturated(std::chrono::duration<std::uint64_t, std::nano>(UINT64_MAX)), longest);
  // The last second that fits, and the first that does not.
  constexpr auto whole = std::chrono::floor<std::chrono::seconds>(longest);
  EXPECT_EQ(saturated(whole), clock::duration(whole));
  EXPECT_EQ(saturated(whole + 1s), longest);
}

TEST(after_test, adds) {
  const clock::time_point noon(12h);
  static_assert(after(clock::time_point(1s), 2s) == clock::time_point(3s));
  EXPECT_EQ(after(noon, 1h), noon + 1h);
  EXPECT_EQ(after(noon, -13h), noon - 13h);
  EXPECT_EQ(after(noon, 0s), noon);
}

TEST(after_test, stays_within_the_clock) {
  constexpr auto last = clock::time_point::max();
  constexpr auto first = clock::time_point::min();
  EXPECT_EQ(after(clock::time_point(0s), longest), last);
  EXPECT_EQ(after(clock::time_point(1ns), longest), last);
  EXPECT_EQ(after(clock::time_point(-1ns), longest), last - 1ns);
  EXPECT_EQ(after(last, 1ns), last);
  EXPECT_EQ(after(last - 5ns, 5ns), last);
  EXPECT_EQ(after(last - 5ns, 4ns), last - 1ns);
  EXPECT_EQ(after(last, longest), last);
  EXPECT_EQ(after(first, longest), clock::time_point(-1ns));
  EXPECT_EQ(after(clock::time_point(0s), shortest), first);
  EXPECT_EQ(after(clock::time_point(-1ns), shortest), first);
  EXPECT_EQ(after(first, -1ns), first);
  EXPECT_EQ(after(first + 5ns, -5ns), first);
  EXPECT_EQ(after(last, shortest), clock::time_point(-1ns));
}

}  // namespace clock_test
}  // namespace magpie::testing
