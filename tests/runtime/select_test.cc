#include "magpie/runtime/select.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <utility>
#include <variant>
#include <vector>

#include "magpie/runtime/broadcast.h"
#include "magpie/runtime/channel.h"
#include "magpie/runtime/error.h"
#include "magpie/runtime/event.h"
#include "magpie/runtime/future.h"
#include "magpie/runtime/gather.h"
#include "magpie/runtime/oneshot.h"
#include "magpie/runtime/queue.h"
#include "magpie/runtime/run.h"
#include "magpie/runtime/sleep.h"
#include "magpie/runtime/spawn.h"
#include "magpie/runtime/testing/simulation.h"
#include "magpie/runtime/watch.h"
#include "magpie/tests/runtime/elapsed.h"
#include "magpie/tests/runtime/leftovers.h"
#include "magpie/tests/runtime/schedules.h"

namespace magpie::testing {
namespace select_test {

using namespace std::chrono_literals;

class select_test : public over_workers {};
MAGPIE_OVER_WORKERS(select_test);

// What would be dropped at once, or has to be spawned first.
static_assert(internal::selectable<join_handle<int>&>);
static_assert(!internal::selectable<join_handle<int>>);
static_assert(!internal::selectable<oneshot_receiver<int>>);
static_assert(!internal::selectable<task<int>>);
static_assert(!internal::selectable<int>);

TEST_P(select_test, what_is_possible_is_done_at_once) {
  auto body = []() -> task<> {
    auto [to_first, first] = make_channel<int>(1);
    auto [to_second, second] = make_channel<std::unique_ptr<int>>(1);
    to_second.try_send(std::make_unique<int>(2));
    const auto got = co_await select(first.receive(), second.receive(), sleep_for(1h));
    EXPECT_EQ(got.index(), 1U);
    EXPECT_EQ(**std::get<1>(got), 2);
    EXPECT_EQ(elapsed(), 0s);

    // There is room in the first, and nothing in the second.
    const auto sent = co_await select(second.receive(), to_first.send(7));
    EXPECT_EQ(sent.index(), 1U);
    const std::optional<int> received = first.try_receive();
    EXPECT_EQ(received, 7);
  };
  in_simulated_orders(GetParam(), body);
}

template <class Ready>
task<> after_a_second(Ready ready) {
  co_await sleep_for(1s);
  ready();
}

// One of each kind is waited for at the same time; each has its turn to be the first.
TEST_P(select_test, waits_for_the_first_of_every_kind) {
  auto one = [](std::size_t which) -> task<> {
    auto [channel_in, channel_out] = make_channel<int>(1);
    auto [full_in, full_out] = make_channel<int>(0);
    auto [oneshot_in, oneshot_out] = make_oneshot<int>();
    auto [watch_in, watch_out] = make_watch(0);
    auto [broadcast_in, broadcast_out] = make_broadcast<int>(4);
    queue<int> in_queue;
    queue<int> full_queue(1);
    full_queue.try_put(0);
    event happened;
    promise<> outside;
    auto result = outside.get_future();
    auto ended = spawn([](std::size_t when) -> task<int> {
      const clock::duration length = when == 8 ? 1s : 1h;
      co_await sleep_for(length);
      co_return 8;
    }(which));
    auto other = spawn(after_a_second([&] {
      if (which == 0) channel_in.try_send(0);
      if (which == 1) full_out.try_receive();
      if (which == 2) oneshot_in.send(2);
      if (which == 3) watch_in.send(3);
      if (which == 4) broadcast_in.send(4);
      if (which == 5) in_queue.try_put(5);
      if (which == 6) full_queue.try_get();
      if (which == 7) happened.set();
      if (which == 10) outside.set_value();
    }));
    const clock::duration limit = which == 9 ? 1s : 2h;
    const auto got =
        co_await select(channel_out.receive(), full_in.send(1), oneshot_out, watch_out.changed(),
                        broadcast_out.receive(), in_queue.get(), full_queue.put(6), happened.wait(),
                        ended, sleep_for(limit), result);
    EXPECT_EQ(got.index(), which);
    EXPECT_EQ(elapsed(), 1s);
    if (which == 0) {
      EXPECT_EQ(std::get<0>(got), 0);
    }
    if (which == 2) {
      EXPECT_EQ(std::get<2>(got), 2);
    }
    if (which == 3) {
      EXPECT_TRUE(std::get<3>(got));
    }
    if (which == 4) {
      EXPECT_EQ(**std::get<4>(got), 4);
    }
    if (which == 5) {
      EXPECT_EQ(std::get<5>(got), 5);
    }
    co_await other;
    // Nothing else has happened, nor has anybody been left in a list.
    EXPECT_EQ(full_queue.size(), 1U);
    EXPECT_EQ(channel_in.try_send(10), send_status::sent);
    EXPECT_EQ(channel_out.size(), 1U);
    EXPECT_EQ(full_in.try_send(10), send_status::full);
    EXPECT_FALSE(full_out.try_receive().has_value());
    if (which != 8) ended.cancel();
    ended.detach();
  };
  for (std::size_t which = 0; which < 11; ++which) {
    SCOPED_TRACE(which);
    for (std::uint64_t seed = 1; seed <= 5; ++seed)
      simulate(one(which), simulation_options().workers(GetParam()).seed(seed));
  }
}

TEST_P(select_test, of_several_times_the_first_counts) {
  auto body = []() -> task<> {
    const auto got = co_await select(sleep_for(3s), sleep_for(1s), sleep_for(2s));
    EXPECT_EQ(got.index(), 1U);
    EXPECT_EQ(elapsed(), 1s);
    event never;
    const auto late = co_await select(never.wait(), sleep_until(clock::now() - 1h));
    EXPECT_EQ(late.index(), 1U);
    EXPECT_EQ(elapsed(), 1s);
  };
  in_simulated_orders(GetParam(), body);
}

// Go's "default".
TEST_P(select_test, a_time_that_has_come_is_the_last_resort) {
  auto body = []() -> task<> {
    auto [sender, receiver] = make_channel<int>(100);
    for (int i = 0; i < 100; ++i)
      sender.try_send(i);
    for (int i = 0; i < 100; ++i) {
      const auto got = co_await select(sleep_for(0s), receiver.receive());
      EXPECT_EQ(got.index(), 1U);
    }
    const auto nothing = co_await select(sleep_for(0s), receiver.receive());
    EXPECT_EQ(nothing.index(), 0U);
  };
  in_many_orders(GetParam(), body);
}

TEST_P(select_test, all_that_are_possible_have_their_turn) {
  auto body = []() -> task<> {
    event first;
    event second;
    event third;
    first.set();
    second.set();
    third.set();
    std::set<std::size_t> seen;
    for (int i = 0; i < 1000; ++i) {
      const auto got = co_await select(first.wait(), second.wait(), third.wait());
      seen.insert(got.index());
    }
    EXPECT_EQ(seen.size(), 3U);
  };
  in_many_orders(GetParam(), body);
}

TEST_P(select_test, closed_channels_are_possible) {
  auto body = []() -> task<> {
    auto [sender, receiver] = make_channel<int>(0);
    event never;
    auto closer = spawn(after_a_second([&] { sender.close(); }));
    const auto got = co_await select(never.wait(), receiver.receive());
    EXPECT_EQ(got.index(), 1U);
    EXPECT_FALSE(std::get<1>(got).has_value());
    bool refused = false;
    auto item = std::make_unique<int>(1);
    auto [to_nobody, nobody] = make_channel<std::unique_ptr<int>>(0);
    nobody.close();
    try {
      co_await select(never.wait(), to_nobody.send(std::move(item)));
    } catch (const channel_closed&) {
      refused = true;
    }
    EXPECT_TRUE(refused);
    EXPECT_NE(item, nullptr);
    co_await closer;
  };
  in_simulated_orders(GetParam(), body);
}

TEST_P(select_test, the_outcome_of_a_task_is_not_taken) {
  auto body = []() -> task<> {
    auto fails = [](clock::duration when) -> task<int> {
      co_await sleep_for(when);
      throw std::runtime_error("as expected");
    };
    auto handle = spawn(fails(1s));
    const auto got = co_await select(handle, sleep_for(5s));
    EXPECT_EQ(got.index(), 0U);
    EXPECT_EQ(elapsed(), 1s);
    EXPECT_TRUE(handle.valid());
    bool thrown = false;
    try {
      co_await handle;
    } catch (const std::runtime_error&) {
      thrown = true;
    }
    EXPECT_TRUE(thrown);
  };
  in_simulated_orders(GetParam(), body);
}

TEST(select_error_test, empty_handles_are_refused) {
  auto body = []() -> task<> {
    join_handle<> nobody;
    bool refused = false;
    try {
      co_await select(nobody, sleep_for(1s));
    } catch (const usage_error&) {
      refused = true;
    }
    EXPECT_TRUE(refused);
  };
  run(body());
}

TEST_P(select_test, a_cancelled_task_does_not_select) {
  auto body = []() -> task<> {
    auto [sender, receiver] = make_channel<int>(1);
    event never;
    auto victim = spawn([](channel_receiver<int> from, event& also) -> task<> {
      co_await select(from.receive(), also.wait(), sleep_for(1h));
      ADD_FAILURE() << "went on";
    }(receiver, never));
    co_await sleep_for(1s);
    victim.cancel();
    bool ended = false;
    try {
      co_await victim;
    } catch (const cancelled&) {
      ended = true;
    }
    EXPECT_TRUE(ended);
    // The item is not for somebody who is gone.
    sender.try_send(1);
    EXPECT_EQ(receiver.try_receive(), 1);
    EXPECT_EQ(elapsed(), 1s);
  };
  in_simulated_orders(GetParam(), body);
}

// Both sides of a rendezvous select, over the same channels in both directions.
task<> meet(channel_sender<int> to_left, channel_sender<int> to_right, channel_receiver<int> left,
            channel_receiver<int> right, int rounds, int& sent, int& received) {
  for (int i = 0; i < rounds; ++i) {
    const auto done =
        co_await select(to_left.send(1), to_right.send(1), left.receive(), right.receive());
    ++(done.index() < 2 ? sent : received);
  }
}

TEST_P(select_test, selects_meet) {
  static constexpr int rounds = 200;
  auto body = []() -> task<> {
    auto [to_left, left] = make_channel<int>(0);
    auto [to_right, right] = make_channel<int>(0);
    int sent[2] = {};
    int received[2] = {};
    co_await gather(meet(to_left, to_right, left, right, rounds, sent[0], received[0]),
                    meet(to_left, to_right, left, right, rounds, sent[1], received[1]));
    EXPECT_EQ(sent[0], received[1]);
    EXPECT_EQ(sent[1], received[0]);
    EXPECT_EQ(sent[0] + received[0], rounds);
  };
  in_many_orders(GetParam(), body);
}

TEST_P(select_test, does_not_keep_others_waiting) {
  auto body = []() -> task<> {
    event always;
    always.set();
    bool stop = false;
    auto greedy = spawn([](event& what, const bool& enough) -> task<> {
      while (!enough)
        co_await select(what.wait(), sleep_for(1h));
    }(always, stop));
    for (int i = 0; i < 10; ++i)
      co_await yield();
    stop = true;
    co_await greedy;
  };
  run(body(), options().workers(1));
}

}  // namespace select_test
}  // namespace magpie::testing
