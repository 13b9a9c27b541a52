#include "magpie/runtime/internal/timer_queue.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "magpie/runtime/clock.h"
#include "magpie/runtime/internal/context.h"
#include "magpie/runtime/suspension.h"
#include "magpie/tests/runtime/armed.h"
#include "magpie/tests/runtime/leftovers.h"

namespace magpie::testing {
namespace timer_queue_test {

using namespace std::chrono_literals;
using internal::timer_queue;
using internal::wake_timer;
using outcome = suspension::outcome;

constexpr auto never = clock::time_point::max();

clock::time_point at(clock::duration since_start) {
  return clock::time_point(since_start);
}

// A suspension and its timer.
struct waiting {
  waiting(internal::context& scope, clock::time_point deadline)
      : suspended(scope), due(suspended, deadline, outcome::timed_out) {
    suspended.suspend();
  }
  armed suspended;
  wake_timer due;
};

class timer_queue_test : public runtime_test {};

TEST_F(timer_queue_test, empty) {
  timer_queue queue;
  ready_list ready;
  EXPECT_EQ(queue.next_deadline(), never);
  EXPECT_FALSE(queue.fire(at(0s), ready));
  EXPECT_FALSE(queue.fire(never, ready));
  EXPECT_TRUE(ready.empty());
}

TEST_F(timer_queue_test, fires_at_its_deadline_and_not_before) {
  in_context_of_a_task([](internal::context& scope) {
    timer_queue queue;
    waiting one(scope, at(5s));
    queue.insert(one.due);
    EXPECT_EQ(queue.next_deadline(), at(5s));
    ready_list ready;
    EXPECT_FALSE(queue.fire(at(5s - 1ns), ready));
    EXPECT_TRUE(one.suspended.pending());
    EXPECT_TRUE(queue.fire(at(5s), ready));
    EXPECT_FALSE(ready.empty());
    EXPECT_EQ(one.suspended.leave(), outcome::timed_out);
    EXPECT_EQ(queue.next_deadline(), never);
    EXPECT_FALSE(queue.fire(at(6s), ready));
  });
}

TEST_F(timer_queue_test, says_what_the_timer_says) {
  in_context_of_a_task([](internal::context& scope) {
    timer_queue queue;
    armed sleeper(scope);
    wake_timer due(sleeper, at(1s), outcome::completed);
    EXPECT_EQ(due.deadline(), at(1s));
    queue.insert(due);
    ready_list ready;
    EXPECT_TRUE(queue.fire(at(1s), ready));
    EXPECT_EQ(sleeper.leave(), outcome::completed);
  });
}

TEST_F(timer_queue_test, equal_deadlines_fire_in_the_order_of_insertion) {
  in_context_of_a_task([](internal::context& scope) {
    timer_queue queue;
    std::vector<std::unique_ptr<waiting>> all;
    for (int i = 0; i < 100; ++i) {
      all.push_back(std::make_unique<waiting>(scope, at(1s)));
      queue.insert(all.back()->due);
    }
    ready_list ready;
    EXPECT_TRUE(queue.fire(at(1s), ready));
    for (std::size_t i = 0; i + 1 < all.size(); ++i) {
      EXPECT_TRUE(all[i]->suspended.is_followed_by(all[i + 1]->suspended)) << i;
    }
    EXPECT_TRUE(all.back()->suspended.is_followed_by_none());
  });
}

TEST_F(timer_queue_test, what_somebody_else_has_claimed_is_passed_over) {
  in_context_of_a_task([](internal::context& scope) {
    timer_queue queue;
    waiting one(scope, at(1s));
    queue.insert(one.due);
    ASSERT_TRUE(one.suspended.claim(outcome::completed));
    ready_list ready;
    EXPECT_TRUE(queue.fire(at(1s), ready));
    EXPECT_TRUE(ready.empty());
    EXPECT_EQ(one.suspended.leave(), outcome::completed);
  });
}

TEST_F(timer_queue_test, removed_while_due) {
  in_context_of_a_task([](internal::context& scope) {
    timer_queue queue;
    waiting first(scope, at(1s));
    waiting second(scope, at(2s));
    queue.insert(second.due);
    queue.insert(first.due);
    // The deadline has come, but nobody has looked yet.
    queue.remove(first.due);
    EXPECT_EQ(queue.next_deadline(), at(2s));
    ready_list ready;
    EXPECT_TRUE(queue.fire(at(3s), ready));
    EXPECT_TRUE(first.suspended.pending());
    EXPECT_EQ(second.suspended.leave(), outcome::timed_out);
    // Both are gone by now.
    queue.remove(first.due);
    queue.remove(second.due);
    EXPECT_EQ(queue.next_deadline(), never);
  });
}

TEST_F(timer_queue_test, a_timer_at_the_end_of_time_stays) {
  in_context_of_a_task([](internal::context& scope) {
    timer_queue queue;
    waiting endless(scope, never);
    waiting soon(scope, at(1s));
    queue.insert(endless.due);
    EXPECT_EQ(queue.next_deadline(), never);
    queue.insert(soon.due);
    EXPECT_EQ(queue.next_deadline(), at(1s));
    ready_list ready;
    EXPECT_TRUE(queue.fire(never - 1ns, ready));
    EXPECT_TRUE(endless.suspended.pending());
    queue.remove(endless.due);
  });
}

// ------------------------------------------------------------------------- against a reference

// The same operations on a queue and on a std::multimap, which keeps equal keys in their order.
class compared {
 public:
  compared(internal::context& scope, clock::time_point start, std::uint64_t seed)
      : scope_(scope), now_(start), random_(seed) {}

  void operate() {
    const std::uint64_t chosen = below(100);
    if (chosen < (expected_.size() < most ? 50 : 10)) {
      insert();
    } else if (chosen < 90) {
      remove();
    } else {
      fire();
    }
    EXPECT_EQ(queue_.next_deadline(), expected_next());
  }

  void remove_all() {
    while (!expected_.empty())
      remove();
    EXPECT_EQ(queue_.next_deadline(), never);
  }

  std::uint64_t inserted() const { return inserted_; }
  std::uint64_t fired() const { return fired_; }
  std::uint64_t removed() const { return removed_; }

 private:
  static constexpr std::size_t most = 2000;

  std::uint64_t below(std::uint64_t limit) { return random_() % limit; }

  clock::time_point expected_next() const {
    return expected_.empty() ? never : expected_.begin()->first;
  }

  // Mostly in the future, some past, many equal.
  clock::duration some_time() {
    const auto coarse = std::chrono::milliseconds(below(50));
    return below(10) == 0 ? -coarse : coarse * (below(4) == 0 ? 1000 : 1);
  }

  void insert() {
    auto added = std::make_unique<waiting>(scope_, internal::after(now_, some_time()));
    queue_.insert(added->due);
    const clock::time_point deadline = added->due.deadline();
    expected_.emplace(deadline, std::move(added));
    ++inserted_;
  }

  void remove() {
    if (expected_.empty()) return;
    // Any, or the next that is due.
    auto chosen = expected_.begin();
    if (below(2) == 0) {
      const auto from = expected_.lower_bound(internal::after(now_, some_time()));
      if (from != expected_.end()) chosen = from;
    }
    queue_.remove(chosen->second->due);
    EXPECT_EQ(chosen->second->suspended.leave(), outcome::waiting);
    expected_.erase(chosen);
    ++removed_;
  }

  void fire() {
    now_ = internal::after(now_, std::chrono::milliseconds(below(20)));
    ready_list ready;
    const bool any = queue_.fire(now_, ready);
    // What is due at the end of time waits for ever.
    const auto end = expected_.upper_bound(now_);
    EXPECT_EQ(any, end != expected_.begin());
    EXPECT_EQ(ready.empty(), !any);
    for (auto due = expected_.begin(); due != end;) {
      const auto next = std::next(due);
      const armed& fired = due->second->suspended;
      if (next == end) {
        EXPECT_TRUE(fired.is_followed_by_none());
      } else {
        EXPECT_TRUE(fired.is_followed_by(next->second->suspended));
      }
      ++fired_;
      due = next;
    }
    for (auto due = expected_.begin(); due != end; ++due) {
      EXPECT_EQ(due->second->suspended.leave(), outcome::timed_out);
    }
    expected_.erase(expected_.begin(), end);
  }

  internal::context& scope_;
  clock::time_point now_;
  std::mt19937_64 random_;
  timer_queue queue_;
  std::multimap<clock::time_point, std::unique_ptr<waiting>> expected_;
  std::uint64_t inserted_ = 0;
  std::uint64_t fired_ = 0;
  std::uint64_t removed_ = 0;
};

class timer_queue_reference_test
    : public leaves_nothing_behind<::testing::TestWithParam<clock::time_point>> {};

TEST_P(timer_queue_reference_test, does_what_a_multimap_does) {
  in_context_of_a_task([](internal::context& scope) {
    compared both(scope, GetParam(), 42);
    for (int i = 0; i < 250'000 && !::testing::Test::HasFailure(); ++i)
      both.operate();
    EXPECT_GT(both.inserted(), 50'000U);
    EXPECT_GT(both.removed(), 20'000U);
    EXPECT_GT(both.fired(), 5'000U);
    both.remove_all();
  });
}

std::string start_name(const ::testing::TestParamInfo<clock::time_point>& info) {
  constexpr const char* names[] = {"from_0", "from_2_to_the_36_ms", "near_the_end", "near_minus",
                                   "around_0"};
  return names[info.index];
}

INSTANTIATE_TEST_SUITE_P(clocks, timer_queue_reference_test,
                         ::testing::Values(at(0s),
                                           at(std::chrono::milliseconds(1LL << 36U) - 10min),
                                           never - 10min, clock::time_point::min() + 10min,
                                           at(-10min)),
                         start_name);

}  // namespace timer_queue_test
}  // namespace magpie::testing
