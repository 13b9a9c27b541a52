// Tasks that keep their worker, and how that is told.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

#include "magpie/runtime/internal/turn_watch.h"
#include "magpie/runtime/run.h"
#include "magpie/runtime/sleep.h"
#include "magpie/runtime/spawn.h"
#include "magpie/tests/runtime/leftovers.h"

namespace magpie::testing {
namespace long_turns_test {

using namespace std::chrono_literals;
using internal::long_turns;

clock::time_point at(clock::duration since_start) {
  return clock::time_point(since_start);
}

TEST(long_turns_judge_test, a_turn_is_told_once_when_it_has_lasted) {
  long_turns judge(1, 100ms);
  EXPECT_FALSE(judge.is_new(0, 1, at(0ms)));
  EXPECT_FALSE(judge.is_new(0, 1, at(99ms)));
  EXPECT_TRUE(judge.is_new(0, 1, at(100ms)));
  EXPECT_FALSE(judge.is_new(0, 1, at(101ms)));
  EXPECT_FALSE(judge.is_new(0, 1, at(1h)));
}

TEST(long_turns_judge_test, each_turn_begins_anew) {
  long_turns judge(1, 100ms);
  EXPECT_FALSE(judge.is_new(0, 1, at(0ms)));
  EXPECT_FALSE(judge.is_new(0, 3, at(100ms)));
  EXPECT_FALSE(judge.is_new(0, 5, at(200ms)));
  EXPECT_TRUE(judge.is_new(0, 5, at(300ms)));
  EXPECT_FALSE(judge.is_new(0, 7, at(400ms)));
  EXPECT_TRUE(judge.is_new(0, 7, at(500ms)));
}

TEST(long_turns_judge_test, a_worker_between_two_turns_keeps_nobody_waiting) {
  long_turns judge(2, 100ms);
  for (int i = 0; i < 10; ++i)
    EXPECT_FALSE(judge.is_new(0, 2, at(i * 100ms)));
  EXPECT_FALSE(judge.is_new(1, 9, at(0ms)));
  EXPECT_FALSE(judge.is_new(0, 9, at(100ms)));
  EXPECT_TRUE(judge.is_new(1, 9, at(100ms)));
}

class long_turns_test : public over_workers {
 protected:
  // With this limit, and what is told.
  template <class Limit>
  options settings(Limit limit) {
    return options()
        .workers(GetParam())
        .report_long_turns(limit)
        .on_report([this](const report& what) {
          const std::lock_guard lock(mutex_);
          told_.push_back(what);
          heard_ = true;
        });
  }

  std::atomic<bool> heard_{false};
  std::mutex mutex_;
  std::vector<report> told_;  // Under mutex_ while the runtime runs.
};
MAGPIE_OVER_WORKERS(long_turns_test);

TEST_P(long_turns_test, names_the_task_while_it_goes_on) {
  auto greedy = [this]() -> task<> {
    while (!heard_) {
    }
    co_return;
  };
  auto body = [&]() -> task<> {
    auto handle = spawn(greedy(), "greedy");
    co_await handle;
  };
  run(body(), settings(1ms));
  ASSERT_GE(told_.size(), 1U);
  std::size_t of_greedy = 0;
  for (const report& each : told_) {
    EXPECT_EQ(each.what, report::kind::long_turn);
    if (each.task_name != "greedy") continue;  // The machine was busy.
    ++of_greedy;
    EXPECT_TRUE(std::string(each.spawned_at.file_name()).ends_with("long_turns_test.cc"));
    EXPECT_NE(each.message.find("for 1 ms or longer"), std::string::npos) << each.message;
  }
  EXPECT_GE(of_greedy, 1U);
}

TEST_P(long_turns_test, says_nothing_of_those_who_give_way) {
  auto body = []() -> task<> {
    for (int i = 0; i < 1000; ++i)
      co_await yield();
  };
  run(body(), settings(1h));
  EXPECT_TRUE(told_.empty());
}

TEST(long_turns_option_test, negative_limits_are_refused) {
  EXPECT_THROW(options().report_long_turns(-1ms), std::invalid_argument);
  EXPECT_EQ(options().reports_long_turns(), std::nullopt);
  EXPECT_EQ(options().report_long_turns().reports_long_turns(), 100ms);
}

}  // namespace long_turns_test
}  // namespace magpie::testing
