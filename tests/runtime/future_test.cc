#include "magpie/runtime/future.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "magpie/runtime/error.h"
#include "magpie/runtime/gather.h"
#include "magpie/runtime/outcome.h"
#include "magpie/runtime/run.h"
#include "magpie/runtime/sleep.h"
#include "magpie/runtime/spawn.h"
#include "magpie/runtime/testing/cancel_sweep.h"
#include "magpie/runtime/testing/simulation.h"
#include "magpie/tests/runtime/ended_with.h"
#include "magpie/tests/runtime/futures.h"
#include "magpie/tests/runtime/leftovers.h"
#include "magpie/tests/runtime/schedules.h"
#include "magpie/tests/runtime/throws_when_moved.h"

namespace magpie::testing {
namespace future_test {

using namespace std::chrono_literals;

class future_test : public over_workers {};
MAGPIE_OVER_WORKERS(future_test);

// ------------------------------------------------------------------------------------ results

TEST_P(future_test, the_value_reaches_all_who_wait_and_all_who_come_later) {
  auto body = []() -> task<> {
    const promise<int> source;
    std::vector<task<int>> readers;
    for (int i = 0; i < 20; ++i)
      readers.push_back(value_of(source.get_future()));
    auto sets = spawn(set_later(source, 7, 3));
    const std::vector<int> got = co_await gather(std::move(readers));
    EXPECT_EQ(got, std::vector<int>(20, 7));
    co_await sets;
    const int late = co_await value_of(source.get_future());
    EXPECT_EQ(late, 7);
  };
  in_many_orders(GetParam(), body);
}

TEST(future_result_test, has_none_before_it_is_set) {
  const promise<std::string> source;
  const future<std::string> result = source.get_future();
  EXPECT_FALSE(result.done());
  EXPECT_FALSE(result.cancelled());
  EXPECT_THROW(result.result(), usage_error);
  EXPECT_THROW(result.exception(), usage_error);
  source.set_value("now");
  EXPECT_TRUE(result.done());
  EXPECT_FALSE(result.cancelled());
  EXPECT_EQ(result.result(), "now");
  EXPECT_EQ(result.exception(), nullptr);
}

TEST(future_result_test, is_set_once) {
  const promise<int> source;
  source.set_value(1);
  EXPECT_THROW(source.set_value(2), usage_error);
  EXPECT_THROW(source.set_exception(std::make_exception_ptr(3)), usage_error);
  EXPECT_FALSE(source.try_set_value(4));
  EXPECT_FALSE(source.try_set_exception(std::make_exception_ptr(5)));
  EXPECT_FALSE(source.cancel());
  EXPECT_EQ(source.get_future().result(), 1);
  const promise<> none;
  EXPECT_THROW(none.set_exception(nullptr), usage_error);
  EXPECT_TRUE(none.try_set_value());
  EXPECT_THROW(none.set_value(), usage_error);
  EXPECT_NO_THROW(none.get_future().result());
}

TEST(future_result_test, an_empty_one_says_so) {
  promise<int> source;
  const promise<int> taken = std::move(source);
  EXPECT_TRUE(taken.valid());
  EXPECT_FALSE(source.valid());                        // NOLINT(bugprone-use-after-move)
  EXPECT_THROW(source.get_future(), usage_error);      // NOLINT(bugprone-use-after-move)
  EXPECT_THROW(source.try_set_value(1), usage_error);  // NOLINT(bugprone-use-after-move)
  EXPECT_THROW(source.cancel(), usage_error);          // NOLINT(bugprone-use-after-move)
  const future<int> empty;
  EXPECT_FALSE(empty.valid());
  EXPECT_THROW(empty.done(), usage_error);
  EXPECT_THROW(empty.result(), usage_error);
  auto body = [&empty]() -> task<> {
    const outcome<int> how = co_await outcome_of(value_of(empty));
    EXPECT_TRUE(ended_with<usage_error>(how));
  };
  simulate(body());
}

TEST_P(future_test, an_error_reaches_all) {
  auto body = []() -> task<> {
    const promise<int> source;
    std::vector<join_handle<outcome<int>>> readers;
    for (int i = 0; i < 5; ++i)
      readers.push_back(spawn(outcome_of(value_of(source.get_future()))));
    co_await yield();
    source.set_exception(std::make_exception_ptr(std::out_of_range("too far")));
    for (join_handle<outcome<int>>& reader : readers) {
      const outcome<int> how = co_await reader;
      EXPECT_TRUE(ended_with<std::out_of_range>(how));
    }
    EXPECT_THROW(source.get_future().result(), std::out_of_range);
    EXPECT_TRUE(is_error<std::out_of_range>(source.get_future().exception()));
    EXPECT_FALSE(source.get_future().cancelled());
  };
  in_many_orders(GetParam(), body);
}

TEST_P(future_test, a_cancelled_promise_is_told_from_a_cancelled_task) {
  auto body = []() -> task<> {
    const promise<int> source;
    const future<int> result = source.get_future();
    auto reads = spawn(outcome_of(value_of(result)));
    co_await yield();
    EXPECT_TRUE(source.cancel());
    const outcome<int> how = co_await reads;
    EXPECT_TRUE(ended_with<cancelled>(how));
    EXPECT_TRUE(result.done());
    EXPECT_TRUE(result.cancelled());
    EXPECT_THROW(result.result(), cancelled);
    EXPECT_THROW(result.exception(), cancelled);
  };
  in_many_orders(GetParam(), body);
}

TEST_P(future_test, a_promise_that_goes_is_told) {
  auto body = []() -> task<> {
    std::optional<promise<int>> source(std::in_place);
    const future<int> result = source->get_future();
    auto reads = spawn(outcome_of(value_of(result)));
    co_await yield();
    source.reset();
    const outcome<int> how = co_await reads;
    EXPECT_TRUE(ended_with<broken_promise>(how));
    EXPECT_THROW(result.result(), broken_promise);
    EXPECT_FALSE(result.cancelled());
  };
  in_many_orders(GetParam(), body);
}

TEST(future_result_test, assigning_to_a_promise_lets_the_old_one_go) {
  promise<int> source;
  const future<int> old = source.get_future();
  source = promise<int>();
  EXPECT_THROW(old.result(), broken_promise);
  EXPECT_FALSE(source.get_future().done());
}

// ------------------------------------------------------------------------------------ values

TEST(future_value_test, is_shared_by_name_and_copied_from_what_is_about_to_go) {
  auto body = []() -> task<> {
    const promise<std::string> source;
    source.set_value("text");
    const future<std::string> one = source.get_future();
    const future<std::string> two = one;
    const std::string& first = co_await one;
    const std::string& second = co_await two;
    EXPECT_EQ(&first, &second);
    const std::string& copy = co_await source.get_future();
    EXPECT_NE(&first, &copy);
    EXPECT_EQ(copy, "text");
  };
  simulate(body());
}

TEST(future_value_test, need_not_be_copied_or_moved) {
  struct fixed {
    explicit fixed(int n) : number(n) {}
    fixed(const fixed&) = delete;
    int number;
  };
  auto body = []() -> task<> {
    const promise<fixed> source;
    source.set_value(5);
    const future<fixed> from = source.get_future();
    const fixed& got = co_await from;
    EXPECT_EQ(got.number, 5);
    const promise<std::unique_ptr<int>> pointer;
    pointer.set_value(std::make_unique<int>(6));
    const future<std::unique_ptr<int>> holder = pointer.get_future();
    const std::unique_ptr<int>& held = co_await holder;
    EXPECT_EQ(*held, 6);
  };
  simulate(body());
}

TEST(future_value_test, one_that_throws_when_it_is_made_leaves_the_promise_as_it_was) {
  int moves = 0;
  {
    const promise<throws_when_moved> source;
    EXPECT_THROW(source.set_value(throws_when_moved(moves, 1)), std::runtime_error);
    EXPECT_FALSE(source.get_future().done());
    source.set_value(throws_when_moved(moves, 0));
    EXPECT_TRUE(source.get_future().done());
  }
  EXPECT_EQ(counted::live(), 0);
}

class nosy {
 public:
  nosy(future<nosy>& from, int& asked) : from_(&from), asked_(&asked) {}
  nosy(nosy&& other) noexcept : from_(other.from_), asked_(std::exchange(other.asked_, nullptr)) {
    EXPECT_FALSE(from_->done());  // No lock is held.
  }
  nosy& operator=(nosy&&) = delete;
  ~nosy() {
    if (asked_ != nullptr) ++*asked_;
  }

 private:
  future<nosy>* from_;
  int* asked_;
};

TEST(future_value_test, may_use_the_future_when_it_is_made_and_lives_as_long_as_anybody_may_look) {
  int gone = 0;
  future<nosy> from;
  {
    const promise<nosy> source;
    from = source.get_future();
    source.set_value(nosy(from, gone));
  }
  EXPECT_EQ(gone, 0);
  from = {};
  EXPECT_EQ(gone, 1);
}

// ------------------------------------------------------------------------------------ waiting

TEST(future_order_test, who_waits_goes_on_in_the_order_of_coming) {
  auto note = [](future<> what, int name, std::vector<int>& order) -> task<> {
    co_await what;
    order.push_back(name);
  };
  auto body = [&]() -> task<> {
    const promise<> source;
    std::vector<int> order;
    std::vector<join_handle<>> handles;
    for (int i = 0; i < 5; ++i) {
      handles.push_back(spawn(note(source.get_future(), i, order)));
      co_await sleep_for(1s);
    }
    source.set_value();
    for (join_handle<>& handle : handles)
      co_await handle;
    EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3, 4}));
  };
  in_simulated_orders(1, body);
}

TEST_P(future_test, cancelling_one_who_waits_leaves_the_others_waiting) {
  auto body = []() -> task<> {
    const promise<int> source;
    auto first = spawn(value_of(source.get_future()));
    auto second = spawn(value_of(source.get_future()));
    co_await sleep_for(1s);
    first.cancel();
    co_await sleep_for(1s);
    EXPECT_TRUE(first.done());
    EXPECT_FALSE(second.done());
    EXPECT_FALSE(source.get_future().done());
    source.set_value(3);
    second.cancel();  // Too late.
    const int got = co_await second;
    EXPECT_EQ(got, 3);
  };
  in_simulated_orders(GetParam(), body);
}

TEST_P(future_test, loses_nobody_when_a_waiter_is_cancelled_at_any_moment) {
  auto waits = [](future<int> from, std::atomic<int>& sum) -> task<> {
    const int got = co_await value_of(std::move(from));
    sum += got;
  };
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    std::optional<promise<int>> source;
    std::atomic<int> sum = 0;
    auto begin = [&](simulation& world) {
      source.emplace();
      sum = 0;
      cast players;
      players.others.push_back(world.spawn(waits(source->get_future(), sum)));
      players.victim = world.spawn(waits(source->get_future(), sum));
      players.others.push_back(world.spawn(waits(source->get_future(), sum)));
      players.others.push_back(world.spawn(set_later(*source, 1, 3)));
      return players;
    };
    auto check = [&sum] {
      ASSERT_EQ(counted::live(), 0);
      ASSERT_GE(sum, 2);
    };
    const auto settings = simulation_options().workers(GetParam()).seed(seed);
    EXPECT_GT(cancel_sweep(settings, begin, check), 2U);
  }
}

TEST(future_fairness_test, what_is_always_there_does_not_starve_others) {
  auto greedy = [](future<> from, const bool& stop) -> task<> {
    while (!stop)
      co_await from;
  };
  auto body = [&]() -> task<> {
    const promise<> source;
    source.set_value();
    bool stop = false;
    auto first = spawn(greedy(source.get_future(), stop));
    for (int i = 0; i < 10; ++i)
      co_await yield();
    stop = true;
    co_await first;
  };
  run(body(), options().workers(1));
}

}  // namespace future_test
}  // namespace magpie::testing
