// What a join_handle tells besides the outcome: callbacks at the end, reasons of cancellations.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "magpie/runtime/current_task.h"
#include "magpie/runtime/error.h"
#include "magpie/runtime/run.h"
#include "magpie/runtime/sleep.h"
#include "magpie/runtime/spawn.h"
#include "magpie/runtime/testing/simulation.h"
#include "magpie/tests/runtime/ends_cancelled.h"
#include "magpie/tests/runtime/leftovers.h"
#include "magpie/tests/runtime/schedules.h"

namespace magpie::testing {
namespace end_callback_test {

using namespace std::chrono_literals;

class end_callback_test : public over_workers {};
MAGPIE_OVER_WORKERS(end_callback_test);

task<int> nap(clock::duration length) {
  co_await sleep_for(length);
  co_return 1;
}

TEST_P(end_callback_test, in_order_and_once_before_the_waiter_goes_on) {
  auto body = []() -> task<> {
    std::vector<int> order;
    auto handle = spawn(nap(1s));
    for (int i = 0; i < 3; ++i)
      handle.on_end([&order, i] { order.push_back(i); });
    EXPECT_TRUE(order.empty());
    co_await handle;
    EXPECT_EQ(order, (std::vector<int>{0, 1, 2}));
    handle.on_end([&order] { order.push_back(3); });  // At once.
    EXPECT_EQ(order.size(), 4U);
    EXPECT_THROW(handle.on_end([] { throw std::runtime_error("here"); }), std::runtime_error);
    join_handle<int> empty;
    EXPECT_THROW(empty.on_end([] {}), usage_error);
  };
  in_simulated_orders(GetParam(), body);
}

// The handle is gone; what the callback owns is destroyed.
TEST_P(end_callback_test, outlives_the_handle) {
  auto body = []() -> task<> {
    auto called = std::make_shared<int>(0);
    {
      auto handle = spawn(nap(1s));
      handle.on_end([called, only = std::make_unique<counted>()] { ++*called; });
      handle.cancel();
    }
    co_await sleep_for(2s);
    EXPECT_EQ(*called, 1);
    EXPECT_EQ(called.use_count(), 1);
  };
  in_simulated_orders(GetParam(), body);
}

TEST_P(end_callback_test, a_failure_is_reported_and_stops_nobody) {
  auto body = [](int& called) -> task<> {
    auto handle = spawn(nap(1s), "watched");
    handle.on_end([] { throw std::runtime_error("in the callback"); });
    handle.on_end([] { throw 5; });
    handle.on_end([&called] { ++called; });
    co_await handle;
  };
  int called = 0;
  std::vector<std::string> said;
  simulate(body(called), simulation_options().workers(GetParam()).on_report([&](const report& r) {
    EXPECT_EQ(r.what, report::kind::failed_callback);
    EXPECT_EQ(r.task_name, "watched");
    said.push_back(r.message);
  }));
  EXPECT_EQ(called, 1);
  EXPECT_EQ(said, (std::vector<std::string>{
                      "a callback given to on_end() has failed: in the callback",
                      "a callback given to on_end() has failed: an exception that is no "
                      "std::exception"}));
}

// Each is called exactly once, however the end and the callback meet.
TEST_P(end_callback_test, against_the_end) {
  runtime world(options().workers(GetParam()));
  auto yields = [](int times) -> task<> {
    for (int i = 0; i < times; ++i)
      co_await yield();
  };
  std::atomic<int> called{0};
  for (int i = 0; i < 1000; ++i) {
    auto handle = world.spawn(yields(i % 5));
    handle.on_end([&called] { ++called; });
    handle.on_end([&called] { ++called; });
    handle.detach();
  }
  world.shutdown();
  EXPECT_EQ(called, 2000);
}

// A thread in get() finds them called.
TEST_P(end_callback_test, before_a_thread_learns_of_the_end) {
  auto yields = []() -> task<> { co_await yield(); };
  runtime world(options().workers(GetParam()));
  for (int i = 0; i < 500; ++i) {
    auto handle = world.spawn(yields());
    std::atomic<int> called{0};
    handle.on_end([&called] { called = 1; });
    handle.on_end([&called] { called = 2; });
    handle.get();
    ASSERT_EQ(called, 2);
  }
}

TEST_P(end_callback_test, a_reason_reaches_the_task_and_the_holder) {
  auto victim = [](std::string& seen) -> task<> {
    bool stopped = false;
    try {
      co_await sleep_for(1h);
    } catch (const cancelled&) {
      stopped = true;
    }
    const task_info self = co_await current_task();
    EXPECT_EQ(self.cancelled, stopped);
    seen = self.cancel_reason;
    if (stopped) throw cancelled();
  };
  auto body = [&]() -> task<> {
    std::string seen;
    auto handle = spawn(victim(seen));
    co_await sleep_for(1s);
    EXPECT_EQ(handle.cancel_reason(), "");
    handle.cancel("the user has left");
    handle.cancel("too late");
    const bool was_cancelled = co_await ends_cancelled(handle);
    EXPECT_TRUE(was_cancelled);
    EXPECT_EQ(seen, "the user has left");
    EXPECT_EQ(handle.cancel_reason(), seen);
    const task_info self = co_await current_task();
    EXPECT_FALSE(self.cancelled);
    EXPECT_EQ(self.name, "main");
    EXPECT_GT(self.id, 0U);
  };
  in_simulated_orders(GetParam(), body);
}

// What a task asks about itself and what its holder does to it do not meet (ThreadSanitizer).
TEST_P(end_callback_test, while_the_task_asks_about_itself) {
  runtime shared(options().workers(GetParam()));
  auto asks = []() -> task<> {
    for (int i = 0; i < 20; ++i) {
      const task_info self = co_await current_task();
      EXPECT_EQ(self.deadline, clock::time_point::max());
      co_await yield();
    }
  };
  std::atomic<int> called = 0;
  for (int i = 0; i < 100; ++i) {
    auto handle = shared.spawn(asks());
    handle.on_end([&called] { ++called; });
    handle.get();
  }
  EXPECT_EQ(called, 100);
}

}  // namespace end_callback_test
}  // namespace magpie::testing
