#include "magpie/runtime/std_future.h"

#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include "magpie/runtime/error.h"
#include "magpie/runtime/gather.h"
#include "magpie/runtime/outcome.h"
#include "magpie/runtime/run.h"
#include "magpie/runtime/sleep.h"
#include "magpie/runtime/spawn.h"
#include "magpie/tests/runtime/ended_with.h"
#include "magpie/tests/runtime/leftovers.h"
#include "magpie/tests/runtime/spawned.h"

namespace magpie::testing {
namespace std_future_test {

class std_future_test : public over_workers {};
MAGPIE_OVER_WORKERS(std_future_test);

// ------------------------------------------------------------------------------------ from tasks

TEST_P(std_future_test, has_what_the_task_gives) {
  auto refers = [](int& to) -> task<int&> {
    co_await yield();
    co_return to;
  };
  auto moves = []() -> task<std::unique_ptr<int>> { co_return std::make_unique<int>(4); };
  runtime world(options().workers(GetParam()));
  EXPECT_EQ(to_std_future(world, number(3)).get(), 3);
  to_std_future(world, nothing()).get();
  int here = 0;
  EXPECT_EQ(&to_std_future(world, refers(here)).get(), &here);
  EXPECT_EQ(*to_std_future(world, moves()).get(), 4);
  EXPECT_THROW(to_std_future(world, fail("broken")).get(), std::runtime_error);
  EXPECT_THROW(to_std_future(world, task<int>()), usage_error);
}

// What the task used is gone when the thread goes on.
TEST_P(std_future_test, is_set_when_the_task_is_gone) {
  runtime world(options().workers(GetParam()));
  for (int i = 0; i < 200; ++i) {
    to_std_future(world, nothing()).get();
    ASSERT_EQ(counted::live(), 0);
    EXPECT_THROW(to_std_future(world, fail("broken")).get(), std::runtime_error);
    ASSERT_EQ(counted::live(), 0);
  }
}

TEST_P(std_future_test, tells_that_the_runtime_has_ended) {
  bool was_cancelled = false;
  std::optional<runtime> world(std::in_place, options().workers(GetParam()));
  std::future<void> never = to_std_future(*world, sleep_long(was_cancelled));
  world->shutdown();
  EXPECT_THROW(to_std_future(*world, nothing()), stopped);
  world.reset();
  EXPECT_TRUE(was_cancelled);
  EXPECT_THROW(never.get(), cancelled);
}

TEST_P(std_future_test, may_be_dropped) {
  runtime world(options().workers(GetParam()));
  for (int i = 0; i < 100; ++i)
    to_std_future(world, number(i));
}

// ------------------------------------------------------------------------------------ to tasks

TEST_P(std_future_test, is_awaited) {
  auto body = []() -> task<> {
    std::promise<int> set;
    set.set_value(1);
    const int ready = co_await from_std_future(set.get_future());
    EXPECT_EQ(ready, 1);
    std::promise<std::unique_ptr<int>> later;
    std::thread sets([&later] { later.set_value(std::make_unique<int>(2)); });
    const std::unique_ptr<int> got = co_await from_std_future(later.get_future());
    EXPECT_EQ(*got, 2);
    sets.join();
    const int lazy = co_await from_std_future(std::async(std::launch::deferred, [] { return 3; }));
    EXPECT_EQ(lazy, 3);
    std::promise<void> none;
    none.set_value();
    co_await from_std_future(none.get_future());
  };
  runtime world(options().workers(GetParam()));
  for (int i = 0; i < 20; ++i)
    world.run(body());
}

TEST_P(std_future_test, many_may_await_a_shared_one) {
  auto body = []() -> task<> {
    std::promise<int> source;
    const std::shared_future<int> shared = source.get_future().share();
    std::vector<task<int>> readers;
    for (int i = 0; i < 10; ++i)
      readers.push_back(from_std_future(shared));
    std::thread sets([&source] { source.set_value(5); });
    const std::vector<int> got = co_await gather(std::move(readers));
    EXPECT_EQ(got, std::vector<int>(10, 5));
    sets.join();
  };
  run(body(), options().workers(GetParam()));
}

TEST_P(std_future_test, errors_are_thrown) {
  auto body = []() -> task<> {
    std::promise<int> source;
    source.set_exception(std::make_exception_ptr(std::out_of_range("too far")));
    const outcome<int> thrown = co_await outcome_of(from_std_future(source.get_future()));
    EXPECT_TRUE(ended_with<std::out_of_range>(thrown));
    std::future<int> broken = std::promise<int>().get_future();
    const outcome<int> gone = co_await outcome_of(from_std_future(std::move(broken)));
    EXPECT_TRUE(ended_with<std::future_error>(gone));
    const outcome<int> empty = co_await outcome_of(from_std_future(std::future<int>()));
    EXPECT_TRUE(ended_with<usage_error>(empty));
  };
  run(body(), options().workers(GetParam()));
}

// The wait cannot be ended; the future is used until it is ready, and then has won.
TEST_P(std_future_test, a_wait_that_has_begun_goes_on_to_its_end) {
  runtime world(options().workers(GetParam()));
  std::promise<void> asked;
  std::promise<void> cancelled_meanwhile;
  std::future<int> slow = std::async(std::launch::deferred, [&] {
    asked.set_value();
    cancelled_meanwhile.get_future().wait();
    return 6;
  });
  auto handle = world.spawn(from_std_future(std::move(slow)));
  asked.get_future().wait();
  handle.cancel();
  EXPECT_FALSE(handle.done());
  cancelled_meanwhile.set_value();
  EXPECT_EQ(handle.get(), 6);
}

}  // namespace std_future_test
}  // namespace magpie::testing
