// What tasks wait for each other with, under very many schedules (many_schedules.h).
#include <gtest/gtest.h>

#include <array>
#include <cstddef>

#include "magpie/runtime/barrier.h"
#include "magpie/runtime/error.h"
#include "magpie/runtime/event.h"
#include "magpie/runtime/latch.h"
#include "magpie/runtime/task.h"
#include "magpie/tests/runtime/leftovers.h"
#include "magpie/tests/runtime/many_schedules.h"

namespace magpie::testing {
namespace meetings_schedules_test {

// ---------------------------------------------------------------------------------------- event

class event_scene : public scene {
 public:
  using scene::scene;

  task<> act(std::size_t /*who*/) {
    const counted frame;
    for (int i = 0; i < 4; ++i) {
      co_await pause();
      switch (random.below(5)) {
        case 0:
          lamp_.set();
          ++times_set_;
          break;
        case 1:
          lamp_.clear();
          break;
        default:
          co_await wait();
      }
    }
  }

  // Who waits has come since it was last set.
  void at_rest(std::size_t left) const {
    EXPECT_EQ(waiting_.size(), left);
    EXPECT_TRUE(waiting_.all_have_seen(times_set_));
    EXPECT_TRUE(left == 0 || !lamp_.is_set());
  }
  void check() const { EXPECT_EQ(waiting_.size(), 0U); }

 private:
  task<> wait() {
    const std::size_t before = lamp_.is_set() ? times_set_ - 1 : times_set_;
    const waiting_room::seat here(waiting_, times_set_);
    co_await lamp_.wait();
    EXPECT_LT(before, times_set_);
  }

  event lamp_;
  std::size_t times_set_ = 0;
  waiting_room waiting_;
};

TEST(event_schedules_test, everyone_goes_on_when_it_is_set) {
  search_schedules<event_scene>();
}

// ---------------------------------------------------------------------------------------- latch

class latch_scene : public scene {
 public:
  latch_scene(dice& with, std::size_t count) : scene(with, count), door_(count) {}

  // Each player counts once, also one that is cancelled.
  task<> act(std::size_t who) {
    const counted frame;
    bool stopped = false;
    try {
      co_await pause();
    } catch (const cancelled&) {
      stopped = true;
    }
    ++arrived_;
    if (who % 2 == 0) {
      co_await door_.arrive_and_wait();
    } else {
      door_.count_down();
      if (stopped) throw cancelled();
      co_await pause();
      co_await door_.wait();
    }
    EXPECT_EQ(arrived_, players);
  }

  void at_rest(std::size_t left) const {
    EXPECT_EQ(left, 0U);
    EXPECT_TRUE(door_.try_wait());
  }
  void check() const { EXPECT_TRUE(arrived_ == players || !door_.try_wait()); }

 private:
  latch door_;
  std::size_t arrived_ = 0;
};

TEST(latch_schedules_test, opens_when_all_have_counted) {
  search_schedules<latch_scene>();
}

// -------------------------------------------------------------------------------------- barrier

class barrier_scene : public scene {
 public:
  barrier_scene(dice& with, std::size_t count)
      : scene(with, count), parties_(with.below(most) + 1), step_(parties_) {}

  task<> act(std::size_t /*who*/) {
    const counted frame;
    for (int i = 0; i < 4; ++i) {
      co_await pause();
      if (random.one_in(16)) step_.reset();
      try {
        const stay here(waiting_);
        const std::size_t place = co_await step_.wait();
        EXPECT_LT(place, parties_);
        ++passed_[place];
      } catch (const broken_barrier&) {
        ++broken_;
      }
    }
  }

  void at_rest(std::size_t left) const {
    EXPECT_EQ(left, waiting_);
    EXPECT_EQ(step_.n_waiting(), waiting_);
    EXPECT_LT(waiting_, parties_);
  }
  // Those who have passed have done so together, each in a place of its own.
  void check() const {
    for (std::size_t place = 1; place < parties_; ++place)
      EXPECT_EQ(passed_[place], passed_[0]);
    EXPECT_EQ(step_.n_waiting(), 0U);
  }

 private:
  static constexpr std::size_t most = 4;

  const std::size_t parties_;
  barrier step_;
  std::array<int, most> passed_{};
  std::size_t waiting_ = 0;
  int broken_ = 0;
};

TEST(barrier_schedules_test, they_pass_together) {
  search_schedules<barrier_scene>();
}

}  // namespace meetings_schedules_test
}  // namespace magpie::testing
