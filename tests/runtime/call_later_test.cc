#include "magpie/runtime/call_later.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "magpie/runtime/error.h"
#include "magpie/runtime/run.h"
#include "magpie/runtime/sleep.h"
#include "magpie/runtime/spawn.h"
#include "magpie/runtime/testing/simulation.h"
#include "magpie/tests/runtime/allocations.h"
#include "magpie/tests/runtime/elapsed.h"
#include "magpie/tests/runtime/leftovers.h"
#include "magpie/tests/runtime/schedules.h"
#include "magpie/tests/runtime/spawned.h"

namespace magpie::testing {
namespace call_later_test {

using namespace std::chrono_literals;

class call_later_test : public over_workers {};
MAGPIE_OVER_WORKERS(call_later_test);

// ------------------------------------------------------------------------------------ soon

TEST(call_order_test, soon_means_after_the_caller_and_in_order) {
  auto body = []() -> task<> {
    std::vector<int> order;
    std::vector<int> expected;
    for (int i = 0; i < 500; ++i) {
      call_soon([&order, i] { order.push_back(i); });
      expected.push_back(i);
    }
    EXPECT_TRUE(order.empty());
    co_await yield();
    EXPECT_EQ(order, expected);
  };
  in_many_orders(1, body);
}

TEST_P(call_later_test, each_is_called_once) {
  std::atomic<int> called = 0;
  auto body = [&called]() -> task<> {
    for (int i = 0; i < 100; ++i)
      call_soon([&called, only = std::make_unique<counted>()] { ++called; });
    co_return;
  };
  for (int i = 1; i <= 10; ++i) {
    run(body(), options().workers(GetParam()));
    EXPECT_EQ(called, i * 100);
    EXPECT_EQ(counted::live(), 0);
  }
}

// ------------------------------------------------------------------------------------ later

TEST_P(call_later_test, is_called_at_its_time_and_not_before) {
  auto body = []() -> task<> {
    std::vector<clock::duration> at(4);
    const auto start = clock::now();
    auto note = [start](clock::duration& where) {
      return [&where, start] { where = clock::now() - start; };
    };
    const call_handle first = call_later(3s, note(at[0]));
    const call_handle second = call_at(start + 1s, note(at[1]));
    const call_handle past = call_at(start - 1h, note(at[2]));
    const call_handle never = call_later(clock::duration::max(), note(at[3]));
    EXPECT_EQ(first.when(), start + 3s);
    EXPECT_EQ(second.when(), start + 1s);
    EXPECT_EQ(past.when(), start - 1h);
    EXPECT_EQ(never.when(), clock::time_point::max());
    at[2] = 1h;
    co_await sleep_for(2s);
    EXPECT_EQ(at, (std::vector<clock::duration>{0s, 1s, 0s, 0s}));
    co_await sleep_for(1000h);
    EXPECT_EQ(at, (std::vector<clock::duration>{3s, 1s, 0s, 0s}));
    EXPECT_FALSE(first.cancelled());
  };
  in_simulated_orders(GetParam(), body);
}

TEST(call_order_test, the_earlier_goes_first_and_equal_times_in_the_order_of_asking) {
  auto body = []() -> task<> {
    std::vector<int> order;
    auto note = [&order](int name) { return [&order, name] { order.push_back(name); }; };
    call_later(2s, note(3));
    call_later(1s, note(0));
    call_later(1s, note(1));
    call_later(1s, note(2));
    co_await sleep_for(5s);
    EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3}));
  };
  in_simulated_orders(1, body);
}

TEST_P(call_later_test, a_plain_thread_may_ask) {
  std::atomic<int> called = 0;
  runtime world(options().workers(GetParam()));
  std::vector<std::thread> threads;
  for (int n = 0; n < 4; ++n) {
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i) {
        call_soon(world, [&called] { ++called; });
        call_later(world, 0s, [&called] { ++called; });
        call_at(world, clock::now(), [&called] { ++called; });
      }
    });
  }
  for (std::thread& thread : threads)
    thread.join();
  while (called < 600)
    std::this_thread::yield();
}

// ------------------------------------------------------------------------------------ cancelled

TEST_P(call_later_test, one_that_is_cancelled_is_never_called_and_gone_at_once) {
  simulation world(simulation_options().workers(GetParam()));
  bool called = false;
  std::optional<call_handle> later;
  auto ask = [&]() -> task<> {
    later = call_later(1h, [&called, only = std::make_unique<counted>()] { called = true; });
    co_await sleep_for(1s);
  };
  world.run(ask());
  EXPECT_EQ(counted::live(), 1);
  EXPECT_EQ(world.live_tasks(), 1U);
  EXPECT_FALSE(later->cancelled());
  EXPECT_TRUE(later->cancel());
  EXPECT_EQ(counted::live(), 0);
  EXPECT_TRUE(later->cancelled());
  EXPECT_FALSE(later->cancel());
  auto wait = []() -> task<> { co_await sleep_for(1s); };
  world.run(wait());
  EXPECT_EQ(world.live_tasks(), 0U);  // Nobody sleeps for it any more.
  auto wait_long = []() -> task<> { co_await sleep_for(2h); };
  world.run(wait_long());
  EXPECT_FALSE(called);
}

TEST_P(call_later_test, one_that_has_begun_cannot_be_cancelled) {
  auto body = []() -> task<> {
    std::optional<call_handle> own;
    bool prevented = true;
    own = call_later(1s, [&] { prevented = own->cancel(); });
    bool called = false;
    auto dropped = call_soon([&called] { called = true; });
    EXPECT_TRUE(dropped.cancel());
    co_await sleep_for(2s);
    EXPECT_FALSE(prevented);
    EXPECT_FALSE(called);
    EXPECT_FALSE(own->cancelled());
    EXPECT_FALSE(own->cancel());
    EXPECT_EQ(dropped.when(), clock::time_point::min());
    call_handle moved = std::move(dropped);
    EXPECT_TRUE(moved.cancelled());
    EXPECT_FALSE(dropped.cancel());             // NOLINT(bugprone-use-after-move)
    EXPECT_FALSE(dropped.cancelled());          // NOLINT(bugprone-use-after-move)
    EXPECT_THROW(dropped.when(), usage_error);  // NOLINT(bugprone-use-after-move)
  };
  in_simulated_orders(GetParam(), body);
}

// It is called or cancelled, and never both.
TEST_P(call_later_test, a_call_and_a_cancellation_meet) {
  runtime world(options().workers(GetParam()));
  for (int i = 0; i < 500; ++i) {
    std::atomic<int> called = 0;
    auto count = [&called, only = std::make_unique<counted>()] { ++called; };
    call_handle handle =
        i % 2 == 0 ? call_soon(world, std::move(count)) : call_later(world, 0s, std::move(count));
    if (handle.cancel()) {
      ASSERT_TRUE(handle.cancelled());
      continue;
    }
    while (called == 0)
      std::this_thread::yield();
  }
  world.shutdown();
}

// ------------------------------------------------------------------------------------ failures

TEST_P(call_later_test, a_failure_is_reported_and_stops_nobody) {
  reports said;
  int called = 0;
  auto body = [&called]() -> task<> {
    call_soon([] { throw std::runtime_error("at once"); });
    call_later(1s, [] { throw 5; });
    call_later(2s, [&called] { ++called; });
    co_await sleep_for(3s);
  };
  simulate(body(), simulation_options().workers(GetParam()).on_report(said.hook()));
  EXPECT_EQ(called, 1);
  const std::vector<report> all = said.all();
  ASSERT_EQ(all.size(), 2U);
  for (const report& each : all) {
    EXPECT_EQ(each.what, report::kind::failed_callback);
    EXPECT_NE(std::string(each.spawned_at.file_name()).find("call_later_test.cc"),
              std::string::npos);
  }
  EXPECT_NE(all[0].message.find("has failed: at once"), std::string::npos);
  EXPECT_NE(all[1].message.find("no std::exception"), std::string::npos);
}

TEST(call_refused_test, where_there_is_no_worker) {
  EXPECT_THROW(call_soon([] {}), usage_error);
  EXPECT_THROW(call_later(1s, [] {}), usage_error);
  EXPECT_THROW(call_at(clock::now(), [] {}), usage_error);
  EXPECT_FALSE(call_handle().cancel());
  EXPECT_FALSE(call_handle().cancelled());
}

TEST(call_refused_test, without_memory_nothing_is_kept) {
  MAGPIE_NEEDS_COUNTED_ALLOCATIONS();
  std::atomic<int> called = 0;
  runtime world(options().workers(1));
  bool done = false;
  for (std::size_t n = 0; !done; ++n) {
    counted only;
    auto count = [&called, only = std::move(only)] { ++called; };
    const allocations::limit some(n);
    try {
      call_later(world, 0s, std::move(count));
      done = true;
    } catch (const std::bad_alloc&) {
      EXPECT_EQ(counted::live(), 2);  // What stands here.
    }
  }
  while (called == 0)
    std::this_thread::yield();
  world.shutdown();
  EXPECT_EQ(called, 1);
  EXPECT_EQ(counted::live(), 0);
}

// ------------------------------------------------------------------------------------ the end

TEST_P(call_later_test, at_the_end_what_is_soon_is_called_and_what_is_later_is_dropped) {
  std::atomic<int> called = 0;
  std::vector<call_handle> later;
  {
    runtime world(options().workers(GetParam()));
    for (int i = 0; i < 100; ++i) {
      call_soon(world, [&called, only = std::make_unique<counted>()] { ++called; });
      later.push_back(
          call_later(world, 1h, [&called, only = std::make_unique<counted>()] { called = -1000; }));
    }
    world.shutdown();
    EXPECT_EQ(called, 100);
    EXPECT_EQ(counted::live(), 0);
    EXPECT_THROW(call_soon(world, [] {}), stopped);
  }
  for (call_handle& each : later) {
    EXPECT_TRUE(each.cancelled());
    EXPECT_FALSE(each.cancel());
  }
}

TEST_P(call_later_test, a_call_at_the_end_may_try_to_ask_for_another) {
  std::atomic<int> refused = 0;
  runtime world(options().workers(GetParam()));
  std::atomic<bool> go = false;
  call_soon(world, [&] {
    while (!go)
      std::this_thread::yield();
    for (;;) {
      try {
        call_soon([] {});
      } catch (const stopped&) {
        ++refused;
        return;
      }
    }
  });
  go = true;
  world.shutdown();
  EXPECT_EQ(refused, 1);
}

}  // namespace call_later_test
}  // namespace magpie::testing
