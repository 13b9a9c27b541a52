// channel: items from task to task. All figures are per item.
//
//   ping_pong       two tasks and two channels for one item each: a task sends, and waits for the
//                   answer. Per hop.
//   bounded_P_C     P producers and C consumers share a channel for 1024 items.
//   unbounded_P_C   the same, and sending never waits.
//
// Runtimes: magpie (channel), tokio (mpsc, which has one consumer), go (chan, which is bounded),
// asio (experimental::concurrent_channel), asyncio and uvloop (Queue).
#include "magpie/runtime/channel.h"

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "magpie/benchmarks/peer_process.h"
#include "magpie/benchmarks/suite.h"
#include "magpie/runtime/spawn.h"
#include "magpie/runtime/task.h"

namespace magpie::benchmarks {
namespace {

constexpr int round_trips = 10'000;
constexpr int items = 100'000;
constexpr std::size_t capacity = 1024;

task<> answer(channel_receiver<int> ping, channel_sender<int> pong) {
  for (;;) {
    const std::optional<int> value = co_await ping.receive();
    if (!value) co_return;
    co_await pong.send(*value);
  }
}

task<> ask(channel_sender<int> ping, channel_receiver<int> pong) {
  for (int i = 0; i < round_trips; ++i) {
    co_await ping.send(i);
    co_await pong.receive();
  }
}

task<int> ping_pong() {
  auto ping = make_channel<int>(1);
  auto pong = make_channel<int>(1);
  join_handle<> other = spawn(answer(std::move(ping.receiver), std::move(pong.sender)));
  join_handle<> first = spawn(ask(std::move(ping.sender), std::move(pong.receiver)));
  co_await first;
  co_await other;
  co_return round_trips;
}

task<> send_all(channel_sender<int> into, int count) {
  for (int i = 0; i < count; ++i)
    co_await into.send(i);
}

task<> send_all_at_once(unbounded_sender<int> into, int count) {
  for (int i = 0; i < count; ++i)
    into.send(i);
  co_return;
}

task<> receive_all(channel_receiver<int> from) {
  for (;;) {
    const std::optional<int> item = co_await from.receive();
    if (!item) co_return;
  }
}

task<int> bounded(int producers, int consumers) {
  std::vector<join_handle<>> all;
  auto [sender, receiver] = make_channel<int>(capacity);
  for (int i = 1; i < producers; ++i)
    all.push_back(spawn(send_all(sender, items / producers)));
  all.push_back(spawn(send_all(std::move(sender), items / producers)));
  for (int i = 0; i < consumers; ++i)
    all.push_back(spawn(receive_all(receiver)));
  for (join_handle<>& each : all)
    co_await each;
  co_return items;
}

task<int> unbounded(int producers, int consumers) {
  std::vector<join_handle<>> all;
  auto [sender, receiver] = make_unbounded_channel<int>();
  for (int i = 1; i < producers; ++i)
    all.push_back(spawn(send_all_at_once(sender, items / producers)));
  all.push_back(spawn(send_all_at_once(std::move(sender), items / producers)));
  for (int i = 0; i < consumers; ++i)
    all.push_back(spawn(receive_all(receiver)));
  for (join_handle<>& each : all)
    co_await each;
  co_return items;
}

void add_peers(const std::string& program, bool tokio, bool unlimited) {
  if (tokio) add_peer_rows(program + "/tokio", "tokio_micro");
  if (!unlimited) {
    add_peer_rows(program + "/go", "go_micro");
    add_peer_rows(program + "/asio", "asio_micro");
  }
  add_peer_row(program + "/asyncio", "python_micro");
  add_peer_row(program + "/uvloop", "python_micro");
}

const bool registered = [] {
  add_rows("channel/ping_pong/magpie", on_magpie(2 * round_trips, ping_pong));
  add_peers("channel/ping_pong", true, false);
  for (const auto& [producers, consumers] : {std::pair(1, 1), std::pair(4, 1), std::pair(4, 4)}) {
    const int p = producers;
    const int c = consumers;
    const std::string program = "channel/bounded_" + std::to_string(p) + "_" + std::to_string(c);
    add_rows(program + "/magpie", on_magpie(items, [p, c] { return bounded(p, c); }));
    add_peers(program, c == 1, false);
  }
  for (const auto& producers : {1, 4}) {
    const int p = producers;
    const std::string program = "channel/unbounded_" + std::to_string(p) + "_1";
    add_rows(program + "/magpie", on_magpie(items, [p] { return unbounded(p, 1); }));
    add_peers(program, true, true);
  }
  return true;
}();

}  // namespace
}  // namespace magpie::benchmarks
