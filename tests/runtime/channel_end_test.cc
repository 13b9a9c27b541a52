// Channels that are closed, by either side, and what is left in them.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "magpie/runtime/channel.h"
#include "magpie/runtime/error.h"
#include "magpie/runtime/sleep.h"
#include "magpie/runtime/spawn.h"
#include "magpie/runtime/testing/simulation.h"
#include "magpie/tests/runtime/channel_users.h"
#include "magpie/tests/runtime/leftovers.h"
#include "magpie/tests/runtime/schedules.h"

namespace magpie::testing {
namespace channel_end_test {

class channel_end_test : public over_workers {};
MAGPIE_OVER_WORKERS(channel_end_test);

TEST(channel_close_test, receivers_drain_what_is_left) {
  for (const bool explicitly : {false, true}) {
    auto body = [](bool close) -> task<> {
      auto [sender, receiver] = make_channel<int>(3);
      for (int i = 0; i < 3; ++i)
        EXPECT_EQ(sender.try_send(i), send_status::sent);
      if (close) {
        sender.close();
        EXPECT_EQ(sender.try_send(9), send_status::closed);
      } else {
        channel_sender<int> copy = sender;
        {
          const channel_sender<int> gone = std::move(sender);
        }
        EXPECT_FALSE(receiver.closed());
        {
          const channel_sender<int> gone = std::move(copy);
        }
      }
      EXPECT_TRUE(receiver.closed());
      for (int i = 0; i < 3; ++i) {
        const std::optional<int> got = co_await receiver.receive();
        EXPECT_EQ(got, i);
      }
      for (int i = 0; i < 2; ++i) {
        const std::optional<int> got = co_await receiver.receive();
        EXPECT_EQ(got, std::nullopt);
      }
    };
    simulate(body(explicitly));
  }
}

TEST_P(channel_end_test, closing_wakes_all_receivers) {
  auto body = []() -> task<> {
    auto [sender, receiver] = make_channel<item>(1);
    std::vector<join_handle<std::vector<int>>> receivers;
    for (int i = 0; i < 5; ++i)
      receivers.push_back(spawn(receive_all(receiver)));
    co_await yield();
    {
      const channel_sender<item> last = std::move(sender);
    }
    for (auto& r : receivers) {
      const std::vector<int> got = co_await r;
      EXPECT_TRUE(got.empty());
    }
  };
  in_many_orders(GetParam(), body);
}

// Who waits with an item keeps it, whichever side closes.
task<> send_and_keep(channel_sender<item> to, int what, std::vector<int>& kept) {
  item mine = std::make_unique<int>(what);
  try {
    co_await to.send(std::move(mine));
  } catch (const channel_closed&) {
    kept.push_back(mine == nullptr ? -1 : *mine);
  }
}

TEST_P(channel_end_test, closing_gives_senders_their_items_back) {
  auto body = [](int how, std::size_t capacity) -> task<> {
    std::vector<int> kept;
    std::vector<join_handle<>> senders;
    {
      auto [sender, receiver] = make_channel<item>(capacity);
      for (std::size_t i = 0; i < capacity; ++i)
        EXPECT_EQ(sender.try_send(std::make_unique<int>(99)), send_status::sent);
      for (int i = 0; i < 3; ++i)
        senders.push_back(spawn(send_and_keep(sender, i, kept)));
      for (int i = 0; i < 10; ++i)
        co_await yield();
      if (how == 0) sender.close();
      if (how == 1) receiver.close();
    }
    for (auto& s : senders)
      co_await s;
    std::sort(kept.begin(), kept.end());
    EXPECT_EQ(kept, range(3));
  };
  for (const int how : {0, 1, 2}) {
    for (const std::size_t capacity : {0U, 2U}) {
      SCOPED_TRACE(std::to_string(how) + ", capacity " + std::to_string(capacity));
      in_simulated_orders(GetParam(), [&] { return body(how, capacity); });
    }
  }
}

TEST(channel_close_test, what_is_refused_stays_with_the_sender) {
  auto [sender, receiver] = make_channel<item>(1);
  item first = std::make_unique<int>(1);
  item second = std::make_unique<int>(2);
  EXPECT_EQ(sender.try_send(std::move(first)), send_status::sent);
  EXPECT_EQ(first, nullptr);
  EXPECT_EQ(sender.try_send(std::move(second)), send_status::full);
  ASSERT_NE(second, nullptr);
  {
    const channel_receiver<item> gone = std::move(receiver);
  }
  EXPECT_TRUE(sender.closed());
  EXPECT_EQ(sender.size(), 0U);
  EXPECT_EQ(sender.try_send(std::move(second)), send_status::closed);
  EXPECT_NE(second, nullptr);
  auto [to, from] = make_unbounded_channel<item>();
  {
    const channel_receiver<item> gone = std::move(from);
  }
  EXPECT_THROW(to.send(std::move(second)), channel_closed);
  EXPECT_NE(second, nullptr);
}

TEST(channel_close_test, an_empty_handle_is_told) {
  auto [sender, receiver] = make_channel<int>(1);
  const channel_sender<int> kept = std::move(sender);
  const channel_receiver<int> kept_too = std::move(receiver);
  EXPECT_FALSE(sender.valid());    // NOLINT(bugprone-use-after-move)
  EXPECT_FALSE(receiver.valid());  // NOLINT(bugprone-use-after-move)
  EXPECT_THROW(sender.try_send(1), usage_error);
  EXPECT_THROW((void)sender.send(1), usage_error);
  EXPECT_THROW((void)receiver.receive(), usage_error);
  EXPECT_THROW(receiver.try_receive(), usage_error);
  EXPECT_THROW(receiver.close(), usage_error);
  EXPECT_TRUE(kept.valid() && kept_too.valid());
  EXPECT_FALSE(kept.closed());
}

}  // namespace channel_end_test
}  // namespace magpie::testing
