// What an idle runtime costs, and what idle workers do for busy ones.
#include <gtest/gtest.h>
#include <sys/types.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <ctime>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "magpie/io/tcp.h"
#include "magpie/runtime/blocking.h"
#include "magpie/runtime/cpu.h"
#include "magpie/runtime/run.h"
#include "magpie/runtime/sleep.h"
#include "magpie/runtime/spawn.h"
#include "magpie/tests/io/io_test.h"

namespace magpie {
namespace {

using namespace std::chrono_literals;

// A runtime in which everything has been used once; then a task sleeps for long, one accepts, and
// connections are silent.
class idle_world {
 public:
  idle_world(std::size_t workers, io_mode mode) : runtime_(options().workers(workers).io(mode)) {
    runtime_.spawn(testing::echo_server(listener_), "server").detach();
    runtime_.spawn(far_away(), "far away").detach();
    runtime_.run(use_all());
  }

 private:
  task<> use_all() {
    co_await cpu([] {});
    co_await blocking([] {});
    co_await sleep_for(1ms);
    for (int i = 0; i < 10; ++i) {
      io::tcp_stream client = co_await io::tcp_stream::connect(listener_.local_address());
      std::array<std::byte, 4> letters{};
      co_await client.write(testing::bytes_of("text"));
      co_await testing::read_exactly(client, letters);
      clients_.push_back(std::move(client));
    }
  }
  static task<> far_away() { co_await sleep_for(24h); }

  io::tcp_listener listener_ = io::tcp_listener::bind(io::address::loopback(0));
  std::vector<io::tcp_stream> clients_;
  runtime runtime_;
};

// The threads of this process.
std::set<pid_t> threads() {
  std::set<pid_t> found;
  for (const auto& each : std::filesystem::directory_iterator("/proc/self/task"))
    found.insert(std::stoi(each.path().filename().string()));
  return found;
}

// What a thread of this process has used: the clock that pthread_getcpuclockid() would give.
std::chrono::nanoseconds cpu_time_of(pid_t thread) {
  constexpr clockid_t of_a_thread_as_scheduled = 6;
  const auto clock =
      static_cast<clockid_t>(~static_cast<unsigned>(thread) << 3U) | of_a_thread_as_scheduled;
  timespec used{};
  if (::clock_gettime(clock, &used) != 0) return {};  // It has ended.
  return std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec);
}

// Without the threads that there were before: ThreadSanitizer has one that wakes ten times a
// second.
std::chrono::nanoseconds cpu_time_besides(const std::set<pid_t>& others) {
  std::chrono::nanoseconds used{};
  for (const pid_t thread : threads()) {
    if (!others.contains(thread)) used += cpu_time_of(thread);
  }
  return used;
}

// Descriptors are not counted: what oneTBB does makes ThreadSanitizer start its symbolizer, which
// it talks to through two pipes.
using idle = testing::runtime_test;

// All at once, so that it takes ten seconds and not a minute.
TEST_F(idle, six_runtimes_cost_less_than_ten_milliseconds_in_ten_seconds) {
  expect_threads_of_onetbb();
  const std::set<pid_t> others = threads();
  std::vector<std::unique_ptr<idle_world>> worlds;
  for (const std::size_t workers : {1U, 2U, 8U}) {
    for (const io_mode mode : {io_mode::assisted, io_mode::dedicated})
      worlds.push_back(std::make_unique<idle_world>(workers, mode));
  }
  // oneTBB's threads look for work for a while before they sleep: until none has run for a while.
  auto before = cpu_time_besides(others);
  for (auto earlier = before - 1ns; before != earlier; before = cpu_time_besides(others)) {
    earlier = before;
    std::this_thread::sleep_for(50ms);
  }
  std::this_thread::sleep_for(10s);
  const auto used = cpu_time_besides(others) - before;
  EXPECT_LT(used, 10ms) << used.count() << " nanoseconds";
  EXPECT_GT(cpu_time_besides(others), 0ns) << "nothing has been measured";
}

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

// The same for a task that has become ready there, alone, after many short turns.
TEST(watch, a_task_behind_a_blocked_one_is_run_by_an_idle_worker) {
  runtime world(options().workers(2));
  auto set = [](std::atomic<bool>& ran) -> task<> {
    ran.store(true);
    co_return;
  };
  auto hog = [&set]() -> task<bool> {
    for (int i = 0; i < 1000; ++i)
      co_await yield();
    std::atomic<bool> ran{false};
    auto behind = spawn(set(ran));
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    while (!ran.load() && std::chrono::steady_clock::now() < deadline) {
    }
    const bool in_time = ran.load();
    co_await behind;
    co_return in_time;
  };
  for (int i = 0; i < 20; ++i)
    EXPECT_TRUE(world.run(hog()));
}

}  // namespace
}  // namespace magpie
