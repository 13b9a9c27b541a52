#include "magpie/runtime/blocking.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "magpie/runtime/gather.h"
#include "magpie/runtime/run.h"
#include "magpie/tests/runtime/jobs.h"
#include "magpie/tests/runtime/leftovers.h"

namespace magpie::testing {
namespace {

using namespace std::chrono_literals;

struct blocking_hop {
  static constexpr bool keeps_threads = false;
  template <class Function>
  static auto go(Function&& function) {
    return blocking(std::forward<Function>(function));
  }
  static options one_thread(std::size_t workers) {
    return options().workers(workers).blocking_threads(1);
  }
};

INSTANTIATE_TYPED_TEST_SUITE_P(blocking, jobs_test, blocking_hop);

class blocking_pool_test : public runtime_test {};

// Counts how many are in a place at once.
class crowd {
 public:
  void enter() {
    const int now = ++now_;
    int seen = most_;
    while (seen < now && !most_.compare_exchange_weak(seen, now)) {
    }
  }
  void leave() { --now_; }
  int now() const { return now_; }
  int most() const { return most_; }

 private:
  std::atomic<int> now_{0};
  std::atomic<int> most_{0};
};

task<> stay(crowd& place, gate& opened) {
  const counted frame;
  co_await blocking([&] {
    place.enter();
    opened.wait();
    place.leave();
  });
}

// Grows to the limit, and no further.
TEST_F(blocking_pool_test, never_more_threads_than_the_limit) {
  for (const int limit : {1, 3, 16}) {
    crowd place;
    gate opened;
    runtime threads(options().workers(2).blocking_threads(static_cast<std::size_t>(limit)));
    std::vector<join_handle<>> handles;
    const std::size_t before = threads_of_process();
    for (int i = 0; i < limit + 20; ++i)
      handles.push_back(threads.spawn(stay(place, opened)));
    while (place.now() < limit)
      std::this_thread::sleep_for(1ms);
    EXPECT_LE(threads_of_process(), before + static_cast<std::size_t>(limit));
    opened.open();
    for (join_handle<>& handle : handles)
      handle.get();
    EXPECT_EQ(place.most(), limit);
  }
}

TEST_F(blocking_pool_test, a_thousand_jobs_with_few_threads) {
  crowd place;
  auto passes = [&place]() -> task<> {
    co_await blocking([&place] {
      place.enter();
      std::this_thread::yield();
      place.leave();
    });
  };
  auto body = [&]() -> task<> {
    std::vector<task<>> all;
    for (int i = 0; i < 1000; ++i)
      all.push_back(passes());
    co_await gather(std::move(all));
  };
  run(body(), options().workers(4).blocking_threads(5));
  EXPECT_LE(place.most(), 5);
  EXPECT_EQ(place.now(), 0);
}

// One after the other needs one thread.
TEST_F(blocking_pool_test, an_idle_thread_is_used_again) {
  auto body = []() -> task<std::size_t> {
    std::set<std::thread::id> seen;
    for (int i = 0; i < 200; ++i) {
      const std::thread::id there = co_await blocking([] { return std::this_thread::get_id(); });
      seen.insert(there);
      // Until the thread has gone back to wait.
      std::this_thread::sleep_for(200us);
    }
    co_return seen.size();
  };
  // One that has just ended a job may not be waiting yet when the next comes.
  EXPECT_LE(run(body(), options().workers(1)), 20U);
}

TEST_F(blocking_pool_test, threads_end_after_the_idle_limit) {
  const std::size_t without = threads_of_process();
  runtime threads(options().workers(1).blocking_idle(20ms));
  const std::size_t before = threads_of_process();
  EXPECT_EQ(before, without + 1);
  for (int round = 0; round < 2; ++round) {
    crowd place;
    gate opened;
    std::vector<join_handle<>> handles;
    for (int i = 0; i < 4; ++i)
      handles.push_back(threads.spawn(stay(place, opened)));
    while (place.now() < 4)
      std::this_thread::sleep_for(1ms);
    EXPECT_EQ(threads_of_process(), before + 4);
    opened.open();
    for (join_handle<>& handle : handles)
      handle.get();
    EXPECT_TRUE(threads_fall_to(before));
  }
}

TEST_F(blocking_pool_test, threads_stay_within_the_idle_limit) {
  runtime threads(options().workers(1).blocking_idle(1h));
  const std::size_t before = threads_of_process();
  auto body = []() -> task<> { co_await blocking([] {}); };
  threads.run(body());
  std::this_thread::sleep_for(50ms);
  EXPECT_EQ(threads_of_process(), before + 1);
}

TEST_F(blocking_pool_test, with_no_idle_time_at_all) {
  runtime threads(options().workers(2).blocking_idle(0s));
  auto body = []() -> task<int> { co_return co_await blocking([] { return 2; }); };
  for (int i = 0; i < 100; ++i)
    EXPECT_EQ(threads.run(body()), 2);
}

// The destructor does not wait for the idle limit, even the longest.
TEST_F(blocking_pool_test, a_runtime_ends_at_once_beside_idle_threads) {
  const auto start = std::chrono::steady_clock::now();
  auto body = []() -> task<> { co_await blocking([] {}); };
  for (int i = 0; i < 20; ++i)
    run(body(), options().workers(1).blocking_idle(clock::duration::max()));
  EXPECT_LT(std::chrono::steady_clock::now() - start, 1min);
}

// A blocking call inside a blocking call's task: the pool is for waiting, so both get a thread.
TEST_F(blocking_pool_test, jobs_that_wait_for_each_other) {
  gate first;
  gate second;
  auto opens_first = [&]() -> task<> {
    co_await blocking([&] {
      first.open();
      second.wait();
    });
  };
  auto opens_second = [&]() -> task<> {
    co_await blocking([&] {
      first.wait();
      second.open();
    });
  };
  auto body = [&]() -> task<> { co_await gather(opens_first(), opens_second()); };
  run(body(), options().workers(1));
}

}  // namespace
}  // namespace magpie::testing
