#include "magpie/runtime/internal/fifo_items.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <new>
#include <optional>
#include <random>

#include "magpie/tests/runtime/allocations.h"

namespace magpie::testing {
namespace fifo_items_test {

using internal::popped_early;
using items = internal::fifo_items<std::unique_ptr<int>>;

void push(items& to, int from, int count) {
  for (int i = from; i < from + count; ++i)
    to.push(std::make_unique<int>(i));
}

int pop(items& from) {
  std::optional<std::unique_ptr<int>> item;
  return from.pop(item) ? **item : -1;
}

int pop_early(items& from, popped_early expected = popped_early::item) {
  std::optional<std::unique_ptr<int>> item;
  EXPECT_EQ(from.pop_early(item), expected);
  return item ? **item : -1;
}

TEST(fifo_items_test, empty) {
  items some;
  EXPECT_EQ(some.size(), 0U);
  EXPECT_EQ(pop(some), -1);
  EXPECT_EQ(pop_early(some, popped_early::nothing), -1);
  EXPECT_TRUE(some.has_room(1));
  EXPECT_FALSE(some.has_room(0));
}

TEST(fifo_items_test, a_few_stay_at_the_back) {
  items some;
  push(some, 0, 8);
  EXPECT_EQ(pop(some), 0);
  EXPECT_EQ(pop_early(some, popped_early::nothing), -1);
  EXPECT_EQ(pop(some), 1);
}

TEST(fifo_items_test, more_can_be_had_early_and_in_order) {
  items some;
  push(some, 0, 9);
  EXPECT_EQ(pop(some), 0);
  EXPECT_EQ(pop_early(some), 1);
  push(some, 9, 3);
  EXPECT_EQ(some.size(), 10U);
  EXPECT_EQ(pop(some), 2);  // From the front as well.
  for (int i = 3; i < 9; ++i)
    EXPECT_EQ(pop_early(some), i);
  EXPECT_EQ(pop_early(some, popped_early::nothing), -1);
  for (int i = 9; i < 12; ++i)
    EXPECT_EQ(pop(some), i);
  EXPECT_EQ(pop(some), -1);
  EXPECT_EQ(some.size(), 0U);
}

TEST(fifo_items_test, who_makes_room_is_told_once_that_it_is_wanted) {
  items some;
  push(some, 0, 20);
  EXPECT_FALSE(some.has_room(20));
  EXPECT_EQ(pop(some), 0);
  EXPECT_TRUE(some.has_room(20));
  push(some, 20, 1);
  EXPECT_FALSE(some.has_room(20));
  EXPECT_EQ(pop_early(some, popped_early::item_and_room_is_wanted), 1);
  EXPECT_EQ(pop_early(some), 2);
  EXPECT_TRUE(some.has_room(20));
  EXPECT_TRUE(some.has_room(19));
  EXPECT_FALSE(some.has_room(18));
  EXPECT_EQ(pop_early(some, popped_early::item_and_room_is_wanted), 3);
}

TEST(fifo_items_test, swap_takes_all_of_them) {
  items some;
  push(some, 0, 20);
  EXPECT_EQ(pop(some), 0);
  push(some, 20, 1);
  items others;
  others.swap(some);
  EXPECT_EQ(some.size(), 0U);
  EXPECT_EQ(pop(some), -1);
  EXPECT_EQ(pop_early(some, popped_early::nothing), -1);
  EXPECT_EQ(others.size(), 20U);
  EXPECT_EQ(pop_early(others), 1);
  some.swap(others);
  EXPECT_EQ(some.size(), 19U);
  EXPECT_EQ(pop(some), 2);
}

TEST(fifo_items_test, does_what_a_list_does) {
  constexpr std::size_t capacity = 30;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    std::mt19937_64 random(seed);
    items some;
    std::deque<int> list;
    for (int i = 0; i < 5000; ++i) {
      // Now the one is more frequent, now the other.
      const bool grows = random() % 8 < (i % 1000 < 500 ? 5U : 3U);
      if (grows) {
        EXPECT_EQ(some.has_room(capacity), list.size() < capacity);
        if (list.size() == capacity) continue;
        push(some, i, 1);
        list.push_back(i);
      } else {
        std::optional<std::unique_ptr<int>> item;
        if (some.pop_early(item) == popped_early::nothing) some.pop(item);
        EXPECT_EQ(item.has_value(), !list.empty());
        if (!item) continue;
        EXPECT_EQ(**item, list.front());
        list.pop_front();
      }
      EXPECT_EQ(some.size(), list.size());
    }
  }
}

// The back has grown, and has given its memory to the front.
TEST(fifo_items_test, no_memory_is_as_no_room) {
  MAGPIE_NEEDS_COUNTED_ALLOCATIONS();
  internal::fifo_items<int> some;
  for (int i = 0; i < 20; ++i)
    some.push(int{i});
  std::optional<int> item;
  EXPECT_TRUE(some.pop(item));
  const allocations::limit none(0);
  EXPECT_TRUE(some.has_room(20));
  EXPECT_FALSE(some.can_push());
  EXPECT_THROW(some.push(20), std::bad_alloc);
  EXPECT_EQ(some.size(), 19U);
  EXPECT_EQ(some.pop_early(item), popped_early::item_and_room_is_wanted);
  EXPECT_EQ(item, 1);
}

}  // namespace fifo_items_test
}  // namespace magpie::testing
