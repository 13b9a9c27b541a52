#include "magpie/runtime/internal/deque.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <new>
#include <random>
#include <thread>
#include <vector>

#include "magpie/runtime/internal/asymmetric_fence.h"
#include "magpie/tests/runtime/allocations.h"
#include "magpie/tests/runtime/items.h"

namespace magpie::testing {
namespace deque_test {

using item_deque = internal::deque<item>;

constexpr std::size_t stolen_items = 200'000;

// Parameter: the first index. The last ones wrap while a test runs.
class deque_test : public ::testing::TestWithParam<std::uint64_t> {
 protected:
  // As a runtime does: from now on a pop has no locked instruction.
  static void SetUpTestSuite() { internal::asymmetric_fence::prepare(); }
};

INSTANTIATE_TEST_SUITE_P(from, deque_test,
                         ::testing::Values(std::uint64_t{0}, UINT64_MAX, UINT64_MAX - 5,
                                           std::uint64_t{INT64_MAX} - 2));

TEST_P(deque_test, smoke) {
  items all(3);
  item_deque deque(4, GetParam());
  deque.push(all[0]);
  EXPECT_FALSE(deque.empty());
  EXPECT_EQ(deque.pop(), all[0]);
  EXPECT_TRUE(deque.empty());
  deque.push(all[1]);
  EXPECT_EQ(deque.steal(), all[1]);
  EXPECT_TRUE(deque.empty());
}

TEST_P(deque_test, empty) {
  items all(1);
  item_deque deque(2, GetParam());
  for (int i = 0; i < 10; ++i) {
    EXPECT_TRUE(deque.empty());
    EXPECT_EQ(deque.pop(), nullptr);
    EXPECT_EQ(deque.steal(), nullptr);
  }
  // It works as before.
  deque.push(all[0]);
  EXPECT_EQ(deque.pop(), all[0]);
  EXPECT_EQ(deque.pop(), nullptr);
}

TEST_P(deque_test, several_at_once_if_there_is_room) {
  items all(8);
  item_deque deque(4, GetParam());
  const auto from = [&](std::size_t first) {
    return [&all, first](std::uint64_t i) { return all[first + i]; };
  };
  EXPECT_TRUE(deque.try_push_all(0, from(0)));
  EXPECT_TRUE(deque.empty());
  EXPECT_TRUE(deque.try_push_all(3, from(0)));
  bool asked = false;
  EXPECT_FALSE(deque.try_push_all(2, [&](std::uint64_t) {
    asked = true;
    return all[3];
  }));
  EXPECT_FALSE(asked);
  EXPECT_TRUE(deque.try_push_all(1, from(3)));
  EXPECT_FALSE(deque.try_push(all[4]));
  EXPECT_EQ(deque.steal(), all[0]);
  EXPECT_EQ(deque.pop(), all[3]);
  // Grows, and then there is room for more at once.
  for (std::size_t i = 3; i < 6; ++i)
    deque.push(all[i]);
  EXPECT_TRUE(deque.try_push_all(2, from(6)));
  for (std::size_t i = 7; i >= 1; --i)
    EXPECT_EQ(deque.pop(), all[i]);
  EXPECT_EQ(deque.pop(), nullptr);
}

TEST_P(deque_test, the_owner_gets_the_newest_and_a_thief_the_oldest) {
  items all(6);
  item_deque deque(8, GetParam());
  for (std::size_t i = 0; i < all.size(); ++i)
    deque.push(all[i]);
  EXPECT_EQ(deque.pop(), all[5]);
  EXPECT_EQ(deque.steal(), all[0]);
  EXPECT_EQ(deque.pop(), all[4]);
  EXPECT_EQ(deque.steal(), all[1]);
  EXPECT_EQ(deque.steal(), all[2]);
  EXPECT_EQ(deque.pop(), all[3]);
  EXPECT_EQ(deque.pop(), nullptr);
  EXPECT_EQ(deque.steal(), nullptr);
}

TEST_P(deque_test, growth) {
  items all(1000);
  item_deque deque(2, GetParam());
  for (std::size_t i = 0; i < all.size(); ++i)
    deque.push(all[i]);
  for (std::size_t i = 0; i < 300; ++i)
    EXPECT_EQ(deque.steal(), all[i]);
  for (std::size_t i = all.size(); i-- > 300;)
    EXPECT_EQ(deque.pop(), all[i]);
  EXPECT_TRUE(deque.empty());
}

TEST(deque_memory_test, a_ring_that_stays_small_is_used_round_and_round) {
  MAGPIE_NEEDS_COUNTED_ALLOCATIONS();
  items all(4);
  item_deque deque(4);
  const std::ptrdiff_t before = allocations::live();
  for (std::size_t i = 0; i < 100; ++i) {
    for (std::size_t j = 0; j < 4; ++j)
      deque.push(all[j]);
    EXPECT_EQ(deque.steal(), all[0]);
    EXPECT_EQ(deque.pop(), all[3]);
    EXPECT_EQ(deque.steal(), all[1]);
    EXPECT_EQ(deque.pop(), all[2]);
  }
  EXPECT_EQ(allocations::live(), before);
}

TEST(deque_memory_test, refused_memory_loses_nothing) {
  MAGPIE_NEEDS_COUNTED_ALLOCATIONS();
  items all(3);
  item_deque deque(2);
  deque.push(all[0]);
  deque.push(all[1]);
  {
    const allocations::limit none(0);
    EXPECT_THROW(deque.push(all[2]), std::bad_alloc);
  }
  EXPECT_EQ(deque.steal(), all[0]);
  deque.push(all[2]);
  EXPECT_EQ(deque.pop(), all[2]);
  EXPECT_EQ(deque.pop(), all[1]);
}

TEST_P(deque_test, one_producer_one_thief) {
  items all(stolen_items);
  item_deque deque(2, GetParam());
  bool intact = true;
  bool ordered = true;
  std::thread thief([&] {
    std::size_t next = 0;
    while (next < all.size()) {
      item* stolen = deque.steal();
      if (stolen == nullptr) continue;
      intact = items::take(*stolen) && intact;
      ordered = ordered && stolen->number == next;
      ++next;
    }
  });
  for (std::size_t i = 0; i < all.size(); ++i)
    deque.push(all.filled(i));
  thief.join();
  EXPECT_TRUE(intact);
  EXPECT_TRUE(ordered);
  EXPECT_TRUE(deque.empty());
  all.expect_each_taken_once();
}

// The owner and a thief meet at the last item over and over.
TEST_P(deque_test, fight_for_the_last) {
  items all(stolen_items / 4);
  item_deque deque(2, GetParam());
  std::atomic<bool> done{false};
  std::atomic<bool> intact{true};
  std::thread thief([&] {
    while (!done || !deque.empty()) {
      item* stolen = deque.steal();
      if (stolen != nullptr && !items::take(*stolen)) intact = false;
    }
  });
  for (std::size_t i = 0; i < all.size(); ++i) {
    deque.push(all.filled(i));
    item* popped = deque.pop();
    if (popped != nullptr && !items::take(*popped)) intact = false;
  }
  done = true;
  thief.join();
  EXPECT_TRUE(intact);
  all.expect_each_taken_once();
}

// The owner pushes and pops as it likes, thieves steal: nothing is lost, nothing comes twice.
TEST_P(deque_test, stampede) {
  items all(stolen_items);
  item_deque deque(2, GetParam());
  std::atomic<bool> done{false};
  std::atomic<bool> intact{true};
  std::vector<std::thread> thieves;
  for (int i = 0; i < 4; ++i) {
    thieves.emplace_back([&] {
      while (!done || !deque.empty()) {
        item* stolen = deque.steal();
        if (stolen != nullptr && !items::take(*stolen)) intact = false;
      }
    });
  }
  std::mt19937 random(1);  // NOLINT(cert-msc51-cpp): a fixed seed.
  for (std::size_t i = 0; i < all.size();) {
    const std::size_t pushes = random() % 20;
    for (std::size_t j = 0; j < pushes && i < all.size(); ++j)
      deque.push(all.filled(i++));
    const std::size_t pops = random() % 20;
    for (std::size_t j = 0; j < pops; ++j) {
      item* popped = deque.pop();
      if (popped != nullptr && !items::take(*popped)) intact = false;
    }
  }
  done = true;
  for (std::thread& thief : thieves)
    thief.join();
  EXPECT_TRUE(intact);
  all.expect_each_taken_once();
}

}  // namespace deque_test
}  // namespace magpie::testing
