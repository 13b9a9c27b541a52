#include "magpie/runtime/channel.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "magpie/runtime/run.h"
#include "magpie/runtime/sleep.h"
#include "magpie/runtime/spawn.h"
#include "magpie/runtime/testing/simulation.h"
#include "magpie/tests/runtime/channel_users.h"
#include "magpie/tests/runtime/disturbances.h"
#include "magpie/tests/runtime/leftovers.h"
#include "magpie/tests/runtime/schedules.h"

namespace magpie::testing {
namespace channel_test {

using namespace std::chrono_literals;

class channel_test : public over_workers {};
MAGPIE_OVER_WORKERS(channel_test);

TEST_P(channel_test, each_item_arrives_once) {
  auto body = [](std::size_t capacity) -> task<> {
    auto [sender, receiver] = make_channel<item>(capacity);
    std::vector<join_handle<>> senders;
    std::vector<join_handle<std::vector<int>>> receivers;
    for (int i = 0; i < 4; ++i) {
      senders.push_back(spawn(send_range(sender, i * 20, 20)));
      receivers.push_back(spawn(receive_all(receiver)));
    }
    {
      const channel_sender<item> last = std::move(sender);
    }
    std::vector<int> all;
    for (auto& r : receivers) {
      const std::vector<int> got = co_await r;
      all.insert(all.end(), got.begin(), got.end());
    }
    for (auto& s : senders)
      co_await s;
    std::sort(all.begin(), all.end());
    EXPECT_EQ(all, range(80));
  };
  for (const std::size_t capacity : {0U, 1U, 7U}) {
    SCOPED_TRACE("capacity " + std::to_string(capacity));
    in_many_orders(GetParam(), [&] { return body(capacity); });
  }
}

TEST_P(channel_test, one_to_one_keeps_the_order) {
  auto body = [](std::size_t capacity) -> task<> {
    auto [sender, receiver] = make_channel<item>(capacity);
    auto sends = spawn(send_range(std::move(sender), 0, 50));
    const std::vector<int> got = co_await receive_all(receiver);
    EXPECT_EQ(got, range(50));
    co_await sends;
  };
  for (const std::size_t capacity : {0U, 1U, 7U})
    in_many_orders(GetParam(), [&] { return body(capacity); });
}

// ------------------------------------------------------------------------------------ order

task<> send_one(channel_sender<int> to, int what, std::vector<int>& sent) {
  co_await to.send(what);
  sent.push_back(what);
}

task<> receive_one(channel_receiver<int> from, int name, std::vector<std::pair<int, int>>& got) {
  const std::optional<int> what = co_await from.receive();
  got.emplace_back(name, what.value_or(-1));
}

TEST(channel_order_test, who_waits_longest_receives_first) {
  auto body = []() -> task<> {
    auto [sender, receiver] = make_channel<int>(2);
    std::vector<std::pair<int, int>> got;
    std::vector<join_handle<>> receivers;
    for (int i = 0; i < 3; ++i)
      receivers.push_back(spawn(receive_one(receiver, i, got)));
    co_await sleep_for(1s);
    for (int i = 10; i < 13; ++i)
      EXPECT_EQ(sender.try_send(i), send_status::sent);
    EXPECT_EQ(sender.size(), 0U);  // They have theirs, though none has run.
    for (auto& r : receivers)
      co_await r;
    EXPECT_EQ(got, (std::vector<std::pair<int, int>>{{0, 10}, {1, 11}, {2, 12}}));
  };
  simulate(body());
}

TEST(channel_order_test, who_waits_longest_sends_first) {
  auto body = [](std::size_t capacity) -> task<> {
    auto [sender, receiver] = make_channel<int>(capacity);
    std::vector<int> sent;
    std::vector<join_handle<>> senders;
    for (int i = 0; i < 5; ++i)
      senders.push_back(spawn(send_one(sender, i, sent)));
    co_await sleep_for(1s);
    EXPECT_EQ(sent.size(), capacity);
    EXPECT_EQ(receiver.size(), capacity);
    for (int i = 0; i < 5; ++i) {
      // Nobody overtakes while somebody waits.
      if (i + capacity <= 5) {
        EXPECT_EQ(sender.try_send(9), send_status::full);
      }
      EXPECT_EQ(receiver.try_receive(), i);
      EXPECT_EQ(receiver.size(), std::min<std::size_t>(capacity, 4U - static_cast<unsigned>(i)));
      if (i < 3) co_await sleep_for(1s);
    }
    for (auto& s : senders)
      co_await s;
    EXPECT_EQ(sent, range(5));
  };
  for (const std::size_t capacity : {0U, 1U, 2U}) {
    SCOPED_TRACE("capacity " + std::to_string(capacity));
    simulate(body(capacity));
  }
}

TEST(channel_order_test, a_rendezvous_waits_for_the_other) {
  auto body = []() -> task<> {
    auto [sender, receiver] = make_channel<int>(0);
    EXPECT_EQ(sender.try_send(1), send_status::full);
    EXPECT_EQ(receiver.try_receive(), std::nullopt);
    std::vector<int> sent;
    auto sends = spawn(send_one(sender, 1, sent));
    co_await sleep_for(1s);
    EXPECT_TRUE(sent.empty());
    const std::optional<int> first = co_await receiver.receive();
    EXPECT_EQ(first, 1);
    co_await sends;
    std::vector<std::pair<int, int>> got;
    auto receives = spawn(receive_one(receiver, 0, got));
    co_await sleep_for(1s);
    EXPECT_EQ(sender.try_send(2), send_status::sent);
    co_await receives;
    EXPECT_EQ(got, (std::vector<std::pair<int, int>>{{0, 2}}));
  };
  simulate(body());
}

// Somebody has been cancelled and has not run yet; he is no partner for a rendezvous.
TEST(channel_order_test, who_has_been_cancelled_is_passed_over) {
  auto body = []() -> task<> {
    auto [sender, receiver] = make_channel<int>(0);
    std::vector<std::pair<int, int>> got;
    std::vector<int> sent;
    auto receives = spawn(receive_one(receiver, 0, got));
    co_await sleep_for(1s);
    receives.cancel();
    EXPECT_EQ(sender.try_send(1), send_status::full);
    co_await sleep_for(1s);
    auto sends = spawn(send_one(sender, 1, sent));
    co_await sleep_for(1s);
    sends.cancel();
    EXPECT_EQ(receiver.try_receive(), std::nullopt);
    co_await sleep_for(1s);
    EXPECT_TRUE(got.empty());
    EXPECT_TRUE(sent.empty());
  };
  simulate(body());
}

// ------------------------------------------------------------------------------------ items

// Its destructor uses the channel that it is in.
class nosy {
 public:
  nosy(channel_sender<nosy> channel, int& asked)
      : channel_(std::make_unique<channel_sender<nosy>>(std::move(channel))), asked_(&asked) {}
  nosy(nosy&&) noexcept = default;
  nosy& operator=(nosy&&) = delete;
  ~nosy() {
    if (channel_ == nullptr) return;
    EXPECT_LE(channel_->size(), 3U);
    ++*asked_;
  }

 private:
  std::unique_ptr<channel_sender<nosy>> channel_;
  int* asked_;
};

TEST(channel_item_test, may_use_the_channel_when_it_is_destroyed) {
  int asked = 0;
  {
    auto [sender, receiver] = make_channel<nosy>(3);
    for (int i = 0; i < 3; ++i)
      EXPECT_EQ(sender.try_send(nosy(sender, asked)), send_status::sent);
    EXPECT_EQ(asked, 0);
    {
      const std::optional<nosy> received = receiver.try_receive();
    }
    EXPECT_EQ(asked, 1);
    EXPECT_EQ(sender.try_send(nosy(sender, asked)), send_status::sent);
    // Three are left.
  }
  EXPECT_EQ(asked, 4);
}

struct without_assignment {
  explicit without_assignment(int n) : number(n) {}
  without_assignment(without_assignment&&) noexcept = default;
  without_assignment& operator=(without_assignment&&) = delete;
  const int number;
  counted life;
};

class channel_memory_test : public runtime_test {};

TEST_F(channel_memory_test, the_buffer_grows_and_wraps_around) {
  auto [sender, receiver] = make_unbounded_channel<without_assignment>();
  int sent = 0;
  int received = 0;
  for (int round = 1; round < 40; ++round) {
    for (int i = 0; i < round; ++i)
      sender.send(without_assignment(sent++));
    for (int i = 0; i < round / 2; ++i)
      EXPECT_EQ(receiver.try_receive()->number, received++);
  }
  EXPECT_EQ(receiver.size(), static_cast<std::size_t>(sent - received));
  EXPECT_EQ(counted::live(), sent - received);
}

TEST_P(channel_test, tasks_may_be_left_waiting) {
  const auto sent = make_channel<item>(0);
  const auto received = make_channel<item>(1);
  auto body = [&]() -> task<> {
    spawn(send_range(sent.sender, 0, 5)).detach();
    spawn(receive_all(received.receiver)).detach();
    co_await yield();
  };
  in_many_orders(GetParam(), body);
}

// ------------------------------------------------------------------------------------ threads

TEST_P(channel_test, plain_threads_send_without_bounds) {
  constexpr int each = 2000;
  runtime world(options().workers(GetParam()));
  auto [sender, receiver] = make_unbounded_channel<item>();
  auto receives = world.spawn(receive_all(receiver));
  {
    std::vector<std::thread> threads;
    for (int t = 0; t < 3; ++t) {
      threads.emplace_back([to = sender, t] {
        for (int i = 0; i < each; ++i)
          to.send(std::make_unique<int>(t * each + i));
      });
    }
    for (std::thread& t : threads)
      t.join();
    const unbounded_sender<item> last = std::move(sender);
  }
  const std::vector<int> got = receives.get();
  // Of each thread in order.
  std::vector<int> all;
  for (int t = 0; t < 3; ++t) {
    for (const int what : got) {
      if (what / each == t) all.push_back(what);
    }
  }
  EXPECT_EQ(all, range(3 * each));
}

TEST_P(channel_test, plain_threads_receive) {
  constexpr int count = 3000;
  runtime world(options().workers(GetParam()));
  auto [sender, receiver] = make_channel<item>(2);
  auto sends = world.spawn(send_range(std::move(sender), 0, count));
  std::vector<int> got;
  while (got.size() < count) {
    if (const std::optional<item> next = receiver.try_receive()) got.push_back(**next);
  }
  EXPECT_EQ(got, range(count));
  sends.get();
}

TEST(channel_fairness_test, what_is_always_ready_does_not_starve_others) {
  auto greedy = [](const bool& stop) -> task<> {
    auto [sender, receiver] = make_channel<int>(1);
    while (!stop) {
      co_await sender.send(1);
      co_await receiver.receive();
    }
  };
  expect_others_to_run_beside(greedy);
}

}  // namespace channel_test
}  // namespace magpie::testing
