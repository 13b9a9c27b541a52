// Timers of all kinds over four hundred days of virtual time, from clocks near each boundary: every
// one is due exactly when it should be, and none is lost.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "magpie/runtime/clock.h"
#include "magpie/runtime/sleep.h"
#include "magpie/runtime/spawn.h"
#include "magpie/runtime/task.h"
#include "magpie/runtime/testing/simulation.h"
#include "magpie/runtime/timeout.h"
#include "magpie/tests/runtime/ends_cancelled.h"
#include "magpie/tests/runtime/leftovers.h"

namespace magpie::testing {
namespace {

using namespace std::chrono_literals;

constexpr auto never = clock::time_point::max();
constexpr clock::duration all_days = std::chrono::days(400);

// What is due in these days, and what has been.
class almanac {
 public:
  explicit almanac(clock::time_point start, std::uint64_t seed) : start_(start), random_(seed) {}

  clock::time_point start() const { return start_; }
  clock::time_point end() const { return start_ + all_days; }
  std::uint64_t below(std::uint64_t limit) { return random_() % limit; }

  // Any nanosecond after `from`, or a full second, minute or hour, at which others are due as well.
  clock::time_point some_time(clock::time_point from) {
    constexpr std::array<clock::duration, 4> grains{1ns, 1s, 1min, 1h};
    const clock::rep grain = grains[below(grains.size())].count();
    const clock::rep earliest = (from - start_).count() / grain + 1;
    const clock::rep latest = all_days.count() / grain;
    if (earliest > latest) return end();
    const auto chosen = earliest + static_cast<clock::rep>(
                                       below(static_cast<std::uint64_t>(latest - earliest) + 1));
    return start_ + clock::duration(chosen * grain);
  }

  void expect() { ++expected_; }
  void note(clock::time_point due) {
    EXPECT_EQ(clock::now(), due);
    EXPECT_LE(latest_, due);
    latest_ = due;
    ++noted_;
  }
  void all_were_noted() const { EXPECT_EQ(noted_, expected_); }

 private:
  const clock::time_point start_;
  std::mt19937_64 random_;
  clock::time_point latest_ = clock::time_point::min();
  std::size_t expected_ = 0;
  std::size_t noted_ = 0;
};

// ---------------------------------------------------------------------------------------- kinds

task<> sleeps(almanac& days, clock::time_point due) {
  const counted frame;
  days.expect();
  co_await sleep_until(due);
  days.note(due);
}

task<> sleeps_for_ever() {
  const counted frame;
  co_await sleep_until(never);
  ADD_FAILURE() << "after the end of time";
}

task<> is_limited(almanac& days, clock::time_point due) {
  const counted frame;
  days.expect();
  const bool ended = co_await move_on_at(due, sleeps_for_ever());
  EXPECT_FALSE(ended);
  days.note(due);
}

// The limit is moved several times, to earlier times and to later ones.
task<> is_limited_anew(almanac& days, clock::time_point first) {
  const counted frame;
  clock::time_point due = first;
  auto moves = [&days, &due](timeout_scope& limit) -> task<> {
    for (int i = 0; i < 3; ++i) {
      const clock::duration step = std::chrono::hours(days.below(200));
      if (step >= due - clock::now()) break;
      co_await sleeps(days, clock::now() + step);
      due = days.some_time(clock::now());
      limit.reschedule(due);
    }
    co_await sleeps_for_ever();
  };
  days.expect();
  const bool ended = co_await move_on_at(first, moves);
  EXPECT_FALSE(ended);
  days.note(due);
}

// A sleep that would end at `due` is cancelled before.
task<> cancels(almanac& days, clock::time_point due) {
  const counted frame;
  const clock::time_point when = days.some_time(clock::now());
  auto late = [](clock::time_point until) -> task<> {
    const counted inner;
    co_await sleep_until(until);
  };
  auto sleeper = spawn(late(due));
  co_await sleeps(days, std::min(when, due - 1ns));
  sleeper.cancel();
  const clock::time_point before = clock::now();
  const bool was_cancelled = co_await ends_cancelled(sleeper);
  EXPECT_TRUE(was_cancelled);
  EXPECT_EQ(clock::now(), before);
}

// One sleep after the other, of lengths from a nanosecond to twenty days.
task<> walks(almanac& days) {
  const counted frame;
  for (int i = 0; i < 50; ++i) {
    const auto length = clock::duration(std::int64_t{1} << days.below(51));
    if (length > days.end() - clock::now()) break;
    co_await sleeps(days, clock::now() + length);
  }
}

// ----------------------------------------------------------------------------------- everything

// Around the powers of two of each unit, since the start and since that of the clock.
std::vector<clock::time_point> boundaries(const almanac& days) {
  std::vector<clock::time_point> all;
  for (const clock::duration unit :
       {clock::duration(1ns), clock::duration(1us), clock::duration(1ms), clock::duration(1s)}) {
    for (clock::rep power = 1; power < clock::duration::max() / unit / 2; power *= 2) {
      for (const clock::time_point from : {days.start(), clock::time_point()}) {
        if (power * unit >= never - from) continue;
        const clock::time_point at = from + power * unit;
        if (at <= days.start() + 1ns || at >= days.end()) continue;
        all.insert(all.end(), {at - 1ns, at, at + 1ns});
      }
    }
  }
  return all;
}

constexpr int timers_of_each_kind = 10'000;

task<> live(almanac& days) {
  std::vector<join_handle<>> all;
  const auto begin = [&all](task<> what) { all.push_back(spawn(std::move(what))); };
  for (const clock::time_point at : boundaries(days)) {
    begin(sleeps(days, at));
    begin(is_limited(days, at));
    begin(cancels(days, at));
  }
  for (int i = 0; i < timers_of_each_kind; ++i) {
    begin(sleeps(days, days.some_time(days.start())));
    begin(is_limited(days, days.some_time(days.start())));
    begin(is_limited_anew(days, days.some_time(days.start())));
    begin(cancels(days, days.some_time(days.start())));
    if (i % 50 == 0) begin(walks(days));
  }
  begin(sleeps(days, days.end()));
  auto endless = spawn(sleeps_for_ever());
  for (auto& each : all)
    co_await each;
  EXPECT_EQ(clock::now(), days.end());
  EXPECT_FALSE(endless.done());
  endless.cancel();
  const bool was_cancelled = co_await ends_cancelled(endless);
  EXPECT_TRUE(was_cancelled);
}

// The number of workers, and the time at which the days begin.
using setting = std::tuple<std::size_t, clock::time_point>;
class four_hundred_days_test : public leaves_nothing_behind<::testing::TestWithParam<setting>> {};

TEST_P(four_hundred_days_test, every_timer_is_due_at_its_time) {
  const auto [workers, start] = GetParam();
  almanac days(start, 5);
  simulate(live(days), simulation_options().workers(workers).seed(5).start(start));
  days.all_were_noted();
}

constexpr auto two_to_the_36_ms = clock::time_point(std::chrono::milliseconds(1LL << 36U));

std::string setting_name(const ::testing::TestParamInfo<setting>& info) {
  const auto [workers, start] = info.param;
  const std::string from = start == clock::time_point() ? "from_0"
                           : start < two_to_the_36_ms   ? "around_2_to_the_36_ms"
                                                        : "to_the_end_of_time";
  return from + "_on_" + std::to_string(workers);
}

INSTANTIATE_TEST_SUITE_P(clocks, four_hundred_days_test,
                         ::testing::Combine(::testing::Values(1U, 2U, 8U),
                                            ::testing::Values(clock::time_point(),
                                                              two_to_the_36_ms - all_days / 2,
                                                              never - all_days - 1ns)),
                         setting_name);

}  // namespace
}  // namespace magpie::testing
