// That select() loses and doubles nothing: at every moment of a cancellation, in many schedules.
#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <utility>
#include <variant>
#include <vector>

#include "magpie/runtime/channel.h"
#include "magpie/runtime/error.h"
#include "magpie/runtime/event.h"
#include "magpie/runtime/gather.h"
#include "magpie/runtime/select.h"
#include "magpie/runtime/sleep.h"
#include "magpie/runtime/spawn.h"
#include "magpie/runtime/testing/cancel_sweep.h"
#include "magpie/runtime/testing/simulation.h"
#include "magpie/tests/runtime/leftovers.h"
#include "magpie/tests/runtime/schedules.h"

namespace magpie::testing {
namespace select_cancellation_test {

using namespace std::chrono_literals;

class select_cancellation_test : public over_workers {};
MAGPIE_OVER_WORKERS(select_cancellation_test);

TEST_P(select_cancellation_test, nothing_is_lost_with_the_task) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    std::size_t taken = 0;
    std::size_t left = 0;
    auto [to_first, first] = make_channel<int>(2);
    auto [to_second, second] = make_channel<int>(0);
    auto taker = [&](channel_receiver<int> one, channel_receiver<int> other) -> task<> {
      const counted frame;
      for (int i = 0; i < 6; ++i) {
        const auto got = co_await select(one.receive(), other.receive(), sleep_for(5ms));
        if (got.index() < 2) ++taken;
      }
    };
    auto giver = [&](channel_sender<int> to) -> task<> {
      const counted frame;
      for (int i = 0; i < 4; ++i)
        co_await to.send(i);
    };
    auto rest = [&](channel_receiver<int> from) -> task<> {
      for (;;) {
        const auto got = co_await select(from.receive(), sleep_for(1s));
        if (got.index() == 1) break;
        ++left;
      }
    };
    auto begin = [&](simulation& world) {
      taken = left = 0;
      cast players;
      players.victim = world.spawn(taker(first, second));
      players.others.push_back(world.spawn(giver(to_first)));
      players.others.push_back(world.spawn(giver(to_second)));
      players.others.push_back(world.spawn([](task<> a, task<> b) -> task<> {
        co_await sleep_for(1s);  // The victim has gone.
        co_await gather(std::move(a), std::move(b));
      }(rest(first), rest(second))));
      return players;
    };
    auto check = [&] {
      ASSERT_EQ(taken + left, 8U);
      ASSERT_EQ(counted::live(), 0);
    };
    const auto settings = simulation_options().workers(GetParam()).seed(seed);
    EXPECT_GT(cancel_sweep(settings, begin, check), 5U);
  }
}

// Senders that select: what they have not sent, they still have.
TEST_P(select_cancellation_test, senders_keep_what_is_not_sent) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    std::size_t kept = 0;
    std::size_t received = 0;
    auto sender = [&](channel_sender<std::unique_ptr<counted>> one,
                      channel_sender<std::unique_ptr<counted>> other) -> task<> {
      for (int i = 0; i < 4; ++i) {
        auto item = std::make_unique<counted>();
        try {
          co_await select(one.send(std::move(item)), other.send(std::move(item)));
        } catch (const cancelled&) {
          if (item != nullptr) ++kept;
          throw;
        }
        EXPECT_EQ(item, nullptr);
      }
    };
    auto receiver = [&](channel_receiver<std::unique_ptr<counted>> from) -> task<> {
      for (;;) {
        const auto got = co_await from.receive();
        if (!got) break;
        EXPECT_NE(*got, nullptr);
        ++received;
      }
    };
    auto begin = [&](simulation& world) {
      kept = received = 0;
      auto [to_one, one] = make_channel<std::unique_ptr<counted>>(0);
      auto [to_other, other] = make_channel<std::unique_ptr<counted>>(1);
      cast players;
      players.victim = world.spawn(sender(std::move(to_one), std::move(to_other)));
      players.others.push_back(world.spawn(receiver(std::move(one))));
      players.others.push_back(world.spawn(receiver(std::move(other))));
      return players;
    };
    auto check = [&] {
      ASSERT_LE(received + kept, 4U);
      ASSERT_EQ(counted::live(), 0);
    };
    const auto settings = simulation_options().workers(GetParam()).seed(seed);
    EXPECT_GT(cancel_sweep(settings, begin, check), 3U);
  }
}

// On real threads, too: every item that is sent is received once, whoever selects where, while
// some are cancelled.
TEST_P(select_cancellation_test, storms) {
  constexpr std::size_t channels = 3;
  constexpr std::uint64_t items = 200;
  auto send_all = [](std::vector<channel_sender<std::uint64_t>> to, std::uint64_t seed) -> task<> {
    std::minstd_rand choose(static_cast<unsigned>(seed));
    for (std::uint64_t i = 0; i < items; ++i) {
      const std::size_t one = choose() % channels;
      co_await select(to[one].send(i), to[(one + 1) % channels].send(i));
    }
  };
  auto receive_all = [](std::vector<channel_receiver<std::uint64_t>> from,
                        std::uint64_t& sum) -> task<> {
    bool open[channels] = {true, true, true};
    for (;;) {
      // A closed channel is always possible, so it is left out.
      if (!open[0] && !open[1] && !open[2]) break;
      if (open[0] && open[1] && open[2]) {
        const auto got = co_await select(from[0].receive(), from[1].receive(), from[2].receive());
        std::visit(
            [&](const auto& item) {
              if (item) {
                sum += *item;
              } else {
                open[got.index()] = false;
              }
            },
            got);
        continue;
      }
      const std::size_t which = open[0] ? 0 : (open[1] ? 1 : 2);
      const auto item = co_await from[which].receive();
      if (item) {
        sum += *item;
      } else {
        open[which] = false;
      }
    }
  };
  // Takes part in the waiting, and never in the taking.
  auto disturb = [](std::vector<channel_receiver<std::uint64_t>> from) -> task<> {
    for (int i = 0; i < 50; ++i) {
      auto victim = spawn([](channel_receiver<std::uint64_t> one) -> task<> {
        event never;
        co_await select(never.wait(), sleep_for(1h));
        co_await one.receive();
      }(from[0]));
      co_await yield();
      victim.cancel();
      victim.detach();
    }
  };
  auto body = [&]() -> task<> {
    std::vector<channel_sender<std::uint64_t>> senders;
    std::vector<channel_receiver<std::uint64_t>> receivers;
    for (std::size_t i = 0; i < channels; ++i) {
      auto [sender, receiver] = make_channel<std::uint64_t>(i);
      senders.push_back(std::move(sender));
      receivers.push_back(std::move(receiver));
    }
    std::uint64_t sums[2] = {};
    auto first = spawn(receive_all(receivers, sums[0]));
    auto second = spawn(receive_all(receivers, sums[1]));
    auto noise = spawn(disturb(receivers));
    co_await gather(send_all(senders, 1), send_all(senders, 2), send_all(senders, 3));
    senders.clear();
    co_await first;
    co_await second;
    co_await noise;
    EXPECT_EQ(sums[0] + sums[1], 3 * items * (items - 1) / 2);
  };
  in_many_orders(GetParam(), body);
}

}  // namespace select_cancellation_test
}  // namespace magpie::testing
