#include "magpie/runtime/internal/keep_policy.h"

#include <gtest/gtest.h>

#include <chrono>

namespace magpie::testing {
namespace keep_policy_test {

using namespace std::chrono_literals;
using internal::keep_policy;

constexpr clock::time_point start{1h};

TEST(keep_policy_test, keeps_one_after_short_turns_and_none_after_long_ones) {
  keep_policy worker;
  EXPECT_EQ(worker.kept(), 0U);
  worker.measure(10, start);
  worker.measure(10, start + 19us);
  EXPECT_EQ(worker.kept(), 1U);
  worker.measure(10, start + 39us);
  EXPECT_EQ(worker.kept(), 0U);
}

TEST(keep_policy_test, does_not_count_sleep) {
  keep_policy worker;
  worker.measure(10, start);
  worker.begin_sleep(start + 5us);
  worker.end_sleep(start + 1s);
  worker.measure(10, start + 1s + 5us);
  EXPECT_EQ(worker.kept(), 1U);
}

TEST(keep_policy_test, leaves_a_task_for_a_millisecond_of_one_turn_whoever_asks) {
  keep_policy worker;
  worker.begin_turn();
  EXPECT_TRUE(worker.keeps_one(worker.turn(), start));
  EXPECT_TRUE(worker.keeps_one(worker.turn(), start + 999us));
  EXPECT_FALSE(worker.keeps_one(worker.turn(), start + 1ms));
  worker.begin_turn();
  EXPECT_TRUE(worker.keeps_one(worker.turn(), start + 2ms));
}

// A thief wakes, runs one task that it has stolen, and sleeps again.
void steal_once(keep_policy& thief, keep_policy& victim, clock::duration busy) {
  thief.end_sleep(start);
  thief.has_stolen(victim, victim.turn());
  thief.begin_turn();
  thief.begin_sleep(start + busy);
}

TEST(keep_policy_test, a_turn_that_makes_short_tasks_keeps_more_and_more) {
  keep_policy thief;
  keep_policy victim;
  for (const unsigned kept : {1U, 3U, 7U, 15U, 31U, 63U, 127U, 255U, 511U, 1023U, 1023U}) {
    steal_once(thief, victim, 1us);
    EXPECT_EQ(victim.kept(), kept);
  }
  steal_once(thief, victim, 2us);
  EXPECT_EQ(victim.kept(), 0U);
}

TEST(keep_policy_test, a_turn_that_is_over_teaches_nothing) {
  keep_policy thief;
  keep_policy victim;
  thief.end_sleep(start);
  thief.has_stolen(victim, victim.turn());
  thief.begin_turn();
  victim.begin_turn();
  thief.begin_sleep(start + 1us);
  EXPECT_EQ(victim.kept(), 0U);
}

}  // namespace keep_policy_test
}  // namespace magpie::testing
