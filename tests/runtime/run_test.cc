#include "magpie/runtime/run.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <source_location>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "magpie/runtime/error.h"
#include "magpie/runtime/gather.h"
#include "magpie/runtime/internal/scheduler.h"
#include "magpie/runtime/poller.h"
#include "magpie/runtime/sleep.h"
#include "magpie/runtime/suspension.h"
#include "magpie/tests/runtime/leftovers.h"

namespace magpie::testing {
namespace run_test {

using namespace std::chrono_literals;

class run_test : public over_workers {
 protected:
  options workers() { return options().workers(GetParam()); }
};
MAGPIE_OVER_WORKERS(run_test);

task<int> number(int value) {
  const counted frame;
  co_return value;
}

task<> sleep_for_ever() {
  const counted frame;
  co_await sleep_for(24h);
}

void expect_advice(const usage_error& error, const std::string& advice) {
  EXPECT_NE(std::string(error.what()).find(advice), std::string::npos) << error.what();
}

// -------------------------------------------------------------------------------------- results

TEST_P(run_test, gives_the_result) {
  EXPECT_EQ(run(number(3), workers()), 3);

  auto pointer = []() -> task<std::unique_ptr<int>> { co_return std::make_unique<int>(4); };
  EXPECT_EQ(*run(pointer(), workers()), 4);

  int object = 0;
  auto refer = [](int& to) -> task<int&> { co_return to; };
  EXPECT_EQ(&run(refer(object), workers()), &object);

  bool ran = false;
  auto mark = [](bool& here) -> task<> {
    here = true;
    co_return;
  };
  run(mark(ran), workers());
  EXPECT_TRUE(ran);
}

TEST_P(run_test, throws_what_main_throws) {
  auto fails = []() -> task<int> {
    const counted frame;
    co_await yield();
    throw std::runtime_error("main");
  };
  try {
    run(fails(), workers());
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "main");
  }
}

TEST_P(run_test, an_empty_task_is_refused) {
  task<int> empty;
  EXPECT_THROW(run(std::move(empty), workers()), usage_error);
}

TEST_P(run_test, cancels_what_main_leaves_behind) {
  auto leaves = []() -> task<> {
    for (int i = 0; i < 100; ++i)
      spawn(sleep_for_ever()).detach();
    co_await yield();
  };
  run(leaves(), workers());
  EXPECT_EQ(counted::live(), 0);
}

TEST_P(run_test, cancels_what_main_leaves_behind_when_it_throws) {
  auto leaves = []() -> task<> {
    for (int i = 0; i < 100; ++i)
      spawn(sleep_for_ever()).detach();
    co_await yield();
    throw std::runtime_error("main");
  };
  EXPECT_THROW(run(leaves(), workers()), std::runtime_error);
  EXPECT_EQ(counted::live(), 0);
}

TEST_P(run_test, again_and_again) {
  for (int i = 0; i < 50; ++i)
    EXPECT_EQ(run(number(i), workers()), i);
}

// --------------------------------------------------------------------------------- refused use

class refused_test : public runtime_test {};

TEST_F(refused_test, nested_run) {
  auto nested = []() -> task<> {
    try {
      run(number(1));
      ADD_FAILURE();
    } catch (const usage_error& error) {
      expect_advice(error, "co_await");
    }
    co_return;
  };
  run(nested(), options().workers(2));
}

TEST_F(refused_test, nested_run_on_another_runtime) {
  runtime other(options().workers(1));
  auto nested = [&other]() -> task<> {
    try {
      other.run(number(1));
      ADD_FAILURE();
    } catch (const usage_error& error) {
      expect_advice(error, "co_await");
    }
    co_return;
  };
  run(nested(), options().workers(2));
}

TEST_F(refused_test, a_runtime_inside_a_task) {
  auto nested = []() -> task<> {
    EXPECT_THROW(runtime(), usage_error);
    co_return;
  };
  run(nested(), options().workers(1));
}

TEST_F(refused_test, shutdown_inside_a_task) {
  runtime workers(options().workers(2));
  auto closes = [&workers]() -> task<> {
    try {
      workers.shutdown();
      ADD_FAILURE();
    } catch (const usage_error& error) {
      expect_advice(error, "another thread");
    }
    co_return;
  };
  workers.run(closes());
}

// ------------------------------------------------------------------------------------- runtime

class several_runtimes_test : public runtime_test {};

TEST_F(several_runtimes_test, at_once) {
  std::vector<std::unique_ptr<runtime>> all;
  for (std::size_t i = 1; i <= 5; ++i) {
    all.push_back(std::make_unique<runtime>(options().workers(i)));
    EXPECT_EQ(all.back()->workers(), i);
  }
  std::vector<join_handle<int>> handles;
  for (int round = 0; round < 20; ++round) {
    for (const auto& each : all)
      handles.push_back(each->spawn(number(round)));
  }
  int sum = 0;
  for (join_handle<int>& handle : handles)
    sum += handle.get();
  EXPECT_EQ(sum, 5 * 190);
}

TEST_F(several_runtimes_test, that_spawn_on_each_other) {
  runtime a(options().workers(2));
  runtime b(options().workers(2));
  struct ping {
    static task<int> go(runtime& here, runtime& there, int depth) {
      const counted frame;
      if (depth == 0) co_return 0;
      auto other = there.spawn(go(there, here, depth - 1));
      const int below = co_await other;
      co_return below + 1;
    }
  };
  EXPECT_EQ(a.run(ping::go(a, b, 100)), 100);
}

TEST_P(run_test, spawned_from_many_threads) {
  runtime shared(workers());
  std::atomic<int> sum{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&shared, &sum] {
      std::vector<join_handle<int>> handles;
      for (int j = 0; j < 200; ++j)
        handles.push_back(shared.spawn(number(1)));
      for (join_handle<int>& handle : handles)
        sum += handle.get();
    });
  }
  for (std::thread& thread : threads)
    thread.join();
  EXPECT_EQ(sum, 800);
}

// -------------------------------------------------------------------------------------- shutdown

TEST_P(run_test, shutdown_cancels_everything) {
  runtime shared(workers());
  auto deep = [](auto self, int depth) -> task<> {
    const counted frame;
    if (depth == 0) co_await sleep_for_ever();
    co_await gather(self(self, depth - 1), sleep_for_ever());
  };
  std::vector<join_handle<>> handles;
  for (int i = 0; i < 20; ++i)
    handles.push_back(shared.spawn(deep(deep, 5)));
  EXPECT_GE(shared.live_tasks(), 1U);
  shared.shutdown();
  EXPECT_EQ(counted::live(), 0);
  EXPECT_EQ(shared.live_tasks(), 0U);
  for (join_handle<>& handle : handles)
    EXPECT_THROW(handle.get(), cancelled);
}

TEST_P(run_test, after_shutdown_spawn_throws_stopped) {
  runtime shared(workers());
  shared.shutdown();
  shared.shutdown();
  EXPECT_THROW((void)shared.spawn(number(1)), stopped);
  EXPECT_THROW((void)shared.run(number(1)), stopped);
  EXPECT_EQ(shared.live_tasks(), 0U);
}

// A task that is cancelled by the shutdown may not start another.
TEST_P(run_test, during_shutdown_spawn_throws_stopped) {
  runtime shared(workers());
  std::atomic<bool> started{false};
  auto respawns = [&started]() -> task<bool> {
    started = true;
    try {
      co_await sleep_for(24h);
    } catch (const cancelled&) {
    }
    try {
      spawn(sleep_for_ever()).detach();
    } catch (const stopped&) {
      co_return true;
    }
    co_return false;
  };
  auto handle = shared.spawn(respawns());
  while (!started)
    std::this_thread::yield();
  shared.shutdown();
  EXPECT_TRUE(handle.get());
}

TEST_P(run_test, shutdown_by_several_threads_at_once) {
  for (int round = 0; round < 20; ++round) {
    runtime shared(workers());
    for (int i = 0; i < 10; ++i)
      shared.spawn(sleep_for_ever()).detach();
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i) {
      threads.emplace_back([&shared] {
        shared.shutdown();
        // Each of them returns when all is over.
        EXPECT_EQ(counted::live(), 0);
        EXPECT_EQ(shared.live_tasks(), 0U);
      });
    }
    for (std::thread& thread : threads)
      thread.join();
  }
}

TEST_P(run_test, spawning_against_a_shutdown) {
  for (int round = 0; round < 20; ++round) {
    runtime shared(workers());
    std::thread spawner([&shared] {
      try {
        for (;;)
          shared.spawn(sleep_for_ever()).detach();
      } catch (const stopped&) {
      }
    });
    while (shared.live_tasks() < 5)
      std::this_thread::yield();
    shared.shutdown();
    spawner.join();
    EXPECT_EQ(counted::live(), 0);
    EXPECT_EQ(shared.live_tasks(), 0U);
  }
}

// ------------------------------------------------------------------------------ foreign threads

// A source on a thread of its own makes the last task ready, and is still waking its worker when
// the task ends: the runtime must wait for it.
class slow_to_interrupt : public poller {
 public:
  // What its threads and the test tell each other.
  struct stage {
    std::atomic<bool> polls{false};
    std::atomic<bool> interrupting{false};
    std::atomic<bool> released{false};
  };

  explicit slow_to_interrupt(stage& shared) : stage_(shared) {}

  bool try_acquire() noexcept override { return !taken_.exchange(true); }
  void release() noexcept override { taken_ = false; }
  void poll(clock::duration limit, ready_list&) noexcept override {
    if (limit == clock::duration::zero()) return;
    stage_.polls = true;
    while (!stage_.interrupting)
      std::this_thread::yield();
  }
  void interrupt() noexcept override {
    stage_.interrupting = true;
    while (!stage_.released)
      std::this_thread::yield();
  }
  bool awaits_events() const noexcept override { return false; }

 private:
  stage& stage_;
  std::atomic<bool> taken_{false};
};

class foreign_thread_test : public runtime_test {};

TEST_F(foreign_thread_test, no_poller_is_refused) {
  auto body = []() -> task<bool> {
    try {
      current_poller([](const options&) { return std::unique_ptr<poller>(); });
    } catch (const usage_error&) {
      co_return true;
    }
    co_return false;
  };
  EXPECT_TRUE(run(body(), options().workers(1)));
}

TEST_F(foreign_thread_test, a_runtime_waits_for_who_still_wakes_a_worker) {
  std::atomic<bool> destroyed{false};
  slow_to_interrupt::stage stage;
  auto shared = std::make_unique<runtime>(options().workers(1));
  auto waits = [&stage]() -> task<> {
    const counted frame;
    current_poller([&stage](const options&) { return std::make_unique<slow_to_interrupt>(stage); });
    co_await sleep_for(24h);
  };
  auto handle = shared->spawn(waits());
  while (!stage.polls)
    std::this_thread::yield();
  std::thread canceller([&handle] { handle.cancel(); });
  while (!handle.done())
    std::this_thread::yield();
  bool released_before = false;
  const internal::scheduler& owner = internal::scheduler_of(*shared);
  std::thread destroyer([&] {
    shared.reset();
    released_before = stage.released;
    destroyed = true;
  });
  // It goes no further than this.
  while (!destroyed && !owner.awaits_visitors())
    std::this_thread::yield();
  EXPECT_FALSE(destroyed);
  stage.released = true;
  canceller.join();
  destroyer.join();
  EXPECT_TRUE(released_before);
}

}  // namespace run_test
}  // namespace magpie::testing
