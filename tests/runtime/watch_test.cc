#include "magpie/runtime/watch.h"

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
namespace watch_test {

using namespace std::chrono_literals;

class watch_test : public over_workers {};
MAGPIE_OVER_WORKERS(watch_test);

task<> follow(watch_receiver<int> from, std::vector<int>& seen) {
  for (;;) {
    const bool changed = co_await from.changed();
    if (!changed) break;
    seen.push_back(from.get());
    co_await yield();
  }
}

task<> count_up(watch_sender<int> to, int count) {
  for (int i = 1; i <= count; ++i) {
    to.send(i);
    co_await yield();
  }
}

// Some may be passed over, the last never; none comes twice.
TEST_P(watch_test, everybody_sees_the_latest) {
  auto body = []() -> task<> {
    auto [sender, receiver] = make_watch(0);
    std::vector<std::vector<int>> seen(4);
    std::vector<join_handle<>> receivers;
    for (auto& list : seen)
      receivers.push_back(spawn(follow(receiver, list)));
    co_await count_up(std::move(sender), 30);
    for (auto& r : receivers)
      co_await r;
    for (const auto& list : seen) {
      EXPECT_TRUE(!list.empty() && list.back() == 30);
      // A value that came between changed() and get() is told once more.
      EXPECT_TRUE(std::is_sorted(list.begin(), list.end()));
    }
  };
  in_many_orders(GetParam(), body);
}

TEST(watch_value_test, several_changes_are_one) {
  auto body = []() -> task<> {
    auto [sender, receiver] = make_watch(0);
    EXPECT_FALSE(receiver.has_changed());
    EXPECT_EQ(receiver.get(), 0);
    sender.send(1);
    sender.send(2);
    EXPECT_TRUE(receiver.has_changed());
    const bool changed = co_await receiver.changed();
    EXPECT_TRUE(changed);
    EXPECT_FALSE(receiver.has_changed());
    EXPECT_EQ(receiver.get(), 2);
    sender.send(3);
    watch_receiver<int> same = receiver;
    watch_receiver<int> late = sender.subscribe();
    EXPECT_EQ(sender.receivers(), 3U);
    EXPECT_TRUE(same.has_changed());
    EXPECT_FALSE(late.has_changed());
    EXPECT_EQ(late.get(), 3);
    EXPECT_EQ(receiver.get(), 3);
    EXPECT_FALSE(receiver.has_changed());
    EXPECT_TRUE(same.has_changed());
  };
  simulate(body());
}

TEST(watch_value_test, changed_waits_for_the_next) {
  auto body = []() -> task<> {
    auto [sender, receiver] = make_watch(0);
    std::vector<int> seen;
    auto follower = spawn(follow(receiver, seen));
    for (int i = 1; i < 4; ++i) {
      co_await sleep_for(1s);
      EXPECT_EQ(seen.size(), static_cast<std::size_t>(i - 1));
      sender.send(i);
    }
    sender.close();
    co_await follower;
    EXPECT_EQ(seen, (std::vector<int>{1, 2, 3}));
  };
  simulate(body());
}

TEST(watch_value_test, need_not_be_copied) {
  auto [sender, receiver] = make_watch(std::make_unique<int>(1));
  const auto old = receiver.share();
  sender.send(std::make_unique<int>(2));
  EXPECT_EQ(**old, 1);
  EXPECT_EQ(**receiver.share(), 2);
}

// ------------------------------------------------------------------------------------ closing

TEST_P(watch_test, closing_wakes_all) {
  auto body = [](bool explicitly) -> task<> {
    auto [sender, receiver] = make_watch(0);
    std::vector<int> seen;
    std::vector<join_handle<>> receivers;
    for (int i = 0; i < 5; ++i)
      receivers.push_back(spawn(follow(receiver, seen)));
    for (int i = 0; i < 5; ++i)
      co_await yield();
    watch_sender<int> copy = sender;
    if (explicitly) copy.close();
    {
      const watch_sender<int> gone = std::move(sender);
    }
    EXPECT_EQ(receiver.closed(), explicitly);
    {
      const watch_sender<int> gone = std::move(copy);
    }
    for (auto& r : receivers)
      co_await r;
    EXPECT_TRUE(seen.empty());
  };
  in_many_orders(GetParam(), [&] { return body(true); });
  in_many_orders(GetParam(), [&] { return body(false); });
}

TEST(watch_close_test, the_last_value_is_told_before_the_end) {
  auto body = []() -> task<> {
    auto [sender, receiver] = make_watch(0);
    sender.send(1);
    sender.close();
    EXPECT_THROW(sender.send(2), channel_closed);
    const bool first = co_await receiver.changed();
    EXPECT_TRUE(first);
    const bool second = co_await receiver.changed();
    EXPECT_FALSE(second);
    EXPECT_EQ(receiver.get(), 1);
  };
  simulate(body());
}

TEST(watch_close_test, an_empty_handle_is_told) {
  auto [sender, receiver] = make_watch(0);
  const auto to = std::move(sender);
  const auto from = std::move(receiver);
  EXPECT_TRUE(to.valid() && from.valid());
  EXPECT_THROW(sender.send(1), usage_error);  // NOLINT(bugprone-use-after-move)
  EXPECT_THROW((void)sender.subscribe(), usage_error);
  EXPECT_THROW((void)receiver.changed(), usage_error);  // NOLINT(bugprone-use-after-move)
  EXPECT_THROW(receiver.get(), usage_error);
}

// Its destructor uses the watch.
struct nosy {
  nosy(const watch_sender<std::shared_ptr<nosy>>& to, int& count) : sender(&to), asked(&count) {}
  ~nosy() {
    EXPECT_FALSE(sender->closed());
    ++*asked;
  }
  const watch_sender<std::shared_ptr<nosy>>* sender;
  int* asked;
};

TEST(watch_value_test, may_use_the_watch_when_it_is_replaced) {
  int asked = 0;
  auto [sender, receiver] = make_watch<std::shared_ptr<nosy>>(nullptr);
  sender.send(std::make_shared<nosy>(sender, asked));
  EXPECT_EQ(asked, 0);
  sender.send(nullptr);
  EXPECT_EQ(asked, 1);
}

// ------------------------------------------------------------------------------------ threads

TEST_P(watch_test, plain_threads_send) {
  runtime world(options().workers(GetParam()));
  auto [sender, receiver] = make_watch(0);
  std::vector<int> seen;
  auto follower = world.spawn(follow(receiver, seen));
  std::thread other([to = std::move(sender)] {
    for (int i = 1; i <= 2000; ++i)
      to.send(i);
  });
  other.join();
  follower.get();
  EXPECT_TRUE(!seen.empty() && seen.back() == 2000);
  EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end()));
}

TEST_P(watch_test, tasks_may_be_left_waiting) {
  auto ends = make_watch(0);
  std::vector<int> seen;
  auto body = [&]() -> task<> {
    spawn(follow(ends.receiver, seen)).detach();
    co_await yield();
  };
  in_many_orders(GetParam(), body);
}

TEST(watch_fairness_test, what_is_always_ready_does_not_starve_others) {
  auto greedy = [](const bool& stop) -> task<> {
    auto [sender, receiver] = make_watch(0);
    while (!stop) {
      sender.send(1);
      co_await receiver.changed();
    }
  };
  expect_others_to_run_beside(greedy);
}

// ------------------------------------------------------------------------------------ cancelled

TEST_P(watch_test, a_receiver_that_is_cancelled_at_any_moment_misses_nothing) {
  auto watches = [](watch_receiver<int>& from, int& seen) -> task<> {
    while (seen < 4) {
      co_await from.changed();
      seen = from.get();
    }
  };
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    std::optional<watch_receiver<int>> kept;
    int seen = 0;
    std::vector<int> other;
    auto begin = [&](simulation& world) {
      seen = 0;
      other.clear();
      auto [sender, receiver] = make_watch(0);
      kept.emplace(receiver);
      cast players;
      players.others.push_back(world.spawn(follow(receiver, other)));
      players.victim = world.spawn(watches(*kept, seen));
      players.others.push_back(world.spawn(count_up(std::move(sender), 4)));
      return players;
    };
    auto check = [&] {
      EXPECT_TRUE(seen == 4 || kept->has_changed());
      EXPECT_TRUE(!other.empty() && other.back() == 4);
    };
    const auto settings = simulation_options().workers(GetParam()).seed(seed);
    EXPECT_GT(cancel_sweep(settings, begin, check), 2U);
  }
}

// ------------------------------------------------------------------------------------ a model

struct watcher {
  explicit watcher(watch_receiver<int> from, int version)
      : receiver(std::move(from)), seen(version) {}
  watch_receiver<int> receiver;
  int seen;  // A version.
  join_handle<> waiting;
  bool told = false;
  bool expected = false;
};

task<> wait_for_change(watcher& who) {
  who.told = co_await who.receiver.changed();
}

TEST(watch_model_test, does_what_a_number_does) {
  auto body = [](std::uint64_t seed) -> task<> {
    std::mt19937_64 random(seed);
    auto ends = make_watch(-1);
    int latest = -1;
    int version = 0;
    std::deque<watcher> all;
    all.emplace_back(ends.receiver, 0);
    for (int i = 0; i < 1000; ++i) {
      watcher& one = all[random() % all.size()];
      switch (random() % 6) {
        case 0:
          for (std::size_t count = random() % 3; count > 0; --count) {
            ends.sender.send(i);
            latest = i;
            ++version;
            // Who waits sees the first of them.
            for (watcher& each : all) {
              if (each.waiting.done() || each.expected) continue;
              each.expected = true;
              each.seen = version;
            }
          }
          break;
        case 1:
          one.waiting.cancel();
          break;
        case 2:
          if (!one.waiting.done()) break;
          EXPECT_EQ(one.receiver.get(), latest);
          one.seen = version;
          break;
        case 3:
        case 4:
          if (!one.waiting.done()) break;
          one.expected = one.seen != version;
          one.seen = version;
          one.waiting = spawn(wait_for_change(one));
          break;
        default:
          if (all.size() < 5) all.emplace_back(ends.sender.subscribe(), version);
      }
      co_await sleep_for(1s);  // All who can go on do.
      for (watcher& each : all) {
        EXPECT_EQ(each.told, each.expected);
        each.told = false;
        each.expected = false;
        if (each.waiting.done()) {
          EXPECT_EQ(each.receiver.has_changed(), each.seen != version);
        }
      }
    }
    ends.sender.send(0);
    co_await sleep_for(1s);
  };
  in_random_rounds(1000, body);
}

}  // namespace watch_test
}  // namespace magpie::testing
