// Runtimes that end while others use them: tasks that are joined, cancelled and made ready from
// outside, by workers of another runtime and by plain threads.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <random>
#include <thread>
#include <utility>
#include <vector>

#include "magpie/runtime/blocking.h"
#include "magpie/runtime/error.h"
#include "magpie/runtime/gather.h"
#include "magpie/runtime/run.h"
#include "magpie/runtime/sleep.h"
#include "magpie/runtime/spawn.h"
#include "magpie/runtime/suspension.h"
#include "magpie/tests/runtime/leftovers.h"

namespace magpie {
namespace {

using namespace std::chrono_literals;
using testing::counted;

using shutdown_storm = testing::over_workers;
MAGPIE_OVER_WORKERS(shutdown_storm);

// A source with a thread of its own, as an embedder would write it: a list under a lock.
class bell {
 public:
  class wait_for_it : public suspension {
   public:
    explicit wait_for_it(bell& at) : at_(at) {}
    static bool await_ready() noexcept { return false; }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> who) {
      if (!arm(who.promise())) return false;
      const std::lock_guard lock(at_.lock_);
      at_.waiting_.push_back(this);
      return true;
    }
    void await_resume() {
      {
        const std::lock_guard lock(at_.lock_);
        std::erase(at_.waiting_, this);
      }
      throw_if_cancelled(disarm());
    }

   private:
    friend bell;
    bell& at_;
  };

  bell() : ringer_([this] { ring_until_stopped(); }) {}
  bell(const bell&) = delete;
  bell& operator=(const bell&) = delete;
  ~bell() {
    stopped_ = true;
    ringer_.join();
  }

 private:
  void ring_until_stopped() {
    while (!stopped_) {
      ready_list ready;
      suspension* alone = nullptr;
      {
        const std::lock_guard lock(lock_);
        for (wait_for_it* each : waiting_) {
          if (!each->claim(suspension::outcome::completed)) continue;
          if (alone == nullptr) {
            alone = each;
          } else {
            ready.add(*each);
          }
        }
        waiting_.clear();
      }
      // Both ways.
      if (alone != nullptr) alone->resume();
      ready.resume_all();
    }
  }

  std::mutex lock_;
  std::vector<wait_for_it*> waiting_;  // Under lock_.
  std::atomic<bool> stopped_{false};
  std::thread ringer_;
};

task<> listen(bell& at, int times) {
  const counted frame;
  for (int i = 0; i < times; ++i) {
    bell::wait_for_it rings(at);
    co_await rings;
  }
}

task<> listen_together(bell& at) {
  const counted frame;
  co_await gather(listen(at, 3), listen(at, 5), listen(at, 1));
}

// The last task ends while the foreign thread that made it ready is still at it.
TEST_P(shutdown_storm, made_ready_by_a_plain_thread) {
  bell shared;
  for (int round = 0; round < 150; ++round) {
    runtime world(options().workers(GetParam()));
    for (int i = 0; i < 3; ++i)
      world.spawn(listen_together(shared)).detach();
    EXPECT_NO_THROW(world.run(listen(shared, 1 + round % 3)));
  }
  EXPECT_EQ(counted::live(), 0);
}

task<> sleep_long() {
  const counted frame;
  co_await sleep_for(24h);
}

// A handle outlives its runtime; whoever holds it may cancel at any time.
TEST_P(shutdown_storm, cancelled_by_a_plain_thread) {
  for (int round = 0; round < 200; ++round) {
    auto world = std::make_unique<runtime>(options().workers(GetParam()));
    auto handle = world->spawn(sleep_long());
    std::atomic<int> ready{0};
    const auto cancels = [&] {
      ++ready;
      while (ready < 2)
        std::this_thread::yield();
      handle.cancel();
    };
    std::thread one(cancels);
    std::thread other(cancels);
    if (round % 2 == 0) {
      while (!handle.done())
        std::this_thread::yield();
    }
    world.reset();
    one.join();
    other.join();
    EXPECT_THROW(handle.get(), cancelled);
  }
}

task<int> work(int value) {
  const counted frame;
  co_await yield();
  const int same = co_await blocking([&value] { return value; });
  co_return same;
}

// Joins tasks of another runtime, which may stop at any time.
task<> visit(std::shared_ptr<runtime> there, std::atomic<int>& refused) {
  const counted frame;
  for (int i = 0; i < 50; ++i) {
    try {
      auto handle = there->spawn(work(i));
      const int got = co_await handle;
      EXPECT_EQ(got, i);
    } catch (const stopped&) {
      ++refused;
      co_return;
    } catch (const cancelled&) {
      ++refused;
    }
  }
}

TEST_P(shutdown_storm, joined_across_runtimes) {
  std::atomic<int> refused{0};
  std::mt19937 random(1);  // NOLINT(cert-msc51-cpp): a fixed seed.
  for (int round = 0; round < 30; ++round) {
    runtime here(options().workers(GetParam()));
    auto there = std::make_shared<runtime>(options().workers(2));
    std::vector<join_handle<>> visitors;
    for (int i = 0; i < 4; ++i)
      visitors.push_back(here.spawn(visit(there, refused)));
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 3000));
    there->shutdown();
    if (round % 2 == 0) here.shutdown();
    for (join_handle<>& visitor : visitors) {
      try {
        visitor.get();
      } catch (const cancelled&) {
      }
    }
  }
  EXPECT_EQ(counted::live(), 0);
}

// Many short lives, one after the other and beside each other.
TEST_P(shutdown_storm, runtimes_that_come_and_go) {
  std::vector<std::thread> owners;
  for (int owner = 0; owner < 3; ++owner) {
    owners.emplace_back([workers = GetParam()] {
      for (int round = 0; round < 50; ++round) {
        runtime world(options().workers(workers));
        for (int i = 0; i < 5; ++i)
          world.spawn(sleep_long()).detach();
        EXPECT_EQ(world.run(work(round)), round);
      }
    });
  }
  for (std::thread& owner : owners)
    owner.join();
  EXPECT_EQ(counted::live(), 0);
}

}  // namespace
}  // namespace magpie
