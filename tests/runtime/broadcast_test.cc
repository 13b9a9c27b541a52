#include "magpie/runtime/broadcast.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <random>
#include <thread>
#include <utility>
#include <vector>

#include "magpie/runtime/error.h"
#include "magpie/runtime/run.h"
#include "magpie/runtime/sleep.h"
#include "magpie/runtime/spawn.h"
#include "magpie/runtime/testing/cancel_sweep.h"
#include "magpie/runtime/testing/simulation.h"
#include "magpie/tests/runtime/disturbances.h"
#include "magpie/tests/runtime/leftovers.h"
#include "magpie/tests/runtime/schedules.h"
#include "magpie/tests/runtime/seeds.h"

namespace magpie::testing {
namespace broadcast_test {

using namespace std::chrono_literals;

class broadcast_test : public over_workers {};
MAGPIE_OVER_WORKERS(broadcast_test);

using item = std::unique_ptr<int>;

task<> receive_all(broadcast_receiver<item> from, std::vector<int>& got) {
  for (;;) {
    const std::optional<broadcast_item<item>> next = co_await from.receive();
    if (!next) break;
    EXPECT_EQ(next->missed(), 0U);
    got.push_back(***next);
  }
}

task<> send_range(broadcast_sender<item> to, int from, int count) {
  for (int i = from; i < from + count; ++i) {
    to.send(std::make_unique<int>(i));
    co_await yield();
  }
}

std::vector<int> range(int from, int count) {
  std::vector<int> all;
  for (int i = from; i < from + count; ++i)
    all.push_back(i);
  return all;
}

TEST_P(broadcast_test, everybody_sees_everything_in_order) {
  auto body = []() -> task<> {
    auto [sender, receiver] = make_broadcast<item>(100);
    std::vector<std::vector<int>> got(4);
    std::vector<join_handle<>> receivers;
    for (auto& list : got)
      receivers.push_back(spawn(receive_all(receiver, list)));
    co_await send_range(std::move(sender), 0, 50);
    for (auto& r : receivers)
      co_await r;
    for (const auto& list : got)
      EXPECT_EQ(list, range(0, 50));
  };
  in_many_orders(GetParam(), body);
}

TEST_P(broadcast_test, several_senders_are_seen_in_one_order) {
  auto body = []() -> task<> {
    auto [sender, receiver] = make_broadcast<item>(100);
    std::vector<std::vector<int>> got(3);
    std::vector<join_handle<>> all;
    for (auto& list : got)
      all.push_back(spawn(receive_all(receiver, list)));
    all.push_back(spawn(send_range(sender, 0, 20)));
    all.push_back(spawn(send_range(std::move(sender), 20, 20)));
    for (auto& handle : all)
      co_await handle;
    EXPECT_EQ(got[0].size(), 40U);
    EXPECT_EQ(got[0], got[1]);
    EXPECT_EQ(got[0], got[2]);
  };
  in_many_orders(GetParam(), body);
}

// ------------------------------------------------------------------------------------ lag

TEST(broadcast_lag_test, who_is_slow_is_told_and_goes_on_with_the_oldest) {
  auto [sender, slow] = make_broadcast<int>(3);
  EXPECT_FALSE(slow.try_receive().has_value());
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(sender.send(i), 1U);
  broadcast_receiver<int> also = slow;
  EXPECT_EQ(sender.send(3), 2U);
  EXPECT_EQ(sender.send(4), 2U);
  for (auto* receiver : {&slow, &also}) {
    auto first = receiver->try_receive();
    ASSERT_TRUE(first.has_value());
    EXPECT_EQ(**first, 2);
    EXPECT_EQ(first->missed(), 2U);
    auto second = receiver->try_receive();
    EXPECT_EQ(**second, 3);
    EXPECT_EQ(second->missed(), 0U);
  }
  auto body = [&]() -> task<> {
    for (int i = 5; i < 10; ++i)
      sender.send(i);
    const auto next = co_await slow.receive();
    EXPECT_EQ(**next, 7);
    EXPECT_EQ(next->missed(), 3U);
    const auto after = co_await slow.receive();
    EXPECT_EQ(**after, 8);
    EXPECT_EQ(after->missed(), 0U);
  };
  simulate(body());
}

// It has what it was handed, however much is sent before it runs.
TEST(broadcast_lag_test, who_waits_misses_nothing) {
  auto body = []() -> task<> {
    auto [sender, receiver] = make_broadcast<item>(2);
    std::vector<int> got;
    auto receives = spawn(receive_all(receiver, got));
    co_await sleep_for(1s);
    for (int i = 0; i < 3; ++i)
      sender.send(std::make_unique<int>(i));
    {
      const broadcast_sender<item> last = std::move(sender);
    }
    co_await receives;
    EXPECT_EQ(got, range(0, 3));
  };
  simulate(body());
}

TEST(broadcast_lag_test, who_comes_late_sees_what_is_sent_from_then_on) {
  auto [sender, receiver] = make_broadcast<int>(4);
  sender.send(1);
  broadcast_receiver<int> late = sender.subscribe();
  EXPECT_FALSE(late.try_receive().has_value());
  sender.send(2);
  EXPECT_EQ(**late.try_receive(), 2);
  EXPECT_EQ(**receiver.try_receive(), 1);
  {
    const broadcast_receiver<int> gone = std::move(late);
  }
  EXPECT_EQ(sender.send(3), 1U);
}

// ------------------------------------------------------------------------------------ closing

TEST_P(broadcast_test, closing_wakes_all) {
  auto body = [](bool explicitly) -> task<> {
    auto [sender, receiver] = make_broadcast<item>(4);
    std::vector<int> got;
    std::vector<join_handle<>> receivers;
    for (int i = 0; i < 5; ++i)
      receivers.push_back(spawn(receive_all(receiver, got)));
    for (int i = 0; i < 5; ++i)
      co_await yield();
    if (explicitly) {
      sender.close();
    } else {
      const broadcast_sender<item> last = std::move(sender);
    }
    for (auto& r : receivers)
      co_await r;
    EXPECT_TRUE(got.empty());
    EXPECT_TRUE(receiver.closed());
  };
  in_many_orders(GetParam(), [&] { return body(true); });
  in_many_orders(GetParam(), [&] { return body(false); });
}

TEST(broadcast_close_test, what_was_sent_is_seen) {
  auto body = []() -> task<> {
    auto [sender, receiver] = make_broadcast<int>(4);
    sender.send(1);
    sender.close();
    EXPECT_THROW(sender.send(2), channel_closed);
    const auto first = co_await receiver.receive();
    EXPECT_EQ(**first, 1);
    const auto second = co_await receiver.receive();
    EXPECT_FALSE(second.has_value());
    EXPECT_FALSE(receiver.try_receive().has_value());
  };
  simulate(body());
}

TEST(broadcast_close_test, misuse_is_told) {
  EXPECT_THROW(make_broadcast<int>(0), usage_error);
  auto [sender, receiver] = make_broadcast<int>(1);
  const auto to = std::move(sender);
  const auto from = std::move(receiver);
  EXPECT_TRUE(to.valid() && from.valid());
  EXPECT_THROW(sender.send(1), usage_error);  // NOLINT(bugprone-use-after-move)
  EXPECT_THROW((void)sender.subscribe(), usage_error);
  EXPECT_THROW((void)receiver.receive(), usage_error);  // NOLINT(bugprone-use-after-move)
  EXPECT_THROW(receiver.try_receive(), usage_error);
}

// Its destructor uses the broadcast.
struct nosy {
  nosy(const broadcast_sender<std::shared_ptr<nosy>>& to, int& count)
      : sender(&to), asked(&count) {}
  ~nosy() {
    EXPECT_FALSE(sender->closed());
    ++*asked;
  }
  const broadcast_sender<std::shared_ptr<nosy>>* sender;
  int* asked;
};

TEST(broadcast_item_test, may_use_the_broadcast_when_it_is_overwritten) {
  int asked = 0;
  auto [sender, receiver] = make_broadcast<std::shared_ptr<nosy>>(1);
  sender.send(std::make_shared<nosy>(sender, asked));
  EXPECT_EQ(asked, 0);
  sender.send(nullptr);
  EXPECT_EQ(asked, 1);
}

// ------------------------------------------------------------------------------------ threads

TEST_P(broadcast_test, plain_threads_send) {
  runtime world(options().workers(GetParam()));
  auto [sender, receiver] = make_broadcast<item>(2000);
  std::vector<int> got;
  auto receives = world.spawn(receive_all(receiver, got));
  std::thread other([to = std::move(sender)] {
    for (int i = 0; i < 2000; ++i)
      to.send(std::make_unique<int>(i));
  });
  other.join();
  receives.get();
  EXPECT_EQ(got, range(0, 2000));
}

TEST_P(broadcast_test, tasks_may_be_left_waiting) {
  auto ends = make_broadcast<item>(1);
  std::vector<int> got;
  auto body = [&]() -> task<> {
    spawn(receive_all(ends.receiver, got)).detach();
    co_await yield();
  };
  in_many_orders(GetParam(), body);
}

TEST(broadcast_fairness_test, what_is_always_ready_does_not_starve_others) {
  auto greedy = [](const bool& stop) -> task<> {
    auto [sender, receiver] = make_broadcast<int>(1);
    while (!stop) {
      sender.send(1);
      co_await receiver.receive();
    }
  };
  expect_others_to_run_beside(greedy);
}

// ------------------------------------------------------------------------------------ cancelled

TEST_P(broadcast_test, a_receiver_that_is_cancelled_at_any_moment_goes_on_where_it_was) {
  auto follow = [](broadcast_receiver<item>& from, std::vector<int>& got) -> task<> {
    for (;;) {
      const auto next = co_await from.receive();
      if (!next) break;
      got.push_back(***next);
    }
  };
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    std::optional<broadcast_receiver<item>> kept;
    std::vector<int> got;
    std::vector<int> other;
    auto begin = [&](simulation& world) {
      got.clear();
      other.clear();
      auto [sender, receiver] = make_broadcast<item>(10);
      kept.emplace(receiver);
      cast players;
      players.others.push_back(world.spawn(receive_all(receiver, other)));
      players.victim = world.spawn(follow(*kept, got));
      players.others.push_back(world.spawn(send_range(std::move(sender), 0, 5)));
      return players;
    };
    auto check = [&] {
      while (const auto next = kept->try_receive())
        got.push_back(***next);
      EXPECT_EQ(got, range(0, 5));
      EXPECT_EQ(other, range(0, 5));
    };
    const auto settings = simulation_options().workers(GetParam()).seed(seed);
    EXPECT_GT(cancel_sweep(settings, begin, check), 2U);
  }
}

// ------------------------------------------------------------------------------------ a model

struct listener {
  explicit listener(broadcast_receiver<int> from, std::size_t at)
      : receiver(std::move(from)), place(at) {}
  broadcast_receiver<int> receiver;
  std::size_t place;  // Of the item that it gets next.
  join_handle<> waiting;
  std::optional<int> got;
};

task<> listen(listener& who) {
  const std::optional<broadcast_item<int>> next = co_await who.receiver.receive();
  who.got = **next;
}

void try_to_listen(listener& who, const std::vector<int>& sent, std::size_t capacity) {
  const auto got = who.receiver.try_receive();
  ASSERT_EQ(got.has_value(), who.place < sent.size());
  if (!got) return;
  const std::size_t oldest = sent.size() > capacity ? sent.size() - capacity : 0;
  const std::size_t expected = std::max(who.place, oldest);
  EXPECT_EQ(**got, sent[expected]);
  EXPECT_EQ(got->missed(), expected - who.place);
  who.place = expected + 1;
}

TEST(broadcast_model_test, does_what_a_list_of_all_items_does) {
  auto body = [](std::uint64_t seed) -> task<> {
    std::mt19937_64 random(seed);
    const std::size_t capacity = random() % 5 + 1;
    auto ends = make_broadcast<int>(capacity);
    std::deque<listener> all;
    all.emplace_back(std::move(ends.receiver), 0);
    std::vector<int> sent;
    for (int i = 0; i < 1000; ++i) {
      listener& one = all[random() % all.size()];
      switch (random() % 8) {
        case 0:
          if (all.size() < 5) all.emplace_back(ends.sender.subscribe(), sent.size());
          break;
        case 1:
        case 2:
          for (std::size_t count = random() % 3; count > 0; --count) {
            EXPECT_EQ(ends.sender.send(i), all.size());
            sent.push_back(i);
          }
          break;
        case 3:
          one.waiting.cancel();
          break;
        case 4:
        case 5:
          if (one.waiting.done() && one.place == sent.size()) one.waiting = spawn(listen(one));
          break;
        default:
          if (one.waiting.done()) try_to_listen(one, sent, capacity);
      }
      co_await sleep_for(1s);  // All who can go on do.
      for (listener& each : all) {
        if (each.got) {
          EXPECT_EQ(each.got, sent.at(each.place++));
        }
        each.got.reset();
        EXPECT_TRUE(each.waiting.done() || each.place == sent.size());
      }
    }
    ends.sender.send(0);
    co_await sleep_for(1s);
  };
  in_random_rounds(1000, body);
}

}  // namespace broadcast_test
}  // namespace magpie::testing
