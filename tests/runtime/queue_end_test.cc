// What all queues have besides their items: what is left to do, and their end.
#include <gtest/gtest.h>

#include <chrono>
#include <vector>

#include "magpie/runtime/error.h"
#include "magpie/runtime/queue.h"
#include "magpie/runtime/sleep.h"
#include "magpie/runtime/spawn.h"
#include "magpie/runtime/testing/simulation.h"
#include "magpie/tests/runtime/queue_users.h"

namespace magpie::testing {
namespace queue_end_test {

using namespace std::chrono_literals;

task<> wait_for_all(join_handle<>& handle, bool& shut_down) {
  try {
    co_await handle;
  } catch (const queue_shut_down&) {
    shut_down = true;
  }
}

template <class Queue>
class any_queue_test : public ::testing::Test {};
using kinds = ::testing::Types<queue<int>, lifo_queue<int>, priority_queue<int>>;
TYPED_TEST_SUITE(any_queue_test, kinds);

TYPED_TEST(any_queue_test, task_done_too_often_is_told) {
  TypeParam of;
  EXPECT_THROW(of.task_done(), usage_error);
  EXPECT_TRUE(of.try_put(1));
  of.task_done();
  EXPECT_THROW(of.task_done(), usage_error);
}

template <class Queue>
task<> work(Queue& from, int& sum) {
  for (;;) {
    const int next = co_await from.get();
    co_await sleep_for(1s);
    sum += next;
    from.task_done();
  }
}

template <class Queue>
task<> wait_until_done(Queue& of, int& sum, int expected) {
  co_await of.join();
  EXPECT_EQ(sum, expected);
}

TYPED_TEST(any_queue_test, join_waits_until_all_is_done) {
  auto body = []() -> task<> {
    TypeParam of;
    co_await of.join();  // Nothing to do.
    int sum = 0;
    for (int i = 0; i < 100; ++i)
      EXPECT_TRUE(of.try_put(i));
    auto a = spawn(work(of, sum));
    auto b = spawn(work(of, sum));
    auto also = spawn(wait_until_done(of, sum, 4950));
    co_await wait_until_done(of, sum, 4950);
    co_await also;
    co_await of.put(50);
    co_await wait_until_done(of, sum, 5000);
    of.shutdown();
    bool first = false;
    bool second = false;
    co_await wait_for_all(a, first);
    co_await wait_for_all(b, second);
    EXPECT_TRUE(first && second);
  };
  simulate(body());
}

TYPED_TEST(any_queue_test, shutdown_when_empty) {
  TypeParam of;
  of.shutdown();
  of.shutdown();
  EXPECT_THROW(of.try_put(1), queue_shut_down);
  EXPECT_THROW(of.try_get(), queue_shut_down);
  auto body = [&]() -> task<> {
    std::vector<int> log;
    auto put = spawn(put_one(of, 1, log));
    auto get = spawn(get_one(of, log));
    bool put_refused = false;
    bool get_refused = false;
    co_await wait_for_all(put, put_refused);
    co_await wait_for_all(get, get_refused);
    EXPECT_TRUE(put_refused && get_refused);
    co_await of.join();
  };
  simulate(body());
}

TYPED_TEST(any_queue_test, shutdown_leaves_what_is_in_it) {
  auto body = []() -> task<> {
    TypeParam of(2);
    std::vector<int> log;
    EXPECT_TRUE(of.try_put(1));
    EXPECT_TRUE(of.try_put(1));
    auto waits = spawn(put_one(of, 2, log));
    co_await sleep_for(1s);
    of.shutdown();
    bool refused = false;
    co_await wait_for_all(waits, refused);
    EXPECT_TRUE(refused);
    EXPECT_EQ(of.size(), 2U);
    EXPECT_THROW(of.try_put(3), queue_shut_down);
    const int got = co_await of.get();
    EXPECT_EQ(got, 1);
    EXPECT_EQ(of.try_get(), 1);
    EXPECT_THROW(of.try_get(), queue_shut_down);
    int nothing = 0;
    auto joins = spawn(wait_until_done(of, nothing, 0));
    of.task_done();
    co_await sleep_for(1s);
    EXPECT_FALSE(joins.done());
    of.task_done();
    co_await joins;
    EXPECT_THROW(of.task_done(), usage_error);
  };
  simulate(body());
}

TYPED_TEST(any_queue_test, shutdown_wakes_who_waits_for_items) {
  for (const bool immediately : {false, true}) {
    auto body = [](bool at_once) -> task<> {
      TypeParam of;
      std::vector<int> log;
      std::vector<join_handle<>> getters;
      for (int i = 0; i < 3; ++i)
        getters.push_back(spawn(get_one(of, log)));
      co_await sleep_for(1s);
      of.shutdown(at_once);
      for (auto& getter : getters) {
        bool refused = false;
        co_await wait_for_all(getter, refused);
        EXPECT_TRUE(refused);
      }
    };
    simulate(body(immediately));
  }
}

TYPED_TEST(any_queue_test, immediate_shutdown_drops_and_counts_them_as_done) {
  auto body = []() -> task<> {
    TypeParam of(3);
    std::vector<int> log;
    for (int i = 0; i < 3; ++i)
      EXPECT_TRUE(of.try_put(1));
    auto waits = spawn(put_one(of, 2, log));
    const int got = co_await of.get();  // One is being worked on.
    EXPECT_EQ(got, 1);
    int nothing = 0;
    auto joins = spawn(wait_until_done(of, nothing, 0));
    co_await sleep_for(1s);
    of.shutdown();
    of.shutdown(true);
    EXPECT_TRUE(of.empty());
    EXPECT_THROW(of.try_get(), queue_shut_down);
    co_await sleep_for(1s);
    EXPECT_FALSE(joins.done());
    of.task_done();
    co_await joins;
    EXPECT_THROW(of.task_done(), usage_error);
    bool refused = false;
    co_await wait_for_all(waits, refused);
  };
  simulate(body());
}

TYPED_TEST(any_queue_test, immediate_shutdown_ends_join) {
  auto body = []() -> task<> {
    TypeParam of;
    EXPECT_TRUE(of.try_put(1));
    EXPECT_TRUE(of.try_put(2));
    int nothing = 0;
    auto joins = spawn(wait_until_done(of, nothing, 0));
    co_await sleep_for(1s);
    EXPECT_FALSE(joins.done());
    of.shutdown(true);
    co_await joins;
  };
  simulate(body());
}

}  // namespace queue_end_test
}  // namespace magpie::testing
