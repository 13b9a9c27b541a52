#include "magpie/runtime/internal/idle_set.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <thread>
#include <vector>

#include "magpie/runtime/internal/asymmetric_fence.h"

namespace magpie::testing {
namespace idle_set_test {

using idle_set = internal::idle_set<>;

constexpr std::size_t nobody = idle_set::nobody;

class idle_set_test : public ::testing::Test {
 protected:
  // As a runtime does: from now on a push has no locked instruction.
  static void SetUpTestSuite() { internal::asymmetric_fence::prepare(); }

  // Both, which must agree.
  static bool wants_wake(const idle_set& idle) {
    const bool after_push = idle.wants_wake_after_push();
    EXPECT_EQ(idle.wants_wake_after_injection(), after_push);
    return after_push;
  }

  static bool announce(idle_set& idle, std::size_t worker) {
    return idle.announce(worker, false, false).looks_again;
  }
  static bool announce_searching(idle_set& idle, std::size_t worker) {
    return idle.announce(worker, true, false).looks_again;
  }
  static bool announce_doze(idle_set& idle, std::size_t worker) {
    return idle.announce(worker, false, true).dozes;
  }

  // How many may search besides those that do.
  static std::size_t room_for_searchers(idle_set& idle) {
    std::size_t room = 0;
    while (idle.start_searching())
      ++room;
    for (std::size_t i = 0; i < room; ++i)
      idle.stop_searching();
    return room;
  }
};

TEST_F(idle_set_test, nobody_sleeps_at_first) {
  idle_set idle(4);
  EXPECT_EQ(idle.sleeping(), 0U);
  EXPECT_FALSE(wants_wake(idle));
  EXPECT_EQ(idle.claim_sleeper(), nobody);
  EXPECT_FALSE(idle.claim(0));
  EXPECT_FALSE(idle.retract(0));
}

TEST_F(idle_set_test, who_goes_to_sleep_looks_again_unless_another_searches) {
  idle_set idle(4);
  EXPECT_TRUE(announce(idle, 0));
  EXPECT_TRUE(idle.start_searching());
  EXPECT_FALSE(announce(idle, 1));
  EXPECT_TRUE(idle.start_searching());
  // Of two that search, the second to give up looks.
  EXPECT_FALSE(announce_searching(idle, 2));
  EXPECT_TRUE(announce_searching(idle, 3));
  EXPECT_EQ(idle.sleeping(), 4U);
}

// --------------------------------------------------------------------------------------- sleepers

TEST_F(idle_set_test, whoever_sleeps_is_worth_a_wake) {
  idle_set idle(4);
  announce(idle, 2);
  EXPECT_EQ(idle.sleeping(), 1U);
  EXPECT_TRUE(wants_wake(idle));
  announce(idle, 0);
  EXPECT_EQ(idle.sleeping(), 2U);
  EXPECT_TRUE(wants_wake(idle));
}

TEST_F(idle_set_test, the_sleeper_that_came_last_is_claimed_first) {
  idle_set idle(4);
  for (const std::size_t worker : {3U, 0U, 2U, 1U})
    announce(idle, worker);
  for (const std::size_t worker : {1U, 2U, 0U, 3U}) {
    EXPECT_EQ(idle.claim_sleeper(), worker);
    idle.stop_searching();
  }
  EXPECT_EQ(idle.sleeping(), 0U);
  EXPECT_EQ(idle.claim_sleeper(), nobody);
}

TEST_F(idle_set_test, a_claimed_sleeper_searches) {
  idle_set idle(4);
  announce(idle, 0);
  announce(idle, 1);
  EXPECT_EQ(idle.claim_sleeper(), 1U);
  // So nobody else is woken, until it has found something.
  EXPECT_EQ(idle.sleeping(), 1U);
  EXPECT_FALSE(wants_wake(idle));
  EXPECT_EQ(idle.claim_sleeper(), nobody);
  EXPECT_TRUE(idle.stop_searching());
  EXPECT_TRUE(wants_wake(idle));
  EXPECT_EQ(idle.claim_sleeper(), 0U);
}

TEST_F(idle_set_test, one_that_is_given_work_is_claimed_by_its_number) {
  idle_set idle(4);
  for (const std::size_t worker : {0U, 1U, 2U})
    announce(idle, worker);
  EXPECT_FALSE(idle.claim(3));
  EXPECT_TRUE(idle.claim(1));
  EXPECT_FALSE(idle.claim(1));
  EXPECT_EQ(idle.sleeping(), 2U);
  EXPECT_FALSE(wants_wake(idle));
  // Others may be claimed like that while it searches.
  EXPECT_TRUE(idle.claim(0));
  EXPECT_EQ(idle.sleeping(), 1U);
  EXPECT_FALSE(idle.stop_searching());
  EXPECT_TRUE(idle.stop_searching());
  EXPECT_EQ(idle.claim_sleeper(), 2U);
}

TEST_F(idle_set_test, the_order_of_the_others_is_kept) {
  idle_set idle(5);
  for (std::size_t worker = 0; worker < 5; ++worker)
    announce(idle, worker);
  EXPECT_TRUE(idle.claim(3));
  idle.stop_searching();
  EXPECT_TRUE(idle.retract(1));
  for (const std::size_t worker : {4U, 2U, 0U}) {
    EXPECT_EQ(idle.claim_sleeper(), worker);
    idle.stop_searching();
  }
}

TEST_F(idle_set_test, whoever_retracts_sleeps_no_more_and_does_not_search) {
  idle_set idle(2);
  announce(idle, 0);
  EXPECT_TRUE(idle.retract(0));
  EXPECT_EQ(idle.sleeping(), 0U);
  EXPECT_FALSE(wants_wake(idle));
  EXPECT_FALSE(idle.claim(0));
  EXPECT_EQ(idle.claim_sleeper(), nobody);
  EXPECT_EQ(room_for_searchers(idle), 1U);
  // Once.
  EXPECT_FALSE(idle.retract(0));
}

TEST_F(idle_set_test, whoever_has_been_claimed_cannot_retract) {
  idle_set idle(2);
  announce(idle, 0);
  EXPECT_EQ(idle.claim_sleeper(), 0U);
  EXPECT_FALSE(idle.retract(0));
  EXPECT_EQ(room_for_searchers(idle), 0U) << "it searches";
  idle.stop_searching();
  announce(idle, 1);
  EXPECT_TRUE(idle.claim(1));
  EXPECT_FALSE(idle.retract(1));
  EXPECT_EQ(room_for_searchers(idle), 0U) << "it searches";
}

TEST_F(idle_set_test, one_may_sleep_again) {
  idle_set idle(1);
  for (int i = 0; i < 3; ++i) {
    announce(idle, 0);
    EXPECT_EQ(idle.sleeping(), 1U);
    EXPECT_EQ(idle.claim_sleeper(), 0U);
    idle.stop_searching();
    announce(idle, 0);
    EXPECT_TRUE(idle.retract(0));
  }
  EXPECT_EQ(idle.sleeping(), 0U);
}

// As many workers as a runtime may have: the two counts do not run into each other.
TEST_F(idle_set_test, a_thousand_sleep_and_are_all_claimed) {
  constexpr std::size_t workers = 1024;
  idle_set idle(workers);
  for (std::size_t worker = 0; worker < workers; ++worker)
    announce(idle, worker);
  EXPECT_EQ(idle.sleeping(), workers);
  for (std::size_t worker = 0; worker < workers; ++worker)
    EXPECT_TRUE(idle.claim(worker));
  EXPECT_EQ(idle.sleeping(), 0U);
  for (std::size_t worker = 0; worker < workers; ++worker)
    announce_searching(idle, worker);
  EXPECT_EQ(idle.sleeping(), workers);
  EXPECT_EQ(room_for_searchers(idle), workers / 2);
}

// ------------------------------------------------------------------------------------------ dozers

TEST_F(idle_set_test, one_at_a_time_dozes) {
  idle_set idle(4);
  announce(idle, 0);
  EXPECT_FALSE(idle.someone_dozes());
  EXPECT_TRUE(announce_doze(idle, 1));
  EXPECT_TRUE(idle.someone_dozes());
  EXPECT_FALSE(announce_doze(idle, 2));
  EXPECT_EQ(idle.sleeping(), 3U);
  EXPECT_TRUE(idle.retract(2));
  EXPECT_TRUE(idle.someone_dozes());
}

TEST_F(idle_set_test, a_dozer_is_worth_a_wake) {
  idle_set idle(2);
  EXPECT_TRUE(announce_doze(idle, 1));
  EXPECT_TRUE(wants_wake(idle));
  EXPECT_EQ(idle.claim_sleeper(), 1U);
  EXPECT_FALSE(idle.someone_dozes());
  EXPECT_EQ(idle.sleeping(), 0U);
  EXPECT_FALSE(idle.retract(1));
  EXPECT_FALSE(idle.stop_searching());
  EXPECT_TRUE(announce_doze(idle, 0)) << "another may";
  EXPECT_TRUE(idle.claim(0));
  EXPECT_FALSE(idle.someone_dozes());
}

TEST_F(idle_set_test, whoever_has_dozed_searches) {
  idle_set idle(4);
  announce(idle, 0);
  EXPECT_TRUE(announce_doze(idle, 1));
  EXPECT_FALSE(idle.retract(1));
  EXPECT_FALSE(idle.someone_dozes());
  EXPECT_EQ(idle.sleeping(), 1U);
  EXPECT_FALSE(wants_wake(idle)) << "it searches";
  EXPECT_FALSE(idle.retract(1));
  EXPECT_TRUE(idle.stop_searching()) << "and hands over";
}

TEST_F(idle_set_test, a_searcher_may_doze) {
  idle_set idle(2);
  EXPECT_TRUE(idle.start_searching());
  const auto announced = idle.announce(0, true, true);
  EXPECT_TRUE(announced.dozes);
  EXPECT_TRUE(announced.looks_again);
  EXPECT_TRUE(wants_wake(idle));
}

// -------------------------------------------------------------------------------------- searchers

TEST_F(idle_set_test, about_half_of_the_workers_search) {
  // Of one worker, of two, ...
  constexpr std::array<std::size_t, 8> most = {1, 1, 2, 2, 3, 3, 4, 4};
  for (std::size_t i = 0; i < most.size(); ++i) {
    idle_set idle(i + 1);
    EXPECT_EQ(room_for_searchers(idle), most[i]) << i + 1;
    // They have all stopped, so as many may start.
    EXPECT_EQ(room_for_searchers(idle), most[i]) << i + 1;
  }
}

TEST_F(idle_set_test, a_searcher_keeps_others_from_being_woken) {
  idle_set idle(4);
  announce(idle, 0);
  EXPECT_TRUE(idle.start_searching());
  EXPECT_FALSE(wants_wake(idle));
  EXPECT_EQ(idle.claim_sleeper(), nobody);
  EXPECT_EQ(idle.sleeping(), 1U);
  // Unless there is work for that one.
  EXPECT_TRUE(idle.claim(0));
}

TEST_F(idle_set_test, the_last_searcher_wakes_the_next_one) {
  idle_set idle(4);
  announce(idle, 0);
  EXPECT_TRUE(idle.start_searching());
  EXPECT_TRUE(idle.start_searching());
  EXPECT_FALSE(idle.stop_searching());
  EXPECT_TRUE(idle.stop_searching());
}

TEST_F(idle_set_test, the_last_searcher_wakes_nobody_if_nobody_sleeps) {
  idle_set idle(4);
  EXPECT_TRUE(idle.start_searching());
  EXPECT_FALSE(idle.stop_searching());
}

TEST_F(idle_set_test, a_searcher_that_goes_to_sleep_searches_no_more) {
  idle_set idle(4);
  EXPECT_TRUE(idle.start_searching());
  announce_searching(idle, 3);
  EXPECT_EQ(idle.sleeping(), 1U);
  EXPECT_TRUE(wants_wake(idle));
  EXPECT_EQ(idle.claim_sleeper(), 3U);
}

TEST_F(idle_set_test, one_that_did_not_search_goes_to_sleep_and_others_search_on) {
  idle_set idle(4);
  EXPECT_TRUE(idle.start_searching());
  announce(idle, 3);
  EXPECT_FALSE(wants_wake(idle));
  EXPECT_TRUE(idle.stop_searching());
  EXPECT_TRUE(wants_wake(idle));
}

// ---------------------------------------------------------------------------------------- threads

// Workers go to sleep and come back, while others claim them. Each is claimed by one at a time, and
// each that cannot retract has been claimed.
TEST_F(idle_set_test, stampede) {
  constexpr std::size_t workers = 4;
  constexpr int naps = 2'000;
  idle_set idle(workers);
  std::array<std::atomic<int>, workers> tokens{};
  std::atomic<std::size_t> awake = workers;
  std::atomic<int> claims = 0;
  std::atomic<int> claimed = 0;
  std::atomic<bool> one_token_each = true;
  std::vector<std::thread> threads;
  for (std::size_t worker = 0; worker < workers; ++worker) {
    threads.emplace_back([&, worker] {
      for (int i = 0; i < naps; ++i) {
        if (idle.start_searching()) {
          announce_searching(idle, worker);
        } else {
          announce(idle, worker);
        }
        // Sometimes long enough for the others to come.
        if (i % 8 == 0) std::this_thread::yield();
        if (idle.retract(worker)) continue;
        ++claimed;
        while (tokens[worker] == 0)
          std::this_thread::yield();
        if (--tokens[worker] != 0) one_token_each = false;
        idle.stop_searching();
      }
      --awake;
    });
  }
  threads.emplace_back([&] {
    while (awake != 0) {
      const std::size_t worker = idle.claim_sleeper();
      if (worker == nobody) continue;
      ++claims;
      ++tokens[worker];
    }
  });
  threads.emplace_back([&] {
    for (std::size_t worker = 0; awake != 0; worker = (worker + 1) % workers) {
      if (!idle.claim(worker)) continue;
      ++claims;
      ++tokens[worker];
    }
  });
  for (std::thread& thread : threads)
    thread.join();
  EXPECT_TRUE(one_token_each);
  EXPECT_EQ(claims, claimed);
  EXPECT_EQ(idle.sleeping(), 0U);
  EXPECT_EQ(room_for_searchers(idle), workers / 2);
}

}  // namespace idle_set_test
}  // namespace magpie::testing
