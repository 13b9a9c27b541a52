// Channels whose users are cancelled at any moment, and against a model.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "magpie/runtime/channel.h"
#include "magpie/runtime/error.h"
#include "magpie/runtime/sleep.h"
#include "magpie/runtime/spawn.h"
#include "magpie/runtime/testing/cancel_sweep.h"
#include "magpie/runtime/testing/simulation.h"
#include "magpie/tests/runtime/exchange_model.h"
#include "magpie/tests/runtime/leftovers.h"
#include "magpie/tests/runtime/seeds.h"

namespace magpie::testing {
namespace channel_cancellation_test {

using namespace std::chrono_literals;

using item = std::unique_ptr<int>;

class channel_cancellation_test : public over_workers {};
MAGPIE_OVER_WORKERS(channel_cancellation_test);

// It has what was handed to it before; after that it cannot wait.
TEST(channel_cancel_test, a_cancellation_that_comes_too_late) {
  auto stubborn = [](channel_receiver<int> from, int& got) -> task<> {
    try {
      for (;;) {
        co_await from.receive();
        ++got;
      }
    } catch (const cancelled&) {
    }
  };
  auto body = [&]() -> task<> {
    auto [sender, receiver] = make_channel<int>(3);
    int got = 0;
    auto task = spawn(stubborn(receiver, got));
    co_await sleep_for(1s);
    for (int i = 0; i < 3; ++i)
      EXPECT_EQ(sender.try_send(i), send_status::sent);
    task.cancel();
    co_await task;
    EXPECT_EQ(got, 1);
    EXPECT_EQ(receiver.size(), 2U);
  };
  simulate(body());
}

struct scene {
  std::vector<int> attempted;
  std::vector<int> arrived;  // Or still with the sender.
};

task<> send_some(channel_sender<item> to, scene& of, int from) {
  for (int i = from; i < from + 3; ++i) {
    item mine = std::make_unique<int>(i);
    of.attempted.push_back(i);
    try {
      co_await to.send(std::move(mine));
    } catch (const cancelled&) {
      EXPECT_NE(mine, nullptr) << i;
      if (mine != nullptr) of.arrived.push_back(*mine);
      throw;
    }
    EXPECT_EQ(mine, nullptr);
  }
}

task<> receive_some(channel_receiver<item> from, scene& of) {
  for (;;) {
    const std::optional<item> next = co_await from.receive();
    if (!next) break;
    of.arrived.push_back(**next);
    co_await yield();
  }
}

void sweep(std::size_t workers, std::size_t capacity, bool cancel_sender) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed) + ", capacity " + std::to_string(capacity));
    scene all;
    auto begin = [&](simulation& world) {
      all = scene();
      auto [sender, receiver] = make_channel<item>(capacity);
      cast players;
      players.others.push_back(world.spawn(receive_some(receiver, all)));
      players.others.push_back(world.spawn(send_some(sender, all, 0)));
      players.victim = cancel_sender ? world.spawn(send_some(sender, all, 10))
                                     : world.spawn(receive_some(receiver, all));
      players.others.push_back(world.spawn(send_some(sender, all, 20)));
      players.others.push_back(world.spawn(receive_some(receiver, all)));
      return players;
    };
    auto check = [&] {
      std::sort(all.attempted.begin(), all.attempted.end());
      std::sort(all.arrived.begin(), all.arrived.end());
      ASSERT_EQ(all.attempted, all.arrived);
    };
    EXPECT_GT(cancel_sweep(simulation_options().workers(workers).seed(seed), begin, check), 2U);
  }
}

TEST_P(channel_cancellation_test, loses_nothing_when_a_sender_is_cancelled_at_any_moment) {
  for (const std::size_t capacity : {0U, 1U, 2U})
    sweep(GetParam(), capacity, true);
}

TEST_P(channel_cancellation_test, loses_nothing_when_a_receiver_is_cancelled_at_any_moment) {
  for (const std::size_t capacity : {0U, 1U, 2U})
    sweep(GetParam(), capacity, false);
}

// ------------------------------------------------------------------------------------ a model

task<> put_for_model(channel_sender<int> to, int what,
                     std::shared_ptr<exchange_model::outcome> result) {
  co_await to.send(what);
  result->ended = true;
}

task<> get_for_model(channel_receiver<int> from, std::shared_ptr<exchange_model::outcome> result) {
  result->got = co_await from.receive();
  result->ended = true;
}

TEST(channel_model_test, does_what_lists_do) {
  for (const std::size_t capacity : {0U, 1U, 3U, 12U}) {
    SCOPED_TRACE("capacity " + std::to_string(capacity));
    for_seeds(rounds_of(3 * 1000), [&](std::uint64_t seed) {
      auto ends = make_channel<int>(capacity);
      exchange_model model;
      model.capacity = capacity;
      model.put = [&](int what, auto result) { return put_for_model(ends.sender, what, result); };
      model.get = [&](auto result) { return get_for_model(ends.receiver, result); };
      model.try_put = [&](int what) { return ends.sender.try_send(what) == send_status::sent; };
      model.try_get = [&] { return ends.receiver.try_receive(); };
      model.size = [&] { return ends.receiver.size(); };
      simulate(model.play(seed, 1000), simulation_options().workers(2).seed(seed));
    });
  }
}

}  // namespace channel_cancellation_test
}  // namespace magpie::testing
