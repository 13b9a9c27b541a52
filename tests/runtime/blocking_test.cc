#include "magpie/runtime/blocking.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <set>
#include <thread>
#include <vector>

#include "magpie/runtime/gather.h"
#include "magpie/runtime/run.h"
#include "magpie/tests/runtime/leftovers.h"

namespace magpie::testing {
namespace blocking_test {

using namespace std::chrono_literals;

class blocking_test : public runtime_test {};

struct crowd {
  std::atomic<int> inside{0};
  std::atomic<int> most{0};
  std::atomic<int> passed{0};

  // Until `together` have been inside at once.
  void meet(int together) {
    const int now = ++inside;
    int seen = most;
    while (seen < now && !most.compare_exchange_weak(seen, now)) {
    }
    while (most < together)
      std::this_thread::yield();
    ++passed;
    --inside;
  }
};

task<> join(crowd& all, int together) {
  co_await blocking([&] { all.meet(together); });
}

task<> gather_crowd(crowd& all, int count, int together) {
  std::vector<task<>> tasks;
  for (int i = 0; i < count; ++i)
    tasks.push_back(join(all, together));
  co_await gather(std::move(tasks));
}

// As many threads as there are calls: twenty that wait for each other all get one.
TEST_F(blocking_test, grows_to_what_is_needed) {
  crowd all;
  run(gather_crowd(all, 20, 20), options().workers(1));
  EXPECT_EQ(all.passed, 20);
  EXPECT_EQ(all.most, 20);
}

TEST_F(blocking_test, the_limit_is_kept) {
  for (const int limit : {1, 3}) {
    crowd all;
    run(gather_crowd(all, 50, limit),
        options().workers(2).blocking_threads(static_cast<std::size_t>(limit)));
    EXPECT_EQ(all.passed, 50);
    EXPECT_EQ(all.most, limit);
  }
}

TEST_F(blocking_test, an_idle_thread_is_used_again) {
  auto body = []() -> task<std::size_t> {
    std::set<std::thread::id> threads;
    for (int i = 0; i < 100; ++i)
      threads.insert(co_await blocking([] { return std::this_thread::get_id(); }));
    co_return threads.size();
  };
  EXPECT_EQ(run(body(), options().workers(1)), 1U);
}

TEST_F(blocking_test, idle_threads_end) {
  runtime workers(options().workers(1).blocking_idle(10ms));
  crowd all;
  const std::size_t before = threads_of_process();
  workers.run(gather_crowd(all, 10, 10));
  EXPECT_TRUE(threads_fall_to(before));
  // And new ones start.
  crowd more;
  workers.run(gather_crowd(more, 10, 10));
  EXPECT_EQ(more.passed, 10);
}

TEST_F(blocking_test, a_thread_that_may_not_be_idle_at_all) {
  runtime workers(options().workers(2).blocking_idle(0s));
  for (int round = 0; round < 50; ++round) {
    crowd all;
    workers.run(gather_crowd(all, 5, 1));
    EXPECT_EQ(all.passed, 5);
  }
}

TEST_F(blocking_test, threads_that_stay_idle_for_ever_end_with_the_runtime) {
  const std::size_t before = threads_of_process();
  {
    runtime workers(options().workers(1).blocking_idle(clock::duration::max()));
    crowd all;
    workers.run(gather_crowd(all, 5, 5));
  }
  EXPECT_TRUE(threads_fall_to(before));
}

TEST_F(blocking_test, the_pools_of_two_runtimes_are_separate) {
  runtime one(options().workers(1).blocking_threads(1));
  runtime two(options().workers(1).blocking_threads(1));
  crowd all;
  auto first = one.spawn(join(all, 2));
  auto second = two.spawn(join(all, 2));
  first.get();
  second.get();
  EXPECT_EQ(all.most, 2);
}

// What is thread_local in the user's code may refer to the user's own objects.
TEST_F(blocking_test, threads_have_ended_before_the_runtime_has) {
  static std::atomic<int> alive{0};
  struct slow_to_die {
    slow_to_die() { ++alive; }
    ~slow_to_die() {
      for (int i = 0; i < 10'000; ++i)
        std::this_thread::yield();
      --alive;
    }
    void touch() {}
  };
  auto touch = []() -> task<> {
    co_await blocking([] {
      thread_local slow_to_die here;
      here.touch();
    });
  };
  auto several = [&]() -> task<> { co_await gather(touch(), touch(), touch()); };
  run(several(), options().workers(1));
  EXPECT_EQ(alive, 0);
  // Threads that end while the runtime goes on, too.
  run(several(), options().workers(1).blocking_idle(0s));
  EXPECT_EQ(alive, 0);
}

}  // namespace blocking_test
}  // namespace magpie::testing
