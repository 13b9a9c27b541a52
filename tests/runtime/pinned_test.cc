#include "magpie/runtime/pinned.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "magpie/runtime/blocking.h"
#include "magpie/runtime/cpu.h"
#include "magpie/runtime/error.h"
#include "magpie/runtime/event.h"
#include "magpie/runtime/future.h"
#include "magpie/runtime/gather.h"
#include "magpie/runtime/run.h"
#include "magpie/runtime/sleep.h"
#include "magpie/runtime/spawn.h"
#include "magpie/runtime/testing/cancel_sweep.h"
#include "magpie/runtime/testing/simulation.h"
#include "magpie/tests/runtime/leftovers.h"

namespace magpie::testing {
namespace pinned_test {

using namespace std::chrono_literals;

class pinned_test : public over_workers {
 protected:
  void SetUp() override {
    over_workers::SetUp();
    expect_threads_of_onetbb();
  }
};

// Not inline: a coroutine may find itself on another thread after every suspension.
[[gnu::noinline]] std::thread::id this_thread() {
  return std::this_thread::get_id();
}

task<> stays(std::size_t worker) {
  const counted frame;
  const std::thread::id home = this_thread();
  for (int i = 0; i < 30; ++i) {
    EXPECT_EQ(current_worker_number(), worker);
    EXPECT_EQ(this_thread(), home);
    if (i % 4 == 0) co_await yield();
    if (i % 4 == 1) co_await sleep_for(10us);
    if (i % 4 == 2) co_await blocking([] {});
    if (i % 4 == 3) co_await cpu([] {});
  }
  EXPECT_EQ(this_thread(), home);
}

TEST_P(pinned_test, never_leaves_its_worker) {
  auto body = [&]() -> task<> {
    std::vector<join_handle<>> all;
    for (std::size_t i = 0; i < 4 * GetParam(); ++i)
      all.push_back(spawn_pinned(i % GetParam(), stays(i % GetParam())));
    for (join_handle<>& each : all)
      co_await each;
  };
  run(body(), options().workers(GetParam()));
}

TEST_P(pinned_test, nor_do_the_children_of_its_gather) {
  auto parent = [](std::size_t worker) -> task<> {
    for (int i = 0; i < 10; ++i)
      co_await gather(stays(worker), stays(worker), stays(worker));
  };
  auto body = [&]() -> task<> {
    const std::size_t last = GetParam() - 1;
    auto one = spawn_pinned(last, parent(last));
    auto other = spawn_pinned(last, parent(last));
    co_await one;
    co_await other;
  };
  run(body(), options().workers(GetParam()));
}

// A worker that sleeps is woken for it, and nobody else can do instead.
TEST_P(pinned_test, is_woken_from_outside_every_time) {
  constexpr int times = 2000;
  runtime world(options().workers(GetParam()));
  std::vector<join_handle<>> all;
  for (std::size_t worker = 0; worker < GetParam(); ++worker) {
    for (int i = 0; i < times / static_cast<int>(GetParam()); ++i) {
      promise<int> question;
      auto wait = [](future<int> answer, std::size_t home) -> task<> {
        const int got = co_await answer;
        EXPECT_EQ(got, 7);
        EXPECT_EQ(current_worker_number(), home);
      };
      auto waits = spawn_pinned(world, worker, wait(question.get_future(), worker));
      question.set_value(7);
      waits.get();
    }
  }
}

// Also while another one keeps its worker.
TEST_P(pinned_test, does_not_wait_for_the_other_workers) {
  if (GetParam() == 1) return;
  std::atomic<bool> done{false};
  auto busy = [&]() -> task<> {
    while (!done.load())
      std::this_thread::yield();
    co_return;
  };
  auto body = [&]() -> task<> {
    auto stuck = spawn_pinned(0, busy());
    auto free = spawn_pinned(1, stays(1));
    co_await free;
    done.store(true);
    co_await stuck;
  };
  // The body may be on worker 0 itself, behind the busy one: another takes it.
  run(body(), options().workers(GetParam()));
}

TEST_P(pinned_test, on_the_callers_worker) {
  auto body = [&]() -> task<> {
    const std::size_t here = current_worker_number();
    auto pinned = spawn_pinned(stays(here), "pinned");
    EXPECT_EQ(pinned.name(), "pinned");
    pinned.on_end([here] { EXPECT_EQ(current_worker_number(), here); });
    co_await pinned;
  };
  run(body(), options().workers(GetParam()));
}

MAGPIE_OVER_WORKERS(pinned_test);

class pinned_order_test : public runtime_test {};

TEST_F(pinned_order_test, says_what_cannot_be) {
  auto nothing = []() -> task<> { co_return; };
  EXPECT_THROW(current_worker_number(), usage_error);
  EXPECT_THROW(spawn_pinned(nothing()).detach(), usage_error);
  EXPECT_THROW(spawn_pinned(0, nothing()).detach(), usage_error);
  runtime world(options().workers(2));
  std::string said;
  try {
    spawn_pinned(world, 2, nothing()).detach();
  } catch (const std::out_of_range& error) {
    said = error.what();
  }
  EXPECT_NE(said.find("has 2"), std::string::npos) << said;
  world.shutdown();
  EXPECT_THROW(spawn_pinned(world, 1, nothing()).detach(), stopped);
}

// Neither a stream of ready tasks nor one of pinned tasks keeps the others from running.
TEST_F(pinned_order_test, neither_starves_nor_is_starved) {
  auto body = []() -> task<> {
    bool stop = false;
    auto spin = [](const bool& until) -> task<> {
      while (!until)
        co_await yield();
    };
    auto count = []() -> task<> {
      for (int i = 0; i < 100; ++i)
        co_await yield();
    };
    std::vector<join_handle<>> all;
    for (int i = 0; i < 3; ++i) {
      all.push_back(spawn_pinned(0, spin(stop)));
      all.push_back(spawn(spin(stop)));
    }
    auto pinned = spawn_pinned(0, count());
    auto free = spawn(count());
    co_await pinned;
    co_await free;
    stop = true;
    for (join_handle<>& each : all)
      co_await each;
  };
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    simulate(body(), simulation_options().workers(2).seed(seed));
    simulate(body(), simulation_options().workers(1).seed(seed));
  }
}

TEST_F(pinned_order_test, may_be_cancelled_at_any_moment) {
  auto member = [](std::size_t home) -> task<> {
    const counted frame;
    for (int i = 0; i < 3; ++i) {
      co_await yield();
      EXPECT_EQ(current_worker_number(), home);
      co_await sleep_for(1ms);
      EXPECT_EQ(current_worker_number(), home);
    }
  };
  auto caller = [&](std::size_t home) -> task<> {
    const counted frame;
    auto pinned = spawn_pinned(home, member(home));
    try {
      co_await pinned;
    } catch (const cancelled&) {
      pinned.cancel();
      throw;
    }
  };
  for (const std::size_t workers : {1U, 2U, 8U}) {
    const std::size_t moments = cancel_sweep(
        simulation_options().workers(workers).seed(workers),
        [&](simulation& world) {
          cast players;
          players.victim = world.spawn(caller(workers - 1));
          players.others.push_back(world.spawn(caller(workers - 1)));
          players.others.push_back(world.spawn(caller(0)));
          return players;
        },
        [] { EXPECT_EQ(counted::live(), 0); });
    EXPECT_GT(moments, 10U);
  }
}

}  // namespace pinned_test
}  // namespace magpie::testing
