// What an idle runtime costs, and what idle workers do for busy ones.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "magpie/runtime/blocking.h"
#include "magpie/runtime/cpu.h"
#include "magpie/runtime/run.h"
#include "magpie/runtime/sleep.h"
#include "magpie/runtime/spawn.h"
#include "magpie/tests/runtime/leftovers.h"

namespace magpie {
namespace {

using namespace std::chrono_literals;

std::chrono::microseconds processor_time() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  const auto micros = [](const timeval& t) {
    return std::chrono::seconds(t.tv_sec) + std::chrono::microseconds(t.tv_usec);
  };
  return micros(used.ru_utime) + micros(used.ru_stime);
}

using idle = testing::over_workers;

TEST_P(idle, ten_seconds_cost_less_than_ten_milliseconds) {
  expect_threads_of_onetbb();
  runtime world(options().workers(GetParam()));
  // Everything has been used once, and a task waits for something that is far away.
  auto use_all = []() -> task<> {
    co_await cpu([] {});
    co_await blocking([] {});
    co_await sleep_for(1ms);
  };
  world.run(use_all());
  auto far_away = []() -> task<> { co_await sleep_for(24h); };
  world.spawn(far_away()).detach();
  // oneTBB's threads look for work for a while before they sleep.
  std::this_thread::sleep_for(500ms);
  const auto before = processor_time();
  std::this_thread::sleep_for(10s);
  EXPECT_LT(processor_time() - before, 10ms);
}

MAGPIE_OVER_WORKERS(idle);

// A task that blocks its worker until another one, whose timer stands on the same worker, has
// gone on elsewhere.
TEST(watch, the_timers_of_a_blocked_worker_fire_on_an_idle_one) {
  runtime world(options().workers(2));
  std::atomic<int> beats{0};
  auto heart = [&beats]() -> task<> {
    for (;;) {
      co_await sleep_for(1ms);
      ++beats;
    }
  };
  auto hog = [&beats]() -> task<bool> {
    const int before = beats.load();
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    while (beats.load() < before + 3) {
      if (std::chrono::steady_clock::now() > deadline) co_return false;
    }
    co_return true;
  };
  auto several_times = [&]() -> task<bool> {
    auto beating = spawn(heart());
    bool all = true;
    for (int i = 0; i < 20; ++i) {
      co_await sleep_for(3ms);
      const bool went_on = co_await hog();
      all = all && went_on;
    }
    beating.cancel();
    co_return all;
  };
  EXPECT_TRUE(world.run(several_times()));
}

}  // namespace
}  // namespace magpie
