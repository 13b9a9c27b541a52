#include "magpie/runtime/internal/ready_queue.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <new>
#include <random>
#include <thread>
#include <vector>

#include "magpie/tests/runtime/allocations.h"
#include "magpie/tests/runtime/items.h"

namespace magpie::testing {
namespace ready_queue_test {

using item_queue = internal::ready_queue<item>;

constexpr std::size_t taken_items = 200'000;

// Parameter: the first index. The last ones wrap while a test runs.
class ready_queue_test : public ::testing::TestWithParam<std::uint64_t> {};

INSTANTIATE_TEST_SUITE_P(from, ready_queue_test,
                         ::testing::Values(std::uint64_t{0}, UINT64_MAX, UINT64_MAX - 5,
                                           std::uint64_t{INT64_MAX} - 2));

TEST_P(ready_queue_test, smoke) {
  items all(2);
  item_queue queue(2, GetParam());
  queue.push(all[0]);
  queue.push(all[1]);
  EXPECT_EQ(queue.size(), 2U);
  EXPECT_EQ(queue.pop(), all[0]);
  EXPECT_EQ(queue.size(), 1U);
  EXPECT_EQ(queue.pop(), all[1]);
  EXPECT_TRUE(queue.empty());
}

TEST_P(ready_queue_test, empty) {
  items all(1);
  item_queue queue(2, GetParam());
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(queue.pop(), nullptr);
    EXPECT_TRUE(queue.empty());
    EXPECT_EQ(queue.size(), 0U);
  }
  queue.push(all[0]);
  EXPECT_EQ(queue.pop(), all[0]);
}

TEST_P(ready_queue_test, growth) {
  items all(1000);
  item_queue queue(1, GetParam());
  std::size_t popped = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    queue.push(all[i]);
    if (i % 3 == 0) {
      EXPECT_EQ(queue.pop(), all[popped++]);
    }
  }
  EXPECT_EQ(queue.size(), all.size() - popped);
  while (popped < all.size())
    EXPECT_EQ(queue.pop(), all[popped++]);
  EXPECT_TRUE(queue.empty());
}

TEST(ready_queue_memory_test, a_ring_that_stays_small_is_used_round_and_round) {
  MAGPIE_NEEDS_COUNTED_ALLOCATIONS();
  items all(4);
  item_queue queue(4);
  const std::ptrdiff_t before = allocations::live();
  for (std::size_t i = 0; i < 100; ++i) {
    for (std::size_t j = 0; j < 4; ++j)
      queue.push(all[j]);
    for (std::size_t j = 0; j < 4; ++j)
      EXPECT_EQ(queue.pop(), all[j]);
  }
  EXPECT_EQ(allocations::live(), before);
}

TEST(ready_queue_memory_test, refused_memory_loses_nothing) {
  MAGPIE_NEEDS_COUNTED_ALLOCATIONS();
  items all(3);
  item_queue queue(2);
  queue.push(all[0]);
  queue.push(all[1]);
  {
    const allocations::limit none(0);
    EXPECT_THROW(queue.push(all[2]), std::bad_alloc);
  }
  EXPECT_EQ(queue.pop(), all[0]);
  queue.push(all[2]);
  EXPECT_EQ(queue.pop(), all[1]);
  EXPECT_EQ(queue.pop(), all[2]);
}

TEST_P(ready_queue_test, one_producer_one_thief) {
  items all(taken_items);
  item_queue queue(2, GetParam());
  bool intact = true;
  bool ordered = true;
  std::thread thief([&] {
    std::size_t next = 0;
    while (next < all.size()) {
      item* taken = queue.pop();
      if (taken == nullptr) continue;
      intact = items::take(*taken) && intact;
      ordered = ordered && taken->number == next;
      ++next;
    }
  });
  for (std::size_t i = 0; i < all.size(); ++i)
    queue.push(all.filled(i));
  thief.join();
  EXPECT_TRUE(intact);
  EXPECT_TRUE(ordered);
  all.expect_each_taken_once();
}

TEST_P(ready_queue_test, stampede) {
  items all(taken_items);
  item_queue queue(2, GetParam());
  std::atomic<bool> done{false};
  std::atomic<bool> intact{true};
  std::atomic<bool> ordered{true};
  std::vector<std::thread> thieves;
  for (int i = 0; i < 4; ++i) {
    thieves.emplace_back([&] {
      std::size_t least = 0;
      while (!done || !queue.empty()) {
        item* taken = queue.pop();
        if (taken == nullptr) continue;
        if (!items::take(*taken)) intact = false;
        // Each sees the items in the order in which they were pushed.
        if (taken->number < least) ordered = false;
        least = taken->number;
      }
    });
  }
  std::mt19937 random(1);  // NOLINT(cert-msc51-cpp): a fixed seed.
  for (std::size_t i = 0; i < all.size();) {
    const std::size_t pushes = random() % 20;
    for (std::size_t j = 0; j < pushes && i < all.size(); ++j)
      queue.push(all.filled(i++));
    const std::size_t pops = random() % 20;
    for (std::size_t j = 0; j < pops; ++j) {
      item* popped = queue.pop();
      if (popped != nullptr && !items::take(*popped)) intact = false;
    }
  }
  done = true;
  for (std::thread& thief : thieves)
    thief.join();
  EXPECT_TRUE(intact);
  EXPECT_TRUE(ordered);
  all.expect_each_taken_once();
}

}  // namespace ready_queue_test
}  // namespace magpie::testing
