// soak --seconds N: does a bit of everything for so long, and looks whether memory grows. Prints
// what is resident every so often; exits with 1 if it has grown between the second quarter of the
// time and the last.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "magpie/benchmarks/resident_memory.h"
#include "magpie/io/address.h"
#include "magpie/io/tcp.h"
#include "magpie/runtime/blocking.h"
#include "magpie/runtime/channel.h"
#include "magpie/runtime/cpu.h"
#include "magpie/runtime/error.h"
#include "magpie/runtime/gather.h"
#include "magpie/runtime/mutex.h"
#include "magpie/runtime/options.h"
#include "magpie/runtime/run.h"
#include "magpie/runtime/sleep.h"
#include "magpie/runtime/spawn.h"
#include "magpie/runtime/task.h"
#include "magpie/runtime/timeout.h"

namespace magpie::benchmarks {
namespace {

using namespace std::chrono_literals;

task<std::int64_t> fib(int n) {
  if (n < 2) co_return n;
  auto [a, b] = co_await gather(fib(n - 1), fib(n - 2));
  co_return a + b;
}

task<> sleep_long() {
  co_await sleep_for(1h);
}

task<> spawn_and_cancel() {
  std::vector<join_handle<>> sleepers;
  for (int i = 0; i < 100; ++i)
    sleepers.push_back(spawn(sleep_long(), "sleeper"));
  co_await yield();
  for (join_handle<>& sleeper : sleepers)
    sleeper.cancel();
  for (join_handle<>& sleeper : sleepers) {
    try {
      co_await sleeper;
    } catch (const cancelled&) {
    }
  }
}

task<> send_tasks(channel_sender<task<std::int64_t>> to) {
  for (int i = 0; i < 1000; ++i)
    co_await to.send(fib(3));
}

task<> run_tasks(channel_receiver<task<std::int64_t>> from) {
  for (;;) {
    std::optional<task<std::int64_t>> next = co_await from.receive();
    if (!next) break;
    co_await std::move(*next);
  }
}

task<> pass_tasks_on() {
  auto [sender, receiver] = make_channel<task<std::int64_t>>(50);
  co_await gather(send_tasks(std::move(sender)), run_tasks(std::move(receiver)));
}

task<> lock_in_turn(mutex& shared) {
  for (int i = 0; i < 100; ++i) {
    const mutex_guard guard = co_await shared.lock();
    co_await yield();
  }
}

task<> fail() {
  co_await yield();
  throw std::string("on purpose");
}

task<> give_up_and_fail() {
  mutex shared;
  co_await gather(lock_in_turn(shared), lock_in_turn(shared), lock_in_turn(shared));
  try {
    co_await with_timeout(1ms, sleep_long());
  } catch (const timeout_error&) {
  }
  try {
    co_await gather(fail(), sleep_long());
  } catch (const std::string&) {
  }
}

task<> hand_over() {
  co_await cpu([] { return 1; });
  co_await blocking([] { return 2; });
}

task<> serve(io::tcp_stream peer) {
  std::array<std::byte, 64> buffer;
  for (;;) {
    const std::size_t count = co_await peer.read(buffer);
    if (count == 0) co_return;
    co_await peer.write(std::span(buffer).first(count));
  }
}

task<> accept_ten(io::tcp_listener& listener) {
  for (int i = 0; i < 10; ++i) {
    auto accepting = listener.accept();
    io::tcp_stream peer = co_await std::move(accepting);
    spawn(serve(std::move(peer))).detach();
  }
}

task<> ask_ten_times(io::address where) {
  std::array<std::byte, 64> message{};
  for (int i = 0; i < 10; ++i) {
    auto connecting = io::tcp_stream::connect(where);
    io::tcp_stream peer = co_await std::move(connecting);
    co_await peer.write(message);
    co_await peer.read(message);
  }
}

task<> connect_and_ask(io::tcp_listener& listener) {
  co_await gather(accept_ten(listener), ask_ten_times(listener.local_address()));
}

task<> do_everything(io::tcp_listener& listener) {
  co_await gather(fib(15), spawn_and_cancel(), pass_tasks_on(), give_up_and_fail(), hand_over(),
                  connect_and_ask(listener));
}

class watched_memory {
 public:
  void look(std::chrono::duration<double> since_start) {
    resident_.push_back(resident_bytes());
    allocated_.push_back(allocated_bytes());
    std::cout << since_start.count() << " s: " << static_cast<double>(resident_.back()) / 1e6
              << " MB resident, " << static_cast<double>(allocated_.back()) / 1e6
              << " MB allocated\n";
  }

  bool has_grown() const { return has_grown(resident_) || has_grown(allocated_); }

 private:
  // Compares the most in the second quarter with the least in the last: what is warming up is no
  // growth, and neither is what comes and goes.
  static bool has_grown(const std::vector<std::size_t>& seen) {
    const auto quarter = static_cast<std::ptrdiff_t>(seen.size() / 4);
    const auto begin = seen.begin();
    const auto before = std::max_element(begin + quarter, begin + 2 * quarter);
    const auto after = std::min_element(seen.end() - quarter, seen.end());
    return *after > *before + *before / 20;
  }

  std::vector<std::size_t> resident_;
  std::vector<std::size_t> allocated_;
};

constexpr int looks = 20;

bool soak(std::chrono::duration<double> time) {
  using clock = std::chrono::steady_clock;
  io::tcp_listener listener = io::tcp_listener::bind(io::address::loopback(0));
  runtime host;
  watched_memory memory;
  const clock::time_point start = clock::now();
  std::int64_t rounds = 0;
  for (int look = 1; look <= looks; ++look) {
    do {
      host.run(do_everything(listener));
      ++rounds;
    } while (clock::now() - start < time * look / looks);
    memory.look(clock::now() - start);
  }
  std::cout << rounds << " rounds\n";
  return !memory.has_grown();
}

}  // namespace
}  // namespace magpie::benchmarks

int main(int argc, char** argv) {
  char* end = nullptr;
  const double seconds = argc == 3 ? std::strtod(argv[2], &end) : 0;
  if (argc != 3 || std::string(argv[1]) != "--seconds" || *end != 0 || !(seconds > 0)) {
    std::cerr << "usage: soak --seconds N\n";
    return 2;
  }
  if (magpie::benchmarks::soak(std::chrono::duration<double>(seconds))) return 0;
  std::cerr << "soak: memory has grown\n";
  return 1;
}
