#include "magpie/runtime/timeout.h"

#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <stdexcept>
#include <utility>

#include "magpie/runtime/current_task.h"
#include "magpie/runtime/error.h"
#include "magpie/runtime/gather.h"
#include "magpie/runtime/run.h"
#include "magpie/runtime/semaphore.h"
#include "magpie/runtime/sleep.h"
#include "magpie/runtime/spawn.h"
#include "magpie/runtime/testing/simulation.h"
#include "magpie/tests/runtime/disturbances.h"
#include "magpie/tests/runtime/elapsed.h"
#include "magpie/tests/runtime/leftovers.h"
#include "magpie/tests/runtime/naps.h"
#include "magpie/tests/runtime/schedules.h"

namespace magpie::testing {
namespace timeout_test {

using namespace std::chrono_literals;

class timeout_test : public over_workers {};
MAGPIE_OVER_WORKERS(timeout_test);

// How a task ended.
enum class end { value, timeout, cancelled, error };

template <class T>
task<end> end_of(task<T> what) {
  try {
    co_await std::move(what);
  } catch (const timeout_error&) {
    co_return end::timeout;
  } catch (const cancelled&) {
    co_return end::cancelled;
  } catch (const std::exception&) {
    co_return end::error;
  }
  co_return end::value;
}

template <class T>
task<T> limited_to(clock::duration limit, task<T> what) {
  co_return co_await with_timeout(limit, std::move(what));
}

task<int> limited_nap(clock::duration limit, clock::duration length) {
  co_return co_await with_timeout(limit, nap(length, 1));
}

task<> sleeps_until(clock::time_point when) {
  co_await with_timeout_at(clock::time_point::max(), nap(when - clock::now(), 1));
}

TEST_P(timeout_test, ends_at_its_time_and_not_before) {
  auto body = []() -> task<> {
    const end late = co_await end_of(limited_nap(3s, 5s));
    EXPECT_EQ(late, end::timeout);
    EXPECT_EQ(elapsed(), 3s);
    const end early = co_await end_of(limited_nap(3s, 2s));
    EXPECT_EQ(early, end::value);
    EXPECT_EQ(elapsed(), 5s);
    co_await sleep_for(10s);  // The first limit's timer is gone.
    const int value = co_await with_timeout(clock::duration::max(), nap(1s, 9));
    EXPECT_EQ(value, 9);
    const std::optional<int> none = co_await move_on_after(1s, nap(2s, 9));
    EXPECT_FALSE(none.has_value());
    const std::optional<int> some = co_await move_on_at(clock::now() + 2s, nap(1s, 9));
    EXPECT_EQ(some, 9);
    const bool slept = co_await move_on_after(1s, sleeps_until(clock::now() + 5s));
    EXPECT_FALSE(slept);
  };
  in_simulated_orders(GetParam(), body);
}

TEST_P(timeout_test, no_time_at_all_cancels_the_first_suspension) {
  auto counts = [](int& steps) -> task<> {
    ++steps;
    co_await yield();
    ++steps;
  };
  auto body = [&]() -> task<> {
    for (const clock::duration limit :
         {clock::duration(0s), clock::duration(-5s), clock::duration::min()}) {
      int steps = 0;
      const bool ended = co_await move_on_after(limit, counts(steps));
      EXPECT_FALSE(ended);
      EXPECT_EQ(steps, 1);
    }
    auto ready = []() -> task<int> { co_return 4; };
    const int value = co_await with_timeout(0s, ready());
    EXPECT_EQ(value, 4);
  };
  in_many_orders(GetParam(), body);
}

TEST_P(timeout_test, a_value_or_an_error_that_is_there_has_won) {
  auto stubborn = []() -> task<int> {
    try {
      co_await sleep_for(1h);
    } catch (const cancelled&) {
    }
    co_return 5;
  };
  auto fails = []() -> task<int> {
    try {
      co_await sleep_for(1h);
    } catch (const cancelled&) {
    }
    throw std::runtime_error("while it was cancelled");
  };
  auto body = [&]() -> task<> {
    const int value = co_await with_timeout(1s, stubborn());
    EXPECT_EQ(value, 5);
    bool failed = false;
    try {
      co_await with_timeout(1s, fails());
    } catch (const timeout_error&) {
      ADD_FAILURE();
    } catch (const std::runtime_error&) {
      failed = true;
    }
    EXPECT_TRUE(failed);
  };
  in_simulated_orders(GetParam(), body);
}

// ------------------------------------------------------------------------------------ nested

TEST_P(timeout_test, nested_limits_each_tell_their_own) {
  auto outer = [](clock::duration inner_limit, end& inner) -> task<int> {
    inner = co_await end_of(limited_nap(inner_limit, 1h));
    co_return 1;
  };
  auto body = [&]() -> task<> {
    // The inner one is first.
    end inner = end::value;
    const std::optional<int> first = co_await move_on_after(5s, outer(3s, inner));
    EXPECT_EQ(inner, end::timeout);
    EXPECT_TRUE(first.has_value());
    // The outer one is: the inner one passes its cancellation on.
    const std::optional<int> second = co_await move_on_after(3s, outer(5s, inner));
    EXPECT_EQ(inner, end::cancelled);
    EXPECT_TRUE(second.has_value());
    // Both at the same moment: the outer one is told.
    auto passes = []() -> task<int> { co_return co_await with_timeout(3s, nap(1h, 1)); };
    const end both = co_await end_of(limited_to(3s, passes()));
    EXPECT_EQ(both, end::timeout);
  };
  in_simulated_orders(GetParam(), body);
}

task<> joined(join_handle<int>& handle) {
  co_await handle;
}

TEST_P(timeout_test, a_cancelled_caller_goes_first) {
  auto body = []() -> task<> {
    auto handle = spawn(limited_nap(5s, 1h));
    co_await sleep_for(5s);  // In the same moment.
    handle.cancel();
    const end how = co_await end_of(joined(handle));
    EXPECT_NE(how, end::value);
  };
  in_simulated_orders(GetParam(), body);
}

// A limit cancels what it covers, and waits for it.
TEST_P(timeout_test, waits_for_what_it_has_cancelled) {
  auto slow_to_stop = []() -> task<> {
    try {
      co_await sleep_for(1h);
    } catch (const cancelled&) {
    }
    co_await shield(nap(10s, 1));
  };
  auto body = [&]() -> task<> {
    const bool ended = co_await move_on_after(1s, slow_to_stop());
    EXPECT_TRUE(ended);
    EXPECT_EQ(elapsed(), 11s);
  };
  in_simulated_orders(GetParam(), body);
}

// ------------------------------------------------------------------------------------ moved

TEST_P(timeout_test, can_be_moved) {
  auto body = []() -> task<> {
    const int chunks = co_await with_timeout(2s, [](timeout_scope& limit) -> task<int> {
      EXPECT_EQ(limit.when(), clock::time_point(2s));
      for (int i = 0; i < 10; ++i) {
        co_await sleep_for(1s);
        limit.reschedule(clock::now() + 2s);
      }
      co_return 10;
    });
    EXPECT_EQ(chunks, 10);
    EXPECT_EQ(elapsed(), 10s);
    bool expired = false;
    const bool late =
        co_await move_on_after(clock::duration::max(), [&](timeout_scope& limit) -> task<> {
          limit.reschedule(clock::now() + 1s);
          try {
            co_await sleep_for(5s);
          } catch (const cancelled&) {
            expired = limit.expired();
            EXPECT_THROW(limit.reschedule(clock::now() + 5s), usage_error);
            throw;
          }
        });
    EXPECT_FALSE(late);
    EXPECT_TRUE(expired);
    EXPECT_EQ(elapsed(), 11s);
    const bool past = co_await move_on_after(1h, [](timeout_scope& limit) -> task<> {
      limit.reschedule(clock::time_point::min());
      co_await yield();
    });
    EXPECT_FALSE(past);
    const bool never = co_await move_on_after(1s, [](timeout_scope& limit) -> task<> {
      limit.reschedule(clock::time_point::max());
      co_await sleep_for(1h);
    });
    EXPECT_TRUE(never);
  };
  in_simulated_orders(GetParam(), body);
}

// ------------------------------------------------------------------------------------ visible

task<clock::time_point> own_deadline() {
  const task_info self = co_await current_task();
  co_return self.deadline;
}

task<> knows(clock::time_point expected) {
  const clock::time_point own = co_await own_deadline();
  EXPECT_EQ(own, expected);
}

task<> knows_in_depth(clock::time_point expected) {
  co_await gather(knows(expected), knows(expected));
  co_await with_timeout(1h, knows(expected));  // A later limit inside says nothing new.
  co_await shield(knows(clock::time_point::max()));
}

task<> knows_the_inner_one() {
  co_await with_timeout_at(clock::time_point(1s), knows(clock::time_point(1s)));
}

TEST_P(timeout_test, children_know_their_deadline) {
  auto body = []() -> task<> {
    co_await knows(clock::time_point::max());
    co_await with_timeout(5s, knows_in_depth(clock::time_point(5s)));
    co_await with_timeout(5s, knows_the_inner_one());
  };
  in_simulated_orders(GetParam(), body);
}

// A body that makes the task without being one.
TEST_P(timeout_test, can_be_moved_before_the_task_begins) {
  auto body = []() -> task<> {
    const auto later = [](timeout_scope& limit) {
      limit.reschedule(clock::time_point(5s));
      return nap(3s, 1);
    };
    const int value = co_await with_timeout(1s, later);
    EXPECT_EQ(value, 1);
    const auto past = [](timeout_scope& limit) {
      limit.reschedule(clock::time_point::min());
      return nap(3s, 1);
    };
    const std::optional<int> none = co_await move_on_after(1h, past);
    EXPECT_FALSE(none.has_value());
    co_await sleep_for(1h);
  };
  in_simulated_orders(GetParam(), body);
}

TEST_P(timeout_test, a_moved_limit_is_visible) {
  auto body = []() -> task<> {
    co_await with_timeout(5s, [](timeout_scope& limit) -> task<> {
      limit.reschedule(clock::time_point(9s));
      co_await knows(clock::time_point(9s));
      limit.reschedule(clock::time_point::max());
      co_await knows(clock::time_point::max());
    });
  };
  in_simulated_orders(GetParam(), body);
}

// A timer that is left would make the clock jump to it before the simulation says that nothing can
// happen any more.
TEST(timeout_timer_test, none_is_left_behind) {
  simulation world;
  auto body = []() -> task<> {
    co_await with_timeout(3s, nap(1s, 1));
    semaphore never(0);
    const semaphore_permit none = co_await never.acquire();
  };
  EXPECT_THROW(world.run(body()), deadlock);
  EXPECT_EQ(world.now(), clock::time_point(1s));
}

// ------------------------------------------------------------------------------------ disturbed

TEST_P(timeout_test, cancelled_at_every_moment) {
  auto victim = []() -> task<> {
    for (int i = 0; i < 3; ++i) {
      const std::optional<int> value =
          co_await move_on_after(2s, nap(std::chrono::seconds(i + 1), 1));
      EXPECT_TRUE(i == 1 || value.has_value() == (i == 0));
    }
  };
  cancelled_at_every_moment(GetParam(), 3, victim);
}

// On real threads, the limit and the end meet again and again.
TEST_P(timeout_test, a_limit_that_meets_the_end) {
  auto one = []() -> task<> {
    for (int i = 0; i < 50; ++i) {
      const std::optional<int> value = co_await move_on_after(50us, nap(50us, 1));
      EXPECT_TRUE(!value || *value == 1);
    }
  };
  auto body = [&]() -> task<> {
    std::vector<task<>> all;
    for (int i = 0; i < 20; ++i)
      all.push_back(one());
    co_await gather(std::move(all));
  };
  run(body(), options().workers(GetParam()));
}

}  // namespace timeout_test
}  // namespace magpie::testing
