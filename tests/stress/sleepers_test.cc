// A million sleeping tasks.
#include <gtest/gtest.h>

#include <unistd.h>
#include <chrono>
#include <cstddef>
#include <fstream>
#include <iostream>
#include <thread>

#include "magpie/runtime/clock.h"
#include "magpie/runtime/internal/platform.h"
#include "magpie/runtime/run.h"
#include "magpie/runtime/sleep.h"
#include "magpie/runtime/spawn.h"
#include "magpie/tests/runtime/leftovers.h"

namespace magpie {
namespace {

using namespace std::chrono_literals;

constexpr bool sanitized = !internal::recycles_frames;
constexpr std::size_t sleepers = sanitized ? 50'000 : 1'000'000;
// What one may take besides its own locals: its frame, its record, its timer, and what malloc adds.
constexpr std::size_t most_bytes = 512;

std::size_t resident_bytes() {
  std::ifstream file("/proc/self/statm");
  std::size_t pages = 0;
  file >> pages >> pages;
  return pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

task<> sleep_long(clock::time_point until) {
  co_await sleep_until(until);
}

task<std::size_t> put_to_sleep(clock::time_point until) {
  const std::size_t before = resident_bytes();
  for (std::size_t i = 0; i < sleepers; ++i)
    spawn(sleep_long(until)).detach();
  // Behind all of them in the queue: they have run to their sleep when this goes on.
  co_await yield();
  co_await sleep_for(1ms);
  co_return (resident_bytes() - before) / sleepers;
}

using sleeping = testing::over_workers;

TEST_P(sleeping, a_million_tasks_sleep_in_little_memory_and_are_cancelled) {
  runtime world(options().workers(GetParam()));
  const std::size_t bytes = world.run(put_to_sleep(clock::now() + 24h));
  std::cout << bytes << " bytes per sleeping task\n";
  RecordProperty("bytes_per_sleeping_task", static_cast<int>(bytes));
  if (!sanitized) {
    EXPECT_LE(bytes, most_bytes);
  }
  EXPECT_GE(world.live_tasks(), sleepers);
  world.shutdown();
  EXPECT_EQ(world.live_tasks(), 0U);
}

TEST_P(sleeping, a_million_tasks_wake_up) {
  runtime world(options().workers(GetParam()));
  world.run(put_to_sleep(clock::now() + 10ms));
  while (world.live_tasks() != 0)
    std::this_thread::yield();
}

MAGPIE_OVER_WORKERS(sleeping);

}  // namespace
}  // namespace magpie
