#include "magpie/runtime/queue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "magpie/runtime/error.h"
#include "magpie/runtime/run.h"
#include "magpie/runtime/sleep.h"
#include "magpie/runtime/spawn.h"
#include "magpie/runtime/testing/simulation.h"
#include "magpie/tests/runtime/disturbances.h"
#include "magpie/tests/runtime/leftovers.h"
#include "magpie/tests/runtime/queue_users.h"
#include "magpie/tests/runtime/schedules.h"

namespace magpie::testing {
namespace queue_test {

using namespace std::chrono_literals;

class queue_test : public over_workers {};
MAGPIE_OVER_WORKERS(queue_test);

TEST(queue_size_test, says_how_full_it_is) {
  queue<int> two(2);
  EXPECT_EQ(two.max_size(), 2U);
  EXPECT_TRUE(two.empty());
  EXPECT_FALSE(two.full());
  EXPECT_TRUE(two.try_put(1));
  EXPECT_FALSE(two.empty());
  EXPECT_TRUE(two.try_put(2));
  EXPECT_TRUE(two.full());
  EXPECT_FALSE(two.try_put(3));
  EXPECT_EQ(two.size(), 2U);
  EXPECT_EQ(two.try_get(), 1);
  EXPECT_EQ(two.try_get(), 2);
  EXPECT_EQ(two.try_get(), std::nullopt);
  queue<int> any;
  EXPECT_EQ(any.max_size(), 0U);
  for (int i = 0; i < 1000; ++i)
    EXPECT_TRUE(any.try_put(i));
  EXPECT_FALSE(any.full());
}

TEST(queue_order_test, each_discipline_has_its_own) {
  const std::vector<int> in{1, 3, 2};
  auto order = [&](auto& of) {
    std::vector<int> out;
    for (const int i : in)
      EXPECT_TRUE(of.try_put(i));
    while (const std::optional<int> got = of.try_get())
      out.push_back(*got);
    return out;
  };
  queue<int> first;
  lifo_queue<int> last;
  priority_queue<int> smallest;
  priority_queue<int, std::greater<int>> largest;
  EXPECT_EQ(order(first), (std::vector<int>{1, 3, 2}));
  EXPECT_EQ(order(last), (std::vector<int>{2, 3, 1}));
  EXPECT_EQ(order(smallest), (std::vector<int>{1, 2, 3}));
  EXPECT_EQ(order(largest), (std::vector<int>{3, 2, 1}));
}

TEST(queue_order_test, equal_priorities_first_in_first_out) {
  struct by_tens {
    bool operator()(int a, int b) const { return a / 10 < b / 10; }
  };
  priority_queue<int, by_tens> of;
  for (int i = 0; i < 100; ++i)
    EXPECT_TRUE(of.try_put((9 - i % 10) * 10 + i / 10));
  for (int i = 0; i < 100; ++i)
    EXPECT_EQ(of.try_get(), i);
}

// ------------------------------------------------------------------------------------ waiting

TEST(queue_wait_test, get_waits_for_an_item) {
  auto body = []() -> task<> {
    queue<int> of;
    std::vector<int> got;
    auto getter = spawn(get_one(of, got));
    co_await sleep_for(1s);
    EXPECT_TRUE(got.empty());
    EXPECT_TRUE(of.try_put(1));
    EXPECT_TRUE(of.empty());
    co_await getter;
    EXPECT_EQ(got, (std::vector<int>{1}));
  };
  simulate(body());
}

TEST(queue_wait_test, put_waits_for_room) {
  auto body = []() -> task<> {
    queue<int> of(1);
    std::vector<int> put;
    auto first = spawn(put_one(of, 1, put));
    auto second = spawn(put_one(of, 2, put));
    co_await sleep_for(1s);
    EXPECT_EQ(put, (std::vector<int>{1}));
    EXPECT_FALSE(of.try_put(9));
    const int got = co_await of.get();
    EXPECT_EQ(got, 1);
    EXPECT_TRUE(of.full());  // The second has its place at once.
    co_await first;
    co_await second;
    EXPECT_EQ(of.try_get(), 2);
    EXPECT_TRUE(of.empty());
  };
  simulate(body());
}

TEST(queue_wait_test, first_come_first_served) {
  auto body = []() -> task<> {
    queue<int> of(1);
    EXPECT_TRUE(of.try_put(0));
    std::vector<int> put;
    std::vector<int> got;
    std::vector<join_handle<>> all;
    for (int i = 1; i < 5; ++i)
      all.push_back(spawn(put_one(of, i, put)));
    co_await sleep_for(1s);
    for (int i = 0; i < 8; ++i)
      all.push_back(spawn(get_one(of, got)));
    co_await sleep_for(1s);
    for (int i = 5; i < 8; ++i)
      EXPECT_TRUE(of.try_put(i));
    for (auto& handle : all)
      co_await handle;
    EXPECT_EQ(put, (std::vector<int>{1, 2, 3, 4}));
    EXPECT_EQ(got, (std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7}));
  };
  simulate(body());
}

// The front leaves; nobody behind him is forgotten, and nothing of his arrives.
TEST(queue_wait_test, cancelled_waiters_are_passed_over) {
  auto body = []() -> task<> {
    queue<int> of(1);
    std::vector<int> got;
    std::vector<join_handle<>> getters;
    for (int i = 0; i < 4; ++i)
      getters.push_back(spawn(get_one(of, got)));
    co_await sleep_for(1s);
    for (int i = 0; i < 3; ++i)
      getters[i].cancel();
    EXPECT_TRUE(of.try_put(1));  // Before the cancelled have run.
    co_await getters[3];
    EXPECT_EQ(got, (std::vector<int>{1}));

    EXPECT_TRUE(of.try_put(2));
    std::vector<int> put;
    std::vector<join_handle<>> putters;
    for (int i = 3; i < 6; ++i)
      putters.push_back(spawn(put_one(of, i, put)));
    co_await sleep_for(1s);
    putters[0].cancel();
    EXPECT_EQ(of.try_get(), 2);
    putters[1].cancel();  // Too late: it has been put.
    co_await putters[1];
    EXPECT_EQ(of.try_get(), 4);
    EXPECT_EQ(of.try_get(), 5);
    co_await putters[2];
    EXPECT_EQ(put, (std::vector<int>{4, 5}));
    EXPECT_EQ(of.try_get(), std::nullopt);
  };
  simulate(body());
}

// ------------------------------------------------------------------------------------ items

template <class Queue>
class nosy {
 public:
  nosy(Queue& in, int& asked) : in_(&in), asked_(&asked) {}
  nosy(nosy&& other) noexcept : in_(std::exchange(other.in_, nullptr)), asked_(other.asked_) {}
  nosy& operator=(nosy&&) = delete;
  ~nosy() {
    if (in_ == nullptr) return;
    EXPECT_TRUE(in_->empty());
    EXPECT_THROW(in_->try_get(), queue_shut_down);
    ++*asked_;
  }

 private:
  Queue* in_;
  int* asked_;
};
struct nosy_item : nosy<queue<nosy_item>> {
  using nosy::nosy;
};

TEST(queue_item_test, may_use_the_queue_when_it_is_destroyed) {
  int asked = 0;
  {
    queue<nosy_item> of;
    for (int i = 0; i < 3; ++i)
      EXPECT_TRUE(of.try_put(nosy_item(of, asked)));
    of.shutdown(true);
    EXPECT_EQ(asked, 3);
  }
  {
    queue<nosy_item> of;
    EXPECT_TRUE(of.try_put(nosy_item(of, asked)));
  }
  EXPECT_EQ(asked, 4);
}

// ------------------------------------------------------------------------------------ threads

task<> put_range(queue<item>& to, int from, int count) {
  for (int i = from; i < from + count; ++i)
    co_await to.put(std::make_unique<int>(i));
}

TEST_P(queue_test, each_item_arrives_once) {
  auto body = []() -> task<> {
    queue<item> of(3);
    std::vector<std::vector<int>> got(4);
    std::vector<join_handle<>> putters;
    std::vector<join_handle<>> getters;
    for (int i = 0; i < 4; ++i) {
      putters.push_back(spawn(put_range(of, i * 20, 20)));
      getters.push_back(spawn(get_all(of, got[i])));
    }
    for (auto& p : putters)
      co_await p;
    co_await of.join();
    of.shutdown();
    std::vector<int> all;
    for (int i = 0; i < 4; ++i) {
      co_await getters[i];
      all.insert(all.end(), got[i].begin(), got[i].end());
    }
    std::sort(all.begin(), all.end());
    EXPECT_EQ(all.size(), 80U);
    for (int i = 0; i < 80; ++i)
      EXPECT_EQ(all[i], i);
  };
  in_many_orders(GetParam(), body);
}

TEST_P(queue_test, plain_threads_put) {
  runtime world(options().workers(GetParam()));
  queue<item> of;
  std::vector<int> got;
  auto gets = world.spawn(get_all(of, got));
  std::thread other([&] {
    for (int i = 0; i < 2000; ++i)
      EXPECT_TRUE(of.try_put(std::make_unique<int>(i)));
  });
  other.join();
  of.shutdown();
  gets.get();
  EXPECT_EQ(got.size(), 2000U);
  EXPECT_TRUE(std::is_sorted(got.begin(), got.end()));
}

TEST_P(queue_test, tasks_may_be_left_waiting) {
  queue<item> empty;
  queue<item> full(1);
  std::vector<int> got;
  EXPECT_TRUE(full.try_put(std::make_unique<int>(0)));
  auto joins = [](queue<item>& of) -> task<> { co_await of.join(); };
  auto body = [&]() -> task<> {
    spawn(get_all(empty, got)).detach();
    spawn(put_range(full, 0, 1)).detach();
    spawn(joins(full)).detach();
    co_await yield();
  };
  in_many_orders(GetParam(), body);
}

TEST(queue_fairness_test, what_is_always_ready_does_not_starve_others) {
  auto greedy = [](const bool& stop) -> task<> {
    queue<int> of;
    while (!stop) {
      co_await of.put(1);
      co_await of.get();
      of.task_done();
      co_await of.join();
    }
  };
  expect_others_to_run_beside(greedy);
}

}  // namespace queue_test
}  // namespace magpie::testing
