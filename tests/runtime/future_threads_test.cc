// Futures that other threads set, and callbacks, which run on those threads.
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "magpie/runtime/error.h"
#include "magpie/runtime/future.h"
#include "magpie/runtime/outcome.h"
#include "magpie/runtime/run.h"
#include "magpie/runtime/sleep.h"
#include "magpie/runtime/spawn.h"
#include "magpie/runtime/testing/simulation.h"
#include "magpie/tests/runtime/allocations.h"
#include "magpie/tests/runtime/futures.h"
#include "magpie/tests/runtime/leftovers.h"
#include "magpie/tests/runtime/spawned.h"

namespace magpie::testing {
namespace future_threads_test {

class future_threads_test : public over_workers {};
MAGPIE_OVER_WORKERS(future_threads_test);

// ------------------------------------------------------------------------------------ callbacks

TEST(future_callback_test, are_called_once_in_order_by_whoever_sets_it) {
  std::vector<int> order;
  {
    const promise<int> source;
    const future<int> result = source.get_future();
    for (int i = 0; i < 3; ++i) {
      result.on_done([&order, i, result, only = std::make_unique<counted>()] {
        EXPECT_EQ(result.result(), 9);
        order.push_back(i);
      });
    }
    EXPECT_TRUE(order.empty());
    source.set_value(9);
    EXPECT_EQ(order, (std::vector<int>{0, 1, 2}));
    EXPECT_EQ(counted::live(), 0);
    result.on_done([&order] { order.push_back(3); });  // At once.
    EXPECT_THROW(result.on_done([] { throw std::out_of_range("here"); }), std::out_of_range);
  }
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3}));
}

TEST(future_callback_test, are_called_when_the_promise_goes) {
  int called = 0;
  {
    const promise<int> source;
    source.get_future().on_done([&called] { ++called; });
  }
  EXPECT_EQ(called, 1);
}

TEST_P(future_threads_test, a_callback_that_fails_is_reported_and_stops_nobody) {
  reports said;
  int called = 0;
  auto body = [&called]() -> task<> {
    const promise<int> source;
    source.get_future().on_done([] { throw std::runtime_error("in the callback"); });
    source.get_future().on_done([] { throw 5; });
    source.get_future().on_done([&called] { ++called; });
    auto reads = spawn(value_of(source.get_future()));
    co_await yield();
    source.set_value(1);
    co_await reads;
  };
  simulate(body(), simulation_options().workers(GetParam()).on_report(said.hook()));
  EXPECT_EQ(called, 1);
  const std::vector<report> all = said.all();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].what, report::kind::failed_callback);
  EXPECT_EQ(all[0].message, "a callback given to on_done() has failed: in the callback");
  EXPECT_EQ(all[1].message,
            "a callback given to on_done() has failed: an exception that is no std::exception");
}

TEST(future_callback_test, outside_a_runtime_a_failure_goes_to_standard_error) {
  const promise<> source;
  source.get_future().on_done([] { throw std::runtime_error("alone"); });
  ::testing::internal::CaptureStderr();
  source.set_value();
  const std::string said = ::testing::internal::GetCapturedStderr();
  EXPECT_EQ(said.find("magpie: at "), 0U) << said;
  EXPECT_NE(said.find("future_threads_test.cc:"), std::string::npos) << said;
  EXPECT_NE(said.find("has failed: alone"), std::string::npos) << said;
}

TEST(future_callback_test, no_memory_leaves_everything_as_it_was) {
  MAGPIE_NEEDS_COUNTED_ALLOCATIONS();
  const promise<> source;
  int called = 0;
  const future<> result = source.get_future();
  {
    const allocations::limit none(0);
    EXPECT_THROW(result.on_done([&called] { ++called; }), std::bad_alloc);
    EXPECT_THROW(promise<>(), std::bad_alloc);
  }
  source.set_value();
  EXPECT_EQ(called, 0);
}

// ------------------------------------------------------------------------------------ threads

TEST_P(future_threads_test, plain_threads_set_it) {
  runtime world(options().workers(GetParam()));
  for (int i = 0; i < 100; ++i) {
    promise<int> source;
    std::vector<join_handle<int>> readers;
    for (int n = 0; n < 3; ++n)
      readers.push_back(world.spawn(value_of(source.get_future())));
    std::thread sets([to = std::move(source), i] { to.set_value(i); });
    for (join_handle<int>& reader : readers)
      EXPECT_EQ(reader.get(), i);
    sets.join();
  }
}

TEST_P(future_threads_test, of_many_threads_one_sets_it) {
  runtime world(options().workers(GetParam()));
  for (int round = 0; round < 50; ++round) {
    const promise<std::string> source;
    auto reads = [](future<std::string> from) -> task<std::string> {
      const std::string& got = co_await from;
      co_return got;
    };
    auto reader = world.spawn(reads(source.get_future()));
    std::atomic<int> won = 0;
    std::atomic<int> called = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&, i] {
        source.get_future().on_done([&called] { ++called; });
        if (source.try_set_value(std::string(40, static_cast<char>('a' + i)))) ++won;
      });
    }
    for (std::thread& thread : threads)
      thread.join();
    EXPECT_EQ(won, 1);
    EXPECT_EQ(called, 4);
    EXPECT_EQ(reader.get().size(), 40U);
  }
}

// The reader destroys the promise while set_value() is still at work on another thread; a sanitizer
// sees whether that still uses it.
TEST_P(future_threads_test, who_is_woken_may_end_the_promise) {
  auto ends_it = [](std::unique_ptr<promise<int>> source, future<int> from) -> task<> {
    co_await from;
    source.reset();
  };
  runtime world(options().workers(GetParam()));
  for (int i = 0; i < 500; ++i) {
    auto owned = std::make_unique<promise<int>>();
    const promise<int>& used = *owned;
    future<int> result = used.get_future();
    auto handle = world.spawn(ends_it(std::move(owned), std::move(result)));
    used.set_value(1);
    handle.get();
  }
}

// Threads that set it know nothing of the runtime, which ends meanwhile.
TEST_P(future_threads_test, is_set_while_the_runtime_ends) {
  for (int round = 0; round < 50; ++round) {
    promise<int> source;
    const future<int> result = source.get_future();
    std::atomic<bool> go = false;
    std::thread sets([to = std::move(source), &go, round] {
      while (!go) {
      }
      if (round % 2 == 0) to.set_value(round);
    });
    {
      runtime world(options().workers(GetParam()));
      for (int i = 0; i < 10; ++i)
        world.spawn(outcome_of(value_of(result))).detach();
      go = true;
    }
    sets.join();
    EXPECT_TRUE(result.done());
  }
}

TEST_P(future_threads_test, a_worker_of_another_runtime_sets_it) {
  runtime reading(options().workers(GetParam()));
  runtime setting(options().workers(GetParam()));
  for (int i = 0; i < 100; ++i) {
    const promise<int> source;
    auto reads = reading.spawn(value_of(source.get_future()));
    auto sets = setting.spawn(set_later(source, i, i % 3));
    EXPECT_EQ(reads.get(), i);
    sets.get();
  }
}

TEST_P(future_threads_test, a_hand_over_and_a_cancellation_meet) {
  runtime world(options().workers(GetParam()));
  for (int round = 0; round < 200; ++round) {
    const promise<int> source;
    auto victim = world.spawn(value_of(source.get_future()));
    auto other = world.spawn(value_of(source.get_future()));
    std::thread cancels([&victim] { victim.cancel(); });
    source.set_value(4);
    cancels.join();
    try {
      EXPECT_EQ(victim.get(), 4);
    } catch (const cancelled&) {
      // It came first.
    }
    EXPECT_EQ(other.get(), 4);
  }
}

}  // namespace future_threads_test
}  // namespace magpie::testing
