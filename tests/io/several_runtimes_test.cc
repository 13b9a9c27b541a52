// One socket and several runtimes: one after another it belongs to each, never to two at once.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "magpie/io/tcp.h"
#include "magpie/runtime/error.h"
#include "magpie/runtime/gather.h"
#include "magpie/runtime/run.h"
#include "magpie/tests/io/io_test.h"

namespace magpie::testing {
namespace {

using io::address;
using io::tcp_listener;
using io::tcp_stream;

class several_runtimes : public over_io_modes {};
MAGPIE_OVER_IO_MODES(several_runtimes);

task<char> read_letter(tcp_stream& from) {
  std::array<std::byte, 1> letter{};
  co_await read_exactly(from, letter);
  co_return static_cast<char>(letter[0]);
}

task<> write_letter(tcp_stream& to, char letter) {
  const std::array<std::byte, 1> buffer{static_cast<std::byte>(letter)};
  co_await to.write(buffer);
}

// The letter is sent when somebody waits for it.
task<char> wait_for_letter(connection& both, char letter) {
  auto reading = spawn(read_letter(both.server));
  co_await until_something_waits();
  co_await write_letter(both.client, letter);
  co_return co_await reading;
}

TEST_P(several_runtimes, one_after_another) {
  connection both = run(connect_pair(), settings());
  for (char letter = 'a'; letter <= 'e'; ++letter)
    EXPECT_EQ(run(wait_for_letter(both, letter), settings()), letter);
}

TEST_P(several_runtimes, a_listener_outlives_them) {
  tcp_listener listener = tcp_listener::bind(address::loopback(0));
  auto accept_while_connecting = [](tcp_listener& at) -> task<bool> {
    auto accepting = spawn(at.accept());
    co_await until_something_waits();
    const tcp_stream client = co_await tcp_stream::connect(at.local_address());
    const tcp_stream server = co_await accepting;
    co_return client.is_open() && server.is_open();
  };
  for (int i = 0; i < 5; ++i)
    EXPECT_TRUE(run(accept_while_connecting(listener), settings()));
}

// Who comes second is refused; who waits already is not disturbed.
TEST_P(several_runtimes, two_that_wait_at_once_are_refused) {
  runtime first(settings());
  runtime second(settings());
  connection both = first.run(connect_pair());
  auto reading = first.spawn(read_letter(both.server));
  first.run(until_something_waits());
  try {
    second.run(read_letter(both.server));
    FAIL() << "two runtimes wait for one socket";
  } catch (const usage_error& error) {
    EXPECT_NE(std::string(error.what()).find("one runtime at a time"), std::string::npos)
        << error.what();
  }
  second.run(write_letter(both.client, 'x'));
  EXPECT_EQ(reading.get(), 'x');
}

// The reactor of the runtime that has ended goes away while one task may still look into it, and
// another registers the socket anew.
TEST_P(several_runtimes, two_tasks_move_a_socket_at_once) {
  auto both_ways = [](connection& both) -> task<> {
    auto answer = [](connection& of) -> task<> {
      co_await read_letter(of.server);
      co_await write_letter(of.server, 'a');
    };
    auto ask = [](connection& of) -> task<> {
      co_await write_letter(of.client, 'q');
      co_await read_letter(of.client);
    };
    for (int i = 0; i < 4; ++i)
      co_await gather(answer(both), ask(both), answer(both), ask(both));
  };
  connection both = run(connect_pair(), settings());
  for (int round = 0; round < 50; ++round)
    run(both_ways(both), settings());
}

// Two runtimes that do not know of each other: one of them waits, the other is refused and tries
// again. Each letter reaches one of them.
TEST_P(several_runtimes, a_contest_loses_no_wake_up) {
  constexpr int letters = 200;
  runtime sender(settings());
  connection both = sender.run(connect_pair());
  std::atomic<int> taken{0};
  auto take = [&both, &taken] {
    runtime mine(settings());
    while (taken < letters) {
      try {
        mine.run(read_letter(both.server));
        ++taken;
      } catch (const usage_error&) {
        std::this_thread::yield();
      } catch (const std::runtime_error&) {
        return;  // The end, which the other side sends after all letters.
      }
    }
  };
  std::vector<std::thread> takers;
  takers.emplace_back(take);
  takers.emplace_back(take);
  for (int i = 0; i < letters; ++i) {
    sender.run(write_letter(both.client, 'x'));
    while (taken <= i)
      std::this_thread::yield();
  }
  both.client.shutdown_write();
  for (std::thread& each : takers)
    each.join();
  EXPECT_EQ(taken, letters);
}

}  // namespace
}  // namespace magpie::testing
