// operations NAME COUNT: does one core operation so many times, on one worker. What it costs is
// counted from outside, as the difference of two counts.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "magpie/io/address.h"
#include "magpie/io/tcp.h"
#include "magpie/runtime/channel.h"
#include "magpie/runtime/gather.h"
#include "magpie/runtime/mutex.h"
#include "magpie/runtime/options.h"
#include "magpie/runtime/run.h"
#include "magpie/runtime/sleep.h"
#include "magpie/runtime/spawn.h"
#include "magpie/runtime/task.h"

namespace {

using namespace std::chrono_literals;
using magpie::task;

task<> nothing() {
  co_return;
}

// A balanced tree, of which each inner node forks two.
task<std::int64_t> tree(std::int64_t nodes) {
  if (nodes <= 1) co_return nodes;
  const std::int64_t left = (nodes - 1) / 2;
  auto [a, b] = co_await magpie::gather(tree(left), tree(nodes - 1 - left));
  co_return a + b + 1;
}

task<> fork_join(std::int64_t count) {
  co_await tree(count);
}

task<> call(std::int64_t count) {
  for (; count > 0; --count)
    co_await nothing();
}

task<> keep_yielding(std::int64_t count) {
  for (; count > 0; --count)
    co_await magpie::yield();
}

task<> yield(std::int64_t count) {
  co_await magpie::gather(keep_yielding(count / 2), keep_yielding(count / 2));
}

task<> pass_on(magpie::channel_receiver<int> from, magpie::channel_sender<int> to,
               std::int64_t count) {
  for (; count > 0; --count) {
    const std::optional<int> item = co_await from.receive();
    co_await to.send(item.value() + 1);
  }
}

task<> serve(magpie::channel_sender<int> to, magpie::channel_receiver<int> from,
             std::int64_t count) {
  for (; count > 0; --count) {
    co_await to.send(1);
    co_await from.receive();
  }
}

task<> channel_hop(std::int64_t count) {
  auto [there, received_there] = magpie::make_channel<int>(1);
  auto [back, received_back] = magpie::make_channel<int>(1);
  co_await magpie::gather(serve(std::move(there), std::move(received_back), count / 2),
                          pass_on(std::move(received_there), std::move(back), count / 2));
}

// It is due at once, so the worker never sleeps: how often it would is a matter of time.
task<> timer(std::int64_t count) {
  for (; count > 0; --count)
    co_await magpie::sleep_for(0ns);
}

task<> spawn_join(std::int64_t count) {
  for (; count > 0; --count) {
    magpie::join_handle<> handle = magpie::spawn(nothing());
    co_await handle;
  }
}

task<int> one() {
  co_return 1;
}

task<> gather_ten(std::int64_t count) {
  for (; count > 0; --count)
    co_await magpie::gather_n<10>([](std::size_t /*number*/) { return one(); });
}

// Both ends of a connection, on one worker: it has nothing else to do, and polls each time.
task<> answer(magpie::io::tcp_listener& listener) {
  magpie::io::tcp_stream peer = co_await listener.accept();
  std::array<std::byte, 64> bytes{};
  for (;;) {
    const std::size_t count = co_await peer.read(bytes);
    if (count == 0) co_return;
    co_await peer.write(std::span(bytes).first(count));
  }
}

task<> ask(magpie::io::address server, std::int64_t count) {
  magpie::io::tcp_stream peer = co_await magpie::io::tcp_stream::connect(server);
  std::array<std::byte, 64> bytes{};
  for (; count > 0; --count) {
    co_await peer.write(bytes);
    co_await peer.read(bytes);
  }
}

task<> reply(std::int64_t count) {
  magpie::io::tcp_listener listener =
      magpie::io::tcp_listener::bind(magpie::io::address::loopback(0));
  co_await magpie::gather(answer(listener), ask(listener.local_address(), count));
}

task<> lock_unlock(std::int64_t count) {
  magpie::mutex free;
  for (; count > 0; --count) {
    const magpie::mutex_guard guard = co_await free.lock();
  }
}

}  // namespace

int main(int argc, char** argv) {
#ifndef NDEBUG
  std::cerr << "operations: built with assertions; use --config=opt\n";
  return 2;
#endif
  const std::map<std::string, task<> (*)(std::int64_t)> operations{
      {"fork_join", fork_join},
      {"call", call},
      {"yield", yield},
      {"channel_hop", channel_hop},
      {"timer", timer},
      {"spawn_join", spawn_join},
      {"lock_unlock", lock_unlock},
      {"gather_ten", gather_ten},
      {"reply", reply},
  };
  const auto found = argc == 3 ? operations.find(argv[1]) : operations.end();
  if (found == operations.end()) {
    std::cerr << "usage: operations NAME COUNT; there are:";
    for (const auto& [name, operation] : operations)
      std::cerr << ' ' << name;
    std::cerr << '\n';
    return 2;
  }
  magpie::run(found->second(std::atoll(argv[2])), magpie::options().workers(1));
}
