// Signals of this very process: SIGUSR1, SIGUSR2, SIGINT and SIGTERM, sent by the tests.
#include "magpie/runtime/signals.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <new>

#include "magpie/runtime/error.h"
#include "magpie/runtime/event.h"
#include "magpie/runtime/run.h"
#include "magpie/runtime/select.h"
#include "magpie/runtime/sleep.h"
#include "magpie/runtime/spawn.h"
#include "magpie/tests/runtime/allocations.h"
#include "magpie/tests/runtime/leftovers.h"

namespace magpie::testing {
namespace signals_test {

using namespace std::chrono_literals;

class signals_test : public over_workers {};
MAGPIE_OVER_WORKERS(signals_test);

using handler = void (*)(int);

handler installed(int signal) {
  struct sigaction now = {};
  ::sigaction(signal, nullptr, &now);
  return now.sa_handler;
}

TEST_P(signals_test, arrive_at_a_task) {
  auto body = []() -> task<> {
    signals two({SIGUSR1, SIGUSR2});
    ::raise(SIGUSR1);
    const int first = co_await two.next();
    EXPECT_EQ(first, SIGUSR1);
    ::raise(SIGUSR2);
    const int second = co_await two.next();
    EXPECT_EQ(second, SIGUSR2);
  };
  run(body(), options().workers(GetParam()));
}

TEST_P(signals_test, wake_a_task_that_waits) {
  auto body = []() -> task<> {
    signals one({SIGUSR1});
    auto waits = spawn([](signals& from) -> task<int> { co_return co_await from.next(); }(one));
    for (int i = 0; i < 10; ++i)
      co_await yield();
    ::raise(SIGUSR1);
    const int got = co_await waits;
    EXPECT_EQ(got, SIGUSR1);
  };
  run(body(), options().workers(GetParam()));
}

TEST_P(signals_test, everybody_who_wants_it_is_told) {
  auto body = []() -> task<> {
    signals first({SIGUSR1});
    signals second({SIGUSR1, SIGUSR2});
    ::raise(SIGUSR1);
    const int one = co_await first.next();
    const int other = co_await second.next();
    EXPECT_EQ(one, SIGUSR1);
    EXPECT_EQ(other, SIGUSR1);
  };
  run(body(), options().workers(GetParam()));
}

TEST_P(signals_test, stand_in_a_select) {
  auto body = []() -> task<> {
    signals one({SIGUSR1});
    event never;
    ::raise(SIGUSR1);
    const auto got = co_await select(never.wait(), one.next());
    EXPECT_EQ(got.index(), 1U);
  };
  run(body(), options().workers(GetParam()));
}

TEST_P(signals_test, a_cancelled_wait_loses_none) {
  auto body = []() -> task<> {
    signals one({SIGUSR1});
    auto waits = spawn([](signals& from) -> task<> { co_await from.next(); }(one));
    co_await yield();
    waits.cancel();
    bool ended = false;
    try {
      co_await waits;
    } catch (const cancelled&) {
      ended = true;
    }
    EXPECT_TRUE(ended);
    ::raise(SIGUSR1);
    const int got = co_await one.next();
    EXPECT_EQ(got, SIGUSR1);
  };
  run(body(), options().workers(GetParam()));
}

void of_the_program(int /*signal*/) {}

TEST(signals_handler_test, what_was_installed_before_is_put_back) {
  struct sigaction own = {};
  own.sa_handler = &of_the_program;
  struct sigaction before = {};
  ::sigaction(SIGUSR1, &own, &before);
  {
    const signals outer({SIGUSR1});
    EXPECT_NE(installed(SIGUSR1), &of_the_program);
    {
      const signals inner({SIGUSR1, SIGUSR2});
      EXPECT_NE(installed(SIGUSR2), SIG_DFL);
    }
    EXPECT_EQ(installed(SIGUSR2), SIG_DFL);
    EXPECT_NE(installed(SIGUSR1), &of_the_program);
  }
  EXPECT_EQ(installed(SIGUSR1), &of_the_program);
  ::sigaction(SIGUSR1, &before, nullptr);
}

TEST(signals_handler_test, the_thread_goes_with_the_last) {
  const auto before = threads_of_process();
  {
    const signals one({SIGUSR1});
    const signals other({SIGUSR2});
    EXPECT_EQ(threads_of_process(), before + 1);
  }
  EXPECT_EQ(threads_of_process(), before);
}

TEST(signals_error_test, what_cannot_be_caught_is_refused) {
  const auto before = threads_of_process();
  EXPECT_THROW(signals({SIGKILL}), usage_error);
  EXPECT_THROW(signals({0}), usage_error);
  EXPECT_THROW(signals({100'000}), usage_error);
  EXPECT_THROW(signals({SIGUSR1, -1}), usage_error);
  EXPECT_EQ(installed(SIGUSR1), SIG_DFL);
  EXPECT_EQ(threads_of_process(), before);
}

TEST(signals_error_test, without_memory_nothing_has_changed) {
  MAGPIE_NEEDS_COUNTED_ALLOCATIONS();
  int refused = 0;
  for (std::size_t blocks = 0; blocks < 10; ++blocks) {
    try {
      const allocations::limit some(blocks);
      const signals one({SIGUSR1});
    } catch (const std::bad_alloc&) {
      ++refused;
    }
    sigset_t blocked;
    ::pthread_sigmask(SIG_SETMASK, nullptr, &blocked);
    EXPECT_FALSE(::sigismember(&blocked, SIGINT));
    EXPECT_EQ(installed(SIGUSR1), SIG_DFL);
  }
  EXPECT_GE(refused, 2);
}

[[noreturn]] void exit_while_listening() {
  const signals one({SIGUSR1});
  std::exit(3);
}

TEST(signals_death_test, a_program_may_exit_meanwhile) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(exit_while_listening(), ::testing::ExitedWithCode(3), "");
}

}  // namespace signals_test
}  // namespace magpie::testing
