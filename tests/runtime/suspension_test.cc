#include "magpie/runtime/suspension.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <coroutine>
#include <functional>
#include <thread>
#include <utility>

#include "magpie/runtime/internal/promise.h"
#include "magpie/runtime/run.h"
#include "magpie/runtime/sleep.h"
#include "magpie/runtime/spawn.h"
#include "magpie/runtime/testing/simulation.h"
#include "magpie/tests/runtime/leftovers.h"

namespace magpie::testing {
namespace suspension_test {

using namespace std::chrono_literals;

// Waits for whatever `source` does with it.
class hand_over : public suspension {
 public:
  explicit hand_over(std::function<void(hand_over&)> source) : source_(std::move(source)) {}

  static bool await_ready() noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> who) {
    if (!arm(who.promise())) return false;
    source_(*this);
    return true;
  }
  outcome await_resume() noexcept { return disarm(); }

 private:
  std::function<void(hand_over&)> source_;
};

class suspension_test : public runtime_test {};

// Whether the task is resumed while await_suspend() has not returned yet. `wake` runs on another
// thread.
bool resumed_too_early(const std::function<void(suspension&, join_handle<>&)>& wake) {
  struct shared {
    std::atomic<bool> started{false};
    std::atomic<bool> resumed{false};
    std::atomic<bool> too_early{false};
    std::atomic<bool> suspended{false};
    std::atomic<suspension*> waiting{nullptr};
  } state;

  runtime workers(options().workers(2));
  auto body = [&state]() -> task<> {
    const counted frame;
    hand_over waiting([&state](hand_over& handed) {
      state.waiting = &handed;
      state.started = true;
      const auto until = std::chrono::steady_clock::now() + 100ms;
      while (std::chrono::steady_clock::now() < until && !state.resumed)
        std::this_thread::yield();
      state.too_early = state.resumed.load();
      state.suspended = true;
    });
    co_await waiting;
    state.resumed = true;
  };
  join_handle<> handle = workers.spawn(body());
  while (!state.started)
    std::this_thread::yield();
  wake(*state.waiting.load(), handle);
  handle.get();
  while (!state.suspended)
    std::this_thread::yield();
  EXPECT_TRUE(state.resumed);
  return state.too_early;
}

TEST_F(suspension_test, cancelled_before_it_has_suspended_goes_on_only_afterwards) {
  EXPECT_FALSE(resumed_too_early([](suspension&, join_handle<>& handle) { handle.cancel(); }));
}

TEST_F(suspension_test, completed_before_it_has_suspended_goes_on_only_afterwards) {
  EXPECT_FALSE(resumed_too_early([](suspension& waiting, join_handle<>&) {
    ASSERT_TRUE(waiting.claim(suspension::outcome::completed));
    waiting.resume();
  }));
}

TEST_F(suspension_test, listed_as_ready_before_it_has_suspended_goes_on_only_afterwards) {
  EXPECT_FALSE(resumed_too_early([](suspension& waiting, join_handle<>&) {
    ready_list ready;
    ASSERT_TRUE(waiting.claim(suspension::outcome::completed));
    ready.add(waiting);
    ready.resume_all();
    EXPECT_TRUE(ready.empty());
  }));
}

// A source may list it while it still needs its own lock, or itself: nothing goes on before
// resume_all().
TEST_F(suspension_test, listed_as_ready_it_waits_for_resume_all) {
  ready_list ready;
  bool went_on = false;
  auto body = [&]() -> task<> {
    hand_over waiting([&ready](hand_over& handed) {
      ASSERT_TRUE(handed.claim(suspension::outcome::completed));
      ready.add(handed);
    });
    co_await waiting;
    went_on = true;
  };
  simulation world;
  auto handle = world.spawn(body());
  while (world.turn()) {
  }
  EXPECT_FALSE(went_on);
  EXPECT_FALSE(ready.empty());
  ready.resume_all();
  world.run_until([&handle] { return handle.done(); });
  EXPECT_TRUE(went_on);
}

// The source wins while the task suspends: on the worker itself, inside await_suspend().
TEST_F(suspension_test, completed_by_its_own_source_at_once) {
  auto body = []() -> task<suspension::outcome> {
    hand_over waiting([](hand_over& handed) {
      ASSERT_TRUE(handed.claim(suspension::outcome::completed));
      handed.resume();
    });
    co_return co_await waiting;
  };
  EXPECT_EQ(run(body(), options().workers(1)), suspension::outcome::completed);
}

// Arms, finds that it need not wait, and goes on in the same turn, in which others suspend.
class not_after_all : public suspension {
 public:
  static bool await_ready() noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> who) noexcept {
    return arm(who.promise()) && !claim(outcome::completed);
  }
  outcome await_resume() noexcept { return disarm(); }
};

TEST_F(suspension_test, not_suspended_after_all) {
  auto body = []() -> task<int> {
    int completed = 0;
    for (int i = 0; i < 3; ++i) {
      {
        not_after_all awaiter;
        const suspension::outcome how = co_await awaiter;
        completed += how == suspension::outcome::completed ? 1 : 0;
      }
      co_await yield();
    }
    co_return completed;
  };
  EXPECT_EQ(run(body(), options().workers(1)), 3);
}

TEST_F(suspension_test, exactly_one_claim_wins) {
  auto body = []() -> task<suspension::outcome> {
    hand_over waiting([](hand_over& handed) {
      EXPECT_TRUE(handed.claim(suspension::outcome::timed_out));
      EXPECT_FALSE(handed.claim(suspension::outcome::completed));
      EXPECT_FALSE(handed.claim(suspension::outcome::cancelled));
      handed.resume();
    });
    co_return co_await waiting;
  };
  EXPECT_EQ(run(body(), options().workers(1)), suspension::outcome::timed_out);
}

}  // namespace suspension_test
}  // namespace magpie::testing
