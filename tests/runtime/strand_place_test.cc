#include "magpie/runtime/internal/strand_place.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <deque>
#include <memory>
#include <random>
#include <source_location>
#include <vector>

#include "magpie/runtime/internal/promise.h"
#include "magpie/tests/runtime/leftovers.h"
#include "magpie/tests/runtime/seeds.h"

namespace magpie::testing {
namespace strand_place_test {

using internal::promise_base;
using internal::strand_place;

// Coroutines that never run: here it is only about whose turn it is.
class strand_place_test : public runtime_test {
 protected:
  strand_place_test() {
    for (int i = 0; i < 8; ++i)
      coroutines_.push_back(std::make_unique<promise_base>(std::source_location::current()));
  }

  promise_base& coroutine(std::size_t number) { return *coroutines_[number]; }
  bool enter(std::size_t number) { return strand_->enter(coroutine(number)); }

  std::vector<std::unique_ptr<promise_base>> coroutines_;
  std::shared_ptr<strand_place> strand_ = std::make_shared<strand_place>();
};

TEST_F(strand_place_test, one_at_a_time_and_in_order) {
  EXPECT_TRUE(enter(0));
  EXPECT_FALSE(enter(1));
  EXPECT_FALSE(enter(2));
  EXPECT_EQ(strand_->leave(), &coroutine(1));
  EXPECT_FALSE(enter(3)) << "it is the turn of 1";
  EXPECT_TRUE(enter(1));
  EXPECT_FALSE(enter(0)) << "1 has its turn";
  EXPECT_EQ(strand_->leave(), &coroutine(2));
  EXPECT_TRUE(enter(2));
  EXPECT_EQ(strand_->leave(), &coroutine(3));
  EXPECT_TRUE(enter(3));
  EXPECT_EQ(strand_->leave(), &coroutine(0));
  EXPECT_TRUE(enter(0));
  EXPECT_EQ(strand_->leave(), nullptr);
  EXPECT_TRUE(enter(4));
  EXPECT_EQ(strand_->leave(), nullptr);
}

TEST_F(strand_place_test, keeps_itself_while_somebody_has_a_turn) {
  const std::weak_ptr<strand_place> seen = strand_;
  strand_place& kept = *strand_;
  EXPECT_TRUE(enter(0));
  EXPECT_FALSE(enter(1));
  strand_.reset();
  ASSERT_FALSE(seen.expired());
  EXPECT_EQ(kept.leave(), &coroutine(1));
  ASSERT_FALSE(seen.expired()) << "1 is next";
  EXPECT_TRUE(kept.enter(coroutine(1)));
  EXPECT_EQ(kept.leave(), nullptr);
  EXPECT_TRUE(seen.expired());
}

// A million steps: who comes, who goes, and who begins the turn that it has been given.
TEST_F(strand_place_test, does_what_a_line_of_people_does) {
  std::mt19937_64 random(7);
  std::deque<std::size_t> line;  // In front: whose turn it is.
  bool has_begun = false;
  std::vector<bool> is_here(coroutines_.size(), false);
  for (std::uint64_t step = 0; step < 40 * schedules_wanted(); ++step) {
    const std::size_t who = random() % coroutines_.size();
    if (!is_here[who]) {
      is_here[who] = true;
      line.push_back(who);
      has_begun = has_begun || line.size() == 1;
      ASSERT_EQ(enter(who), line.size() == 1);
    } else if (who == line.front() && !has_begun) {
      has_begun = true;
      ASSERT_TRUE(enter(who));
    } else if (who == line.front()) {
      is_here[who] = false;
      line.pop_front();
      has_begun = false;
      ASSERT_EQ(strand_->leave(), line.empty() ? nullptr : &coroutine(line.front()));
    }
  }
  for (; !line.empty(); has_begun = false) {
    if (!has_begun) {
      ASSERT_TRUE(enter(line.front()));
    }
    line.pop_front();
    ASSERT_EQ(strand_->leave(), line.empty() ? nullptr : &coroutine(line.front()));
  }
}

}  // namespace strand_place_test
}  // namespace magpie::testing
