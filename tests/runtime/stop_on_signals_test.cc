// options::stop_on_signals: what SIGINT and SIGTERM do to run(). The tests send them to themselves.
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <stdexcept>
#include <string>

#include "magpie/runtime/cancel_scope.h"
#include "magpie/runtime/current_task.h"
#include "magpie/runtime/error.h"
#include "magpie/runtime/run.h"
#include "magpie/runtime/sleep.h"
#include "magpie/runtime/spawn.h"
#include "magpie/tests/runtime/leftovers.h"

namespace magpie::testing {
namespace stop_on_signals_test {

using namespace std::chrono_literals;

class stop_on_signals_test : public over_workers {
 protected:
  // A shell lets what runs in its background ignore SIGINT.
  void SetUp() override {
    over_workers::SetUp();
    for (const int signal : {SIGINT, SIGTERM})
      ::signal(signal, SIG_DFL);
  }

  static options settings() { return options().workers(GetParam()).stop_on_signals(); }
};
MAGPIE_OVER_WORKERS(stop_on_signals_test);

bool is_default(int signal) {
  struct sigaction now = {};
  ::sigaction(signal, nullptr, &now);
  return now.sa_handler == SIG_DFL;
}

TEST_P(stop_on_signals_test, the_main_task_is_cancelled) {
  for (const int signal : {SIGINT, SIGTERM}) {
    int told = 0;
    std::string reason;
    auto note = [&reason]() -> task<> {
      const task_info self = co_await current_task();
      reason = self.cancel_reason;
    };
    auto body = [&](int which) -> task<> {
      const counted frame;
      ::raise(which);
      bool asked = false;
      try {
        co_await sleep_for(1h);
      } catch (const cancelled&) {
        asked = true;
      }
      EXPECT_TRUE(asked);
      co_await shield(note());
      throw cancelled();
    };
    try {
      run(body(signal), settings());
    } catch (const interrupted& end) {
      told = end.signal();
    }
    EXPECT_EQ(told, signal);
    EXPECT_EQ(reason, signal == SIGINT ? "SIGINT" : "SIGTERM");
    EXPECT_EQ(counted::live(), 0);
    EXPECT_TRUE(is_default(signal));
  }
}

TEST_P(stop_on_signals_test, a_result_goes_before_the_signal) {
  auto body = []() -> task<int> {
    ::raise(SIGINT);
    try {
      co_await sleep_for(1h);
    } catch (const cancelled&) {
      co_return 7;  // Ended in good order.
    }
    co_return 0;
  };
  EXPECT_EQ(run(body(), settings()), 7);
}

TEST_P(stop_on_signals_test, so_does_an_error) {
  auto body = []() -> task<> {
    ::raise(SIGINT);
    try {
      co_await sleep_for(1h);
    } catch (const cancelled&) {
      throw std::runtime_error("while cleaning up");
    }
  };
  EXPECT_THROW(run(body(), settings()), std::runtime_error);
}

TEST_P(stop_on_signals_test, what_the_main_task_leaves_behind_ends_too) {
  auto left = []() -> task<> {
    const counted frame;
    co_await sleep_for(1h);
  };
  auto body = [&]() -> task<> {
    for (int i = 0; i < 10; ++i)
      spawn(left()).detach();
    ::raise(SIGTERM);
    co_await sleep_for(1h);
  };
  EXPECT_THROW(run(body(), settings()), interrupted);
  EXPECT_EQ(counted::live(), 0);
}

TEST_P(stop_on_signals_test, without_a_signal_nothing_is_different) {
  const auto before = threads_of_process();
  auto body = []() -> task<int> {
    EXPECT_FALSE(is_default(SIGINT));
    co_await yield();
    co_return 3;
  };
  EXPECT_EQ(run(body(), settings()), 3);
  EXPECT_TRUE(is_default(SIGINT));
  auto fails = []() -> task<> {
    co_await yield();
    throw cancelled();
  };
  EXPECT_THROW(run(fails(), settings()), cancelled);
  EXPECT_EQ(threads_of_process(), before);
}

TEST(stop_on_signals_option_test, negative_limits_are_refused) {
  EXPECT_THROW(options().stop_on_signals(-1s), std::invalid_argument);
  EXPECT_EQ(options().stops_on_signals(), std::nullopt);
  EXPECT_EQ(options().stop_on_signals(2s).stops_on_signals(), 2s);
}

// What does not end by itself: in processes of their own, which die.
class stop_on_signals_death_test : public ::testing::Test {
 protected:
  stop_on_signals_death_test() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

task<> keeps_its_worker(int first, int second) {
  ::raise(first);
  if (second != 0) {
    for (;;) {
      const task_info self = co_await current_task();
      if (self.cancelled) break;
      ::usleep(100);
    }
    ::raise(second);
  }
  for (;;)
    ::pause();
}

TEST_F(stop_on_signals_death_test, a_second_signal_ends_the_process) {
  EXPECT_EXIT(run(keeps_its_worker(SIGINT, SIGINT), options().workers(1).stop_on_signals()),
              ::testing::KilledBySignal(SIGINT), "");
  EXPECT_EXIT(run(keeps_its_worker(SIGINT, SIGTERM), options().workers(1).stop_on_signals()),
              ::testing::KilledBySignal(SIGTERM), "");
}

TEST_F(stop_on_signals_death_test, so_does_the_limit_and_says_what_it_waited_for) {
  EXPECT_EXIT(run(keeps_its_worker(SIGTERM, 0),
                  options().workers(1).shutdown_timeout(0s).stop_on_signals(0s)),
              ::testing::KilledBySignal(SIGTERM), "'main'.*has not ended yet.*it runs");
}

task<> leaves_one_behind() {
  spawn(keeps_its_worker(SIGTERM, 0), "left behind").detach();
  co_return;
}

TEST_F(stop_on_signals_death_test, also_when_the_main_task_has_ended) {
  EXPECT_EXIT(
      run(leaves_one_behind(), options().workers(1).shutdown_timeout(0s).stop_on_signals(0s)),
      ::testing::KilledBySignal(SIGTERM), "");
}

}  // namespace stop_on_signals_test
}  // namespace magpie::testing
