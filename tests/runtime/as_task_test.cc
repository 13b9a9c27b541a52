// What takes tasks takes everything else that can be awaited as well.
#include "magpie/runtime/as_task.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include "magpie/runtime/cancel_scope.h"
#include "magpie/runtime/error.h"
#include "magpie/runtime/event.h"
#include "magpie/runtime/first_of.h"
#include "magpie/runtime/gather.h"
#include "magpie/runtime/mutex.h"
#include "magpie/runtime/outcome.h"
#include "magpie/runtime/queue.h"
#include "magpie/runtime/retry.h"
#include "magpie/runtime/semaphore.h"
#include "magpie/runtime/sleep.h"
#include "magpie/runtime/spawn.h"
#include "magpie/runtime/stop_token.h"
#include "magpie/runtime/testing/cancel_sweep.h"
#include "magpie/runtime/testing/simulation.h"
#include "magpie/runtime/timeout.h"
#include "magpie/tests/runtime/ends_cancelled.h"
#include "magpie/tests/runtime/leftovers.h"

namespace magpie::testing {
namespace as_task_test {

using namespace std::chrono_literals;

task<int> after_a_second(int result) {
  const counted frame;
  co_await sleep_for(1s);
  co_return result;
}

task<int> fails() {
  co_await sleep_for(1s);
  throw std::runtime_error("failed");
}

class as_task_test : public over_workers {
 protected:
  static void play(task<> body) {
    simulate(std::move(body), simulation_options().workers(GetParam()).seed(GetParam()));
  }
};
MAGPIE_OVER_WORKERS(as_task_test);

TEST_P(as_task_test, gives_what_the_operation_gives) {
  auto body = []() -> task<> {
    queue<std::unique_ptr<int>> items;
    items.try_put(std::make_unique<int>(7));
    std::vector<task<std::unique_ptr<int>>> many;
    many.push_back(as_task(items.get()));
    const std::unique_ptr<int> item = co_await std::move(many[0]);
    EXPECT_EQ(*item, 7);
    auto handle = spawn(after_a_second(3));
    auto from_name = as_task(handle);
    const int three = co_await std::move(from_name);
    EXPECT_EQ(three, 3);
    EXPECT_FALSE(handle.valid()) << "it was the handle itself";
    const int four = co_await as_task(after_a_second(4));
    EXPECT_EQ(four, 4);
    static_assert(std::is_same_v<decltype(as_task(sleep_for(1s))), task<>>);
  };
  play(body());
}

TEST_P(as_task_test, gather_takes_a_mixture) {
  auto body = []() -> task<> {
    event raised;
    const auto start = clock::now();
    auto raise = [&]() -> task<> {
      co_await sleep_for(500ms);
      raised.set();
    };
    auto handle = spawn(after_a_second(2));
    const auto [one, nothing, two, tuple, raised_it] =
        co_await gather(after_a_second(1), raised.wait(), handle,
                        gather(after_a_second(3), with_timeout(5s, after_a_second(4))), raise());
    (void)nothing;
    (void)raised_it;
    EXPECT_EQ(one, 1);
    EXPECT_EQ(two, 2);
    EXPECT_EQ(tuple, std::tuple(3, 4));
    EXPECT_EQ(clock::now() - start, 1s);
    co_await gather(sleep_for(2s), sleep_for(1s));
    EXPECT_EQ(clock::now() - start, 3s);
  };
  play(body());
}

// asyncio: gather(*tasks).
TEST_P(as_task_test, gather_takes_the_handles_of_spawned_tasks) {
  auto body = []() -> task<> {
    std::vector<join_handle<int>> handles;
    for (int i = 0; i < 5; ++i)
      handles.push_back(spawn(after_a_second(i)));
    const std::vector<int> all = co_await gather(handles);
    EXPECT_EQ(all, (std::vector<int>{0, 1, 2, 3, 4}));
    handles.clear();
    for (int i = 0; i < 5; ++i)
      handles.push_back(spawn(i == 2 ? fails() : after_a_second(i)));
    const auto outcomes = co_await gather(return_exceptions, handles);
    EXPECT_EQ(outcomes[1].value(), 1);
    EXPECT_FALSE(outcomes[2].has_value());
    std::vector<join_handle<int>> moved;
    for (int i = 0; i < 3; ++i)
      moved.push_back(spawn(after_a_second(i)));
    const std::vector<int> few = co_await gather(at_most(2), std::move(moved));
    EXPECT_EQ(few, (std::vector<int>{0, 1, 2}));
  };
  play(body());
}

// A failure ends the waits, and not the tasks that are waited for.
TEST_P(as_task_test, a_spawned_task_survives_the_gather_that_waits_for_it) {
  auto body = []() -> task<> {
    auto slow = []() -> task<int> {
      co_await sleep_for(5s);
      co_return 5;
    };
    auto handle = spawn(slow());
    std::string said;
    try {
      co_await gather(handle, fails());
    } catch (const std::runtime_error& error) {
      said = error.what();
    }
    EXPECT_EQ(said, "failed");
    EXPECT_TRUE(handle.valid());
    const int result = co_await handle;
    EXPECT_EQ(result, 5);
  };
  play(body());
}

TEST_P(as_task_test, a_limit_around_an_operation) {
  auto body = []() -> task<> {
    queue<int> items;
    mutex lock;
    bool late = false;
    try {
      co_await with_timeout(1s, items.get());
    } catch (const timeout_error&) {
      late = true;
    }
    EXPECT_TRUE(late);
    items.try_put(1);
    const int item = co_await with_timeout(1s, items.get());
    EXPECT_EQ(item, 1);
    {
      const mutex_guard held = co_await with_timeout(1s, lock.lock());
      const bool again = (co_await move_on_after(1s, lock.lock())).has_value();
      EXPECT_FALSE(again);
    }
    EXPECT_TRUE(lock.try_lock().has_value());
    const auto both = co_await with_timeout(5s, gather(after_a_second(1), after_a_second(2)));
    EXPECT_EQ(both, std::tuple(1, 2));
    auto makes_seven = []() -> task<int> { co_return co_await after_a_second(7); };
    const int seven = co_await with_timeout(2s, makes_seven);
    EXPECT_EQ(seven, 7);
    auto waits = [&]() -> task<> { co_await items.get(); };
    const bool ended = co_await move_on_after(1s, waits);
    EXPECT_FALSE(ended);
    auto handle = spawn(after_a_second(3));
    late = false;
    try {
      co_await with_timeout(1ms, handle);
    } catch (const timeout_error&) {
      late = true;
    }
    EXPECT_TRUE(late);
    const int three = co_await with_timeout(2s, handle);
    EXPECT_EQ(three, 3) << "the wait ended, and not the task";
  };
  play(body());
}

TEST_P(as_task_test, the_others_take_operations_too) {
  auto body = []() -> task<> {
    queue<int> items;
    items.try_put(1);
    const auto first = co_await first_of(sleep_for(1s), items.get());
    EXPECT_EQ(std::get<1>(first), 1);
    std::vector<join_handle<int>> handles;
    handles.push_back(spawn(after_a_second(1)));
    const first_result<int> one = co_await first_of(handles);
    EXPECT_EQ(one.value, 1);
    const auto failure = co_await outcome_of(gather(fails(), after_a_second(1)));
    EXPECT_FALSE(failure.has_value());
    co_await shield(sleep_for(1s));
    cancel_scope scope;
    items.try_put(2);
    const std::optional<int> two = co_await scope.run(items.get());
    EXPECT_EQ(two, 2);
    std::stop_source stop;
    stop.request_stop();
    const bool slept = co_await with_stop_token(stop.get_token(), sleep_for(1h));
    EXPECT_FALSE(slept);
    int attempts = 0;
    auto attempt = [&] {
      ++attempts;
      return with_timeout(1s, attempts < 3 ? fails() : after_a_second(attempts));
    };
    bool gave_up = false;
    try {
      co_await retry(retry_policy().attempts(2), attempt);
    } catch (const std::exception&) {
      gave_up = true;
    }
    EXPECT_TRUE(gave_up);
    EXPECT_EQ(attempts, 2);
  };
  play(body());
}

// An item goes to the caller or stays, whenever the limit and the item meet.
TEST_P(as_task_test, nothing_is_lost_when_it_is_cancelled) {
  queue<int> items;
  int received = 0;
  auto takes = [&]() -> task<> {
    const counted frame;
    const auto item = co_await move_on_after(2ms, items.get());
    if (item) received += *item;
  };
  const auto puts = [&]() -> task<> {
    co_await sleep_for(2ms);
    co_await items.put(1);
  };
  const std::size_t moments = cancel_sweep(
      simulation_options().workers(GetParam()),
      [&](simulation& world) {
        received = 0;
        cast players;
        players.victim = world.spawn(takes());
        players.others.push_back(world.spawn(puts()));
        return players;
      },
      [&] {
        const int left = items.try_get().value_or(0);
        EXPECT_EQ(received + left, 1);
        EXPECT_EQ(counted::live(), 0);
      });
  EXPECT_GT(moments, 3U);
}

}  // namespace as_task_test
}  // namespace magpie::testing
