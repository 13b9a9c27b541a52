// Queues whose users are cancelled at any moment, and against a model.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "magpie/runtime/error.h"
#include "magpie/runtime/queue.h"
#include "magpie/runtime/sleep.h"
#include "magpie/runtime/spawn.h"
#include "magpie/runtime/testing/cancel_sweep.h"
#include "magpie/runtime/testing/simulation.h"
#include "magpie/tests/runtime/exchange_model.h"
#include "magpie/tests/runtime/leftovers.h"
#include "magpie/tests/runtime/queue_users.h"
#include "magpie/tests/runtime/seeds.h"

namespace magpie::testing {
namespace queue_cancellation_test {

using namespace std::chrono_literals;

class queue_cancellation_test : public over_workers {};
MAGPIE_OVER_WORKERS(queue_cancellation_test);

struct scene {
  explicit scene(std::size_t most) : of(most) {}
  queue<item> of;
  std::vector<int> attempted;
  std::vector<int> arrived;  // Or still with who wanted to put them.
};

task<> put_some(scene& all, int from) {
  for (int i = from; i < from + 3; ++i) {
    item mine = std::make_unique<int>(i);
    all.attempted.push_back(i);
    try {
      co_await all.of.put(std::move(mine));
    } catch (const cancelled&) {
      if (mine != nullptr) all.arrived.push_back(*mine);
      throw;
    }
  }
}

// Shuts the queue down when all that these put has been worked on.
task<> play_scene(scene& all) {
  auto gets = spawn(get_all(all.of, all.arrived));
  auto a = spawn(put_some(all, 0));
  auto b = spawn(put_some(all, 20));
  co_await a;
  co_await b;
  co_await sleep_for(1s);  // The victim has had its chance.
  co_await all.of.join();
  all.of.shutdown();
  co_await gets;
}

TEST_P(queue_cancellation_test, loses_nothing_when_somebody_is_cancelled_at_any_moment) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    for (const bool cancel_putter : {true, false}) {
      SCOPED_TRACE("seed " + std::to_string(seed) + (cancel_putter ? ", put" : ", get"));
      std::optional<scene> all;
      auto begin = [&](simulation& world) {
        all.emplace(1);
        cast players;
        players.victim = cancel_putter ? world.spawn(put_some(*all, 10))
                                       : world.spawn(get_all(all->of, all->arrived));
        players.others.push_back(world.spawn(play_scene(*all)));
        return players;
      };
      auto check = [&] {
        std::sort(all->attempted.begin(), all->attempted.end());
        std::sort(all->arrived.begin(), all->arrived.end());
        ASSERT_EQ(all->attempted, all->arrived);
      };
      const auto settings = simulation_options().workers(GetParam()).seed(seed);
      EXPECT_GT(cancel_sweep(settings, begin, check), 2U);
    }
  }
}

// ------------------------------------------------------------------------------------ a model

template <class Queue>
task<> put_for_model(Queue& to, int what, std::shared_ptr<exchange_model::outcome> result) {
  co_await to.put(what);
  result->ended = true;
}

template <class Queue>
task<> get_for_model(Queue& from, std::shared_ptr<exchange_model::outcome> result) {
  result->got = co_await from.get();
  result->ended = true;
}

template <class Queue>
void compare_with_lists(std::function<std::size_t(const std::deque<int>&)> next) {
  for (const std::size_t most : {1U, 4U, 12U}) {
    SCOPED_TRACE("at most " + std::to_string(most));
    for_seeds(rounds_of(2 * 1000), [&](std::uint64_t seed) {
      Queue of(most);
      exchange_model model;
      model.capacity = most;
      model.next = next;
      model.put = [&](int what, auto result) { return put_for_model(of, what, result); };
      model.get = [&](auto result) { return get_for_model(of, result); };
      model.try_put = [&](int what) { return of.try_put(what); };
      model.try_get = [&] { return of.try_get(); };
      model.size = [&] { return of.size(); };
      simulate(model.play(seed, 1000), simulation_options().workers(2).seed(seed));
    });
  }
}

TEST(queue_model_test, does_what_lists_do) {
  compare_with_lists<queue<int>>([](const auto&) { return std::size_t{0}; });
  compare_with_lists<lifo_queue<int>>([](const auto& items) { return items.size() - 1; });
  compare_with_lists<priority_queue<int>>([](const auto& items) {
    const auto at = std::min_element(items.begin(), items.end());
    return static_cast<std::size_t>(at - items.begin());
  });
}

}  // namespace queue_cancellation_test
}  // namespace magpie::testing
