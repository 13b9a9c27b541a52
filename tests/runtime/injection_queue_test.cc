#include "magpie/runtime/internal/injection_queue.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <thread>
#include <vector>

#include "magpie/tests/runtime/items.h"

namespace magpie::testing {
namespace injection_queue_test {

using item_queue = internal::injection_queue<item>;

TEST(injection_queue_test, smoke) {
  items all(1);
  item_queue queue;
  EXPECT_TRUE(queue.empty());
  queue.push(all[0]);
  EXPECT_FALSE(queue.empty());
  item* taken = queue.take_all();
  EXPECT_EQ(taken, all[0]);
  EXPECT_EQ(taken->next(), nullptr);
  EXPECT_TRUE(queue.empty());
}

TEST(injection_queue_test, empty) {
  item_queue queue;
  EXPECT_EQ(queue.take_all(), nullptr);
  EXPECT_EQ(queue.take_all(), nullptr);
}

TEST(injection_queue_test, oldest_first) {
  items all(100);
  item_queue queue;
  for (int round = 0; round < 3; ++round) {
    for (std::size_t i = 0; i < all.size(); ++i)
      queue.push(all[i]);
    item* taken = queue.take_all();
    for (std::size_t i = 0; i < all.size(); ++i) {
      ASSERT_EQ(taken, all[i]);
      taken = taken->next();
    }
    EXPECT_EQ(taken, nullptr);
  }
}

TEST(injection_queue_test, a_list_is_pushed_at_once) {
  items all(4);
  item_queue queue;
  queue.push(all[0]);
  all[3]->set_next(all[2]);
  all[2]->set_next(all[1]);
  queue.push_reversed(all[3], all[1]);
  item* taken = queue.take_all();
  for (std::size_t i = 0; i < all.size(); ++i) {
    ASSERT_EQ(taken, all[i]);
    taken = taken->next();
  }
  EXPECT_EQ(taken, nullptr);
}

// What each producer pushes comes out in its order, whoever takes it.
TEST(injection_queue_test, stampede) {
  constexpr std::size_t producers = 4;
  constexpr std::size_t each = 50'000;
  items all(producers * each);
  item_queue queue;
  std::atomic<std::size_t> producing{producers};
  std::atomic<bool> intact{true};
  std::atomic<bool> ordered{true};
  std::vector<std::thread> threads;
  for (std::size_t producer = 0; producer < producers; ++producer) {
    threads.emplace_back([&, producer] {
      for (std::size_t i = 0; i < each; ++i)
        queue.push(all.filled(producer * each + i));
      --producing;
    });
  }
  for (int consumer = 0; consumer < 2; ++consumer) {
    threads.emplace_back([&] {
      while (producing != 0 || !queue.empty()) {
        std::vector<std::size_t> last(producers, 0);
        item* next = nullptr;
        for (item* taken = queue.take_all(); taken != nullptr; taken = next) {
          next = taken->next();
          if (!items::take(*taken)) intact = false;
          const std::size_t producer = taken->number / each;
          if (taken->number < last[producer]) ordered = false;
          last[producer] = taken->number;
        }
      }
    });
  }
  for (std::thread& thread : threads)
    thread.join();
  EXPECT_TRUE(intact);
  EXPECT_TRUE(ordered);
  all.expect_each_taken_once();
}

}  // namespace injection_queue_test
}  // namespace magpie::testing
