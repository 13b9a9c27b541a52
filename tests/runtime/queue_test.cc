#include "magpie/runtime/queue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "magpie/runtime/error.h"
#include "magpie/runtime/run.h"
#include "magpie/runtime/sleep.h"
#include "magpie/runtime/spawn.h"
#include "magpie/runtime/testing/cancel_sweep.h"
#include "magpie/runtime/testing/simulation.h"
#include "magpie/tests/runtime/exchange_model.h"
#include "magpie/tests/runtime/leftovers.h"
#include "magpie/tests/runtime/schedules.h"

namespace magpie::testing {
namespace {

using namespace std::chrono_literals;

class queue_test : public over_workers {};
MAGPIE_OVER_WORKERS(queue_test);

using item = std::unique_ptr<int>;

template <class Queue>
task<> put_one(Queue& to, int what, std::vector<int>& log) {
  co_await to.put(what);
  log.push_back(what);
}

template <class Queue>
task<> get_one(Queue& from, std::vector<int>& log) {
  const int got = co_await from.get();
  log.push_back(got);
}

task<> wait_for_all(join_handle<>& handle, bool& shut_down) {
  try {
    co_await handle;
  } catch (const queue_shut_down&) {
    shut_down = true;
  }
}

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

// ------------------------------------------------------------------------------------ all kinds

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

task<> get_all(queue<item>& from, std::vector<int>& got) {
  try {
    for (;;) {
      const item next = co_await from.get();
      got.push_back(*next);
      from.task_done();
    }
  } catch (const queue_shut_down&) {
  }
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
  auto body = [&]() -> task<> {
    bool stop = false;
    auto first = spawn(greedy(stop));
    for (int i = 0; i < 10; ++i)
      co_await yield();
    stop = true;
    co_await first;
  };
  run(body(), options().workers(1));
}

// ------------------------------------------------------------------------------------ cancelled

struct scene {
  explicit scene(std::size_t most) : of(most) {}
  queue<item> of;
  std::vector<int> attempted;
  std::vector<int> arrived;  // Or still with who wanted to put them.
};

task<> put_some(scene& all, int from) {
  for (int i = from; i < from + 3; ++i) {
    item mine = std::make_unique<int>(i);
    all.attempted.push_back(i);
    try {
      co_await all.of.put(std::move(mine));
    } catch (const cancelled&) {
      if (mine != nullptr) all.arrived.push_back(*mine);
      throw;
    }
  }
}

// Shuts the queue down when all that these put has been worked on.
task<> play_scene(scene& all) {
  auto gets = spawn(get_all(all.of, all.arrived));
  auto a = spawn(put_some(all, 0));
  auto b = spawn(put_some(all, 20));
  co_await a;
  co_await b;
  co_await sleep_for(1s);  // The victim has had its chance.
  co_await all.of.join();
  all.of.shutdown();
  co_await gets;
}

TEST_P(queue_test, loses_nothing_when_somebody_is_cancelled_at_any_moment) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    for (const bool cancel_putter : {true, false}) {
      SCOPED_TRACE("seed " + std::to_string(seed) + (cancel_putter ? ", put" : ", get"));
      std::optional<scene> all;
      auto begin = [&](simulation& world) {
        all.emplace(1);
        cast players;
        players.victim = cancel_putter ? world.spawn(put_some(*all, 10))
                                       : world.spawn(get_all(all->of, all->arrived));
        players.others.push_back(world.spawn(play_scene(*all)));
        return players;
      };
      auto check = [&] {
        std::sort(all->attempted.begin(), all->attempted.end());
        std::sort(all->arrived.begin(), all->arrived.end());
        ASSERT_EQ(all->attempted, all->arrived);
      };
      const auto settings = simulation_options().workers(GetParam()).seed(seed);
      EXPECT_GT(cancel_sweep(settings, begin, check), 2U);
    }
  }
}

// ------------------------------------------------------------------------------------ a model

template <class Queue>
task<> put_for_model(Queue& to, int what, std::shared_ptr<exchange_model::outcome> result) {
  co_await to.put(what);
  result->ended = true;
}

template <class Queue>
task<> get_for_model(Queue& from, std::shared_ptr<exchange_model::outcome> result) {
  result->got = co_await from.get();
  result->ended = true;
}

template <class Queue>
void compare_with_lists(std::function<std::size_t(const std::deque<int>&)> next) {
  for (const std::size_t most : {1U, 4U}) {
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
      SCOPED_TRACE("seed " + std::to_string(seed) + ", at most " + std::to_string(most));
      Queue of(most);
      exchange_model model;
      model.capacity = most;
      model.next = next;
      model.put = [&](int what, auto result) { return put_for_model(of, what, result); };
      model.get = [&](auto result) { return get_for_model(of, result); };
      model.try_put = [&](int what) { return of.try_put(what); };
      model.try_get = [&] { return of.try_get(); };
      model.size = [&] { return of.size(); };
      simulate(model.play(seed, 1000), simulation_options().workers(2).seed(seed));
    }
  }
}

TEST(queue_model_test, does_what_lists_do) {
  compare_with_lists<queue<int>>([](const auto&) { return std::size_t{0}; });
  compare_with_lists<lifo_queue<int>>([](const auto& items) { return items.size() - 1; });
  compare_with_lists<priority_queue<int>>([](const auto& items) {
    const auto at = std::min_element(items.begin(), items.end());
    return static_cast<std::size_t>(at - items.begin());
  });
}

}  // namespace
}  // namespace magpie::testing
