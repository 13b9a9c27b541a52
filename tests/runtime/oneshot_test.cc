#include "magpie/runtime/oneshot.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
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
namespace oneshot_test {

using namespace std::chrono_literals;

class oneshot_test : public over_workers {};
MAGPIE_OVER_WORKERS(oneshot_test);

using item = std::unique_ptr<int>;

task<int> value_of(oneshot_receiver<item> from) {
  const item got = co_await from;
  co_return *got;
}

task<> send_later(oneshot_sender<item> to, int what, int turns) {
  for (int i = 0; i < turns; ++i)
    co_await yield();
  EXPECT_TRUE(to.send(std::make_unique<int>(what)));
}

TEST_P(oneshot_test, the_value_arrives_whoever_is_first) {
  auto body = []() -> task<> {
    for (int turns = 0; turns < 5; ++turns) {
      auto [sender, receiver] = make_oneshot<item>();
      auto receives = spawn(value_of(std::move(receiver)));
      auto sends = spawn(send_later(std::move(sender), turns, turns));
      const int got = co_await receives;
      EXPECT_EQ(got, turns);
      co_await sends;
    }
  };
  in_many_orders(GetParam(), body);
}

TEST_P(oneshot_test, a_sender_that_goes_is_told) {
  auto body = []() -> task<> {
    auto [sender, receiver] = make_oneshot<item>();
    auto receives = spawn(value_of(std::move(receiver)));
    for (int i = 0; i < 5; ++i)
      co_await yield();
    {
      const oneshot_sender<item> gone = std::move(sender);
    }
    bool closed = false;
    try {
      co_await receives;
    } catch (const channel_closed&) {
      closed = true;
    }
    EXPECT_TRUE(closed);
  };
  in_many_orders(GetParam(), body);
}

TEST(oneshot_end_test, a_receiver_that_goes_is_seen) {
  auto [sender, receiver] = make_oneshot<item>();
  EXPECT_FALSE(sender.closed());
  {
    const oneshot_receiver<item> gone = std::move(receiver);
  }
  EXPECT_TRUE(sender.closed());
  item mine = std::make_unique<int>(1);
  EXPECT_FALSE(sender.send(std::move(mine)));
  EXPECT_NE(mine, nullptr);
}

TEST(oneshot_end_test, once_and_no_more) {
  auto body = []() -> task<> {
    auto [sender, receiver] = make_oneshot<int>();
    EXPECT_EQ(receiver.try_receive(), std::nullopt);
    EXPECT_FALSE(receiver.closed());
    EXPECT_TRUE(sender.send(7));
    EXPECT_TRUE(receiver.closed());
    EXPECT_THROW(sender.send(8), usage_error);
    const int got = co_await receiver;
    EXPECT_EQ(got, 7);
    EXPECT_THROW(sender.send(9), usage_error);
    EXPECT_EQ(receiver.try_receive(), std::nullopt);
    bool refused = false;
    try {
      co_await receiver;
    } catch (const usage_error&) {
      refused = true;
    }
    EXPECT_TRUE(refused);
    const auto moved = std::move(receiver);
    EXPECT_TRUE(moved.valid());
    EXPECT_FALSE(receiver.valid());  // NOLINT(bugprone-use-after-move)
    EXPECT_THROW(receiver.try_receive(), usage_error);
    EXPECT_THROW(receiver.closed(), usage_error);
  };
  simulate(body());
}

class nosy {
 public:
  nosy(oneshot_sender<nosy>& sender, int& asked) : sender_(&sender), asked_(&asked) {}
  nosy(nosy&& other) noexcept
      : sender_(std::exchange(other.sender_, nullptr)), asked_(other.asked_) {}
  nosy& operator=(nosy&&) = delete;
  ~nosy() {
    if (sender_ == nullptr) return;
    EXPECT_TRUE(sender_->closed());
    ++*asked_;
  }

 private:
  oneshot_sender<nosy>* sender_;
  int* asked_;
};

TEST(oneshot_end_test, a_value_may_use_the_oneshot_when_it_is_destroyed) {
  int asked = 0;
  auto [sender, receiver] = make_oneshot<nosy>();
  EXPECT_TRUE(sender.send(nosy(sender, asked)));
  EXPECT_EQ(asked, 0);
  {
    const oneshot_receiver<nosy> gone = std::move(receiver);
  }
  EXPECT_EQ(asked, 1);
}

TEST_P(oneshot_test, a_plain_thread_sends) {
  runtime world(options().workers(GetParam()));
  for (int i = 0; i < 50; ++i) {
    auto [sender, receiver] = make_oneshot<item>();
    auto receives = world.spawn(value_of(std::move(receiver)));
    std::thread sends(
        [to = std::move(sender), i]() mutable { EXPECT_TRUE(to.send(std::make_unique<int>(i))); });
    EXPECT_EQ(receives.get(), i);
    sends.join();
  }
}

task<> ends_its_sender(std::unique_ptr<oneshot_sender<int>> sender, oneshot_receiver<int> from) {
  co_await from;
  sender.reset();
}

// The receiver destroys the sender while send() is still at work on another thread; a sanitizer
// sees whether that still uses it.
TEST_P(oneshot_test, the_receiver_may_end_the_sender) {
  runtime world(options().workers(GetParam()));
  for (int i = 0; i < 1000; ++i) {
    auto [sender, receiver] = make_oneshot<int>();
    auto owned = std::make_unique<oneshot_sender<int>>(std::move(sender));
    oneshot_sender<int>& used = *owned;
    auto handle = world.spawn(ends_its_sender(std::move(owned), std::move(receiver)));
    used.send(1);
    handle.get();
  }
}

TEST_P(oneshot_test, tasks_may_be_left_waiting) {
  auto ends = make_oneshot<item>();
  auto waits = [](oneshot_receiver<item>& from) -> task<> { co_await from; };
  auto body = [&]() -> task<> {
    spawn(waits(ends.receiver)).detach();
    co_await yield();
  };
  in_many_orders(GetParam(), body);
}

TEST(oneshot_fairness_test, what_is_always_ready_does_not_starve_others) {
  auto greedy = [](const bool& stop) -> task<> {
    while (!stop) {
      auto ends = make_oneshot<int>();
      ends.sender.send(1);
      co_await ends.receiver;
    }
  };
  expect_others_to_run_beside(greedy);
}

// The value is either with who was cancelled, or still there.
TEST_P(oneshot_test, loses_nothing_when_the_receiver_is_cancelled_at_any_moment) {
  auto waits = [](oneshot_receiver<item>& from, int& got) -> task<> {
    const item value = co_await from;
    got = *value;
  };
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    std::optional<oneshot_ends<item>> ends;
    int got = 0;
    auto begin = [&](simulation& world) {
      got = 0;
      ends.emplace(make_oneshot<item>());
      cast players;
      players.victim = world.spawn(waits(ends->receiver, got));
      players.others.push_back(world.spawn(send_later(std::move(ends->sender), 7, 2)));
      return players;
    };
    auto check = [&] {
      const std::optional<item> left = ends->receiver.try_receive();
      EXPECT_NE(got == 7, left.has_value());
    };
    const auto settings = simulation_options().workers(GetParam()).seed(seed);
    EXPECT_GT(cancel_sweep(settings, begin, check), 1U);
  }
}

// Random uses of one, against three facts: sent, received, gone.
TEST(oneshot_model_test, does_what_an_optional_does) {
  for_seeds(rounds_of(10), [](std::uint64_t seed) {
    std::mt19937_64 random(seed);
    auto ends = make_oneshot<int>();
    std::optional<oneshot_sender<int>> sender = std::move(ends.sender);
    std::optional<oneshot_receiver<int>> receiver = std::move(ends.receiver);
    std::optional<int> value;
    bool sent = false;
    for (int i = 0; i < 10; ++i) {
      switch (random() % 8) {
        case 0:
          sender.reset();
          break;
        case 1:
          receiver.reset();
          break;
        case 2:
        case 3:
          if (!sender) break;
          if (sent) {
            EXPECT_THROW(sender->send(i), usage_error);
            break;
          }
          sent = receiver.has_value();
          EXPECT_EQ(sender->send(i), sent);
          if (sent) value = i;
          break;
        default:
          if (!receiver) break;
          EXPECT_EQ(receiver->try_receive(), std::exchange(value, std::nullopt));
      }
      if (sender) {
        EXPECT_EQ(sender->closed(), sent || !receiver);
      }
      if (receiver) {
        EXPECT_EQ(receiver->closed(), sent || !sender);
      }
    }
  });
}

}  // namespace oneshot_test
}  // namespace magpie::testing
