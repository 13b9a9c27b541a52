// A channel that tasks on all workers and plain threads use at once: every item that was sent
// arrives once, in the order of its sender, and nobody is left waiting.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "magpie/runtime/channel.h"
#include "magpie/runtime/error.h"
#include "magpie/runtime/run.h"
#include "magpie/runtime/select.h"
#include "magpie/runtime/sleep.h"
#include "magpie/runtime/spawn.h"
#include "magpie/tests/runtime/leftovers.h"

namespace magpie {
namespace {

using namespace std::chrono_literals;
using channel_storm = testing::over_workers;

struct item {
  int sender;
  int number;
};

constexpr int each = 3000;

// Sometimes without waiting, sometimes in a task of its own that is cancelled at once. What is not
// sent is sent again.
task<> send_one(channel_sender<item> to, item what) {
  co_await to.send(what);
}
task<> send_all(channel_sender<item> to, int sender) {
  for (int i = 0; i < each; ++i) {
    const item what{sender, i};
    if (i % 7 == 0 && to.try_send(what) == send_status::sent) continue;
    if (i % 11 == 0) {
      join_handle<> one = spawn(send_one(to, what));
      one.cancel();
      bool sent = true;
      try {
        co_await one;
      } catch (const cancelled&) {
        sent = false;
      }
      if (sent) continue;
    }
    co_await to.send(what);
  }
}

task<std::vector<item>> receive_all(channel_receiver<item> from) {
  std::vector<item> got;
  for (;;) {
    if (got.size() % 5 == 0) {
      auto either = co_await select(from.receive(), sleep_for(10us));
      if (either.index() == 1) continue;
      if (!std::get<0>(either)) break;
      got.push_back(*std::get<0>(either));
    }
    const std::optional<item> next = co_await from.receive();
    if (!next) break;
    got.push_back(*next);
  }
  co_return got;
}

// Each of them in order; and all of them together once.
void expect_all(const std::vector<std::vector<item>>& got, int senders) {
  std::vector<int> all;
  for (const std::vector<item>& some : got) {
    std::vector<int> last(static_cast<std::size_t>(senders), -1);
    for (const item& one : some) {
      int& before = last[static_cast<std::size_t>(one.sender)];
      EXPECT_LT(before, one.number) << "of sender " << one.sender;
      before = one.number;
      all.push_back(one.sender * each + one.number);
    }
  }
  std::sort(all.begin(), all.end());
  ASSERT_EQ(all.size(), static_cast<std::size_t>(senders * each));
  for (int i = 0; i < senders * each; ++i)
    ASSERT_EQ(all[static_cast<std::size_t>(i)], i);
}

TEST_P(channel_storm, each_item_arrives_once) {
  for (const std::size_t capacity : {0U, 1U, 9U, 100U}) {
    SCOPED_TRACE("capacity " + std::to_string(capacity));
    constexpr int tasks = 3;
    runtime world(options().workers(GetParam()));
    auto [sender, receiver] = make_channel<item>(capacity);
    std::vector<join_handle<std::vector<item>>> receives;
    std::vector<std::vector<item>> got(1);
    for (int i = 0; i < 2; ++i)
      receives.push_back(world.spawn(receive_all(receiver)));
    std::thread thread_receives([from = std::move(receiver), &into = got[0]] {
      for (;;) {
        const bool last = from.closed();
        if (const std::optional<item> next = from.try_receive()) {
          into.push_back(*next);
        } else if (last) {
          return;
        } else {
          std::this_thread::yield();
        }
      }
    });
    for (int i = 0; i < tasks; ++i)
      world.spawn(send_all(sender, i)).detach();
    std::thread thread_sends([to = std::move(sender)] {
      for (int i = 0; i < each;) {
        if (to.try_send(item{tasks, i}) == send_status::sent) {
          ++i;
        } else {
          std::this_thread::yield();
        }
      }
    });
    thread_sends.join();
    thread_receives.join();
    for (join_handle<std::vector<item>>& each_receive : receives)
      got.push_back(each_receive.get());
    expect_all(got, tasks + 1);
  }
}

MAGPIE_OVER_WORKERS(channel_storm);

}  // namespace
}  // namespace magpie
