// Operations that end before their time: cancelled, or their socket closed under them.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "magpie/io/tcp.h"
#include "magpie/runtime/error.h"
#include "magpie/runtime/gather.h"
#include "magpie/tests/io/io_test.h"

namespace magpie::testing {
namespace {

using namespace std::chrono_literals;
using io::address;
using io::listen_options;
using io::tcp_listener;
using io::tcp_stream;

class tcp_close : public over_io_modes {};
MAGPIE_OVER_IO_MODES(tcp_close);

// How a task ended.
task<std::string> ending_of(join_handle<>& ended) {
  try {
    co_await ended;
    co_return "result";
  } catch (const cancelled&) {
    co_return "cancelled";
  } catch (const std::system_error& error) {
    if (error.code() == std::errc::operation_canceled) co_return "closed";
    co_return error.what();
  }
}

task<> accept_one(tcp_listener& from) {
  co_await from.accept();
}

task<> read_one(tcp_stream& from) {
  std::array<std::byte, 16> buffer{};
  co_await from.read(buffer);
}

// More than the kernel takes while nobody reads.
task<> write_much(tcp_stream& to) {
  static const std::vector<std::byte> much(64'000'000);
  co_await to.write(much);
}

// Starts `operation`, and lets `end` end it when it waits.
template <class End>
task<std::string> ending(task<> operation, End end) {
  auto started = spawn(std::move(operation));
  co_await until_something_waits();
  end(started);
  co_return co_await ending_of(started);
}

constexpr auto cancel = [](join_handle<>& started) { started.cancel(); };

TEST_P(tcp_close, cancelled_operations_leave_nothing_behind) {
  auto body = []() -> task<> {
    const std::size_t before = open_descriptors();
    {
      tcp_listener listener = tcp_listener::bind(address::loopback(0));
      const std::string accepting = co_await ending(accept_one(listener), cancel);
      EXPECT_EQ(accepting, "cancelled");
      // The listener is as good as before.
      tcp_stream client = co_await tcp_stream::connect(listener.local_address());
      tcp_stream server = co_await listener.accept();

      const std::string reading = co_await ending(read_one(client), cancel);
      EXPECT_EQ(reading, "cancelled");
      const std::string writing = co_await ending(write_much(client), cancel);
      EXPECT_EQ(writing, "cancelled");
      co_await server.write(bytes_of("x"));
      co_await read_one(client);
    }
    // The epoll set and two eventfds of the runtime.
    EXPECT_EQ(open_descriptors(), before + 3);
  };
  run(body(), settings());
}

TEST_P(tcp_close, cancelled_connect_closes_its_socket) {
  auto body = []() -> task<> {
    tcp_listener full = tcp_listener::bind(address::loopback(0), listen_options().backlog(1));
    std::vector<join_handle<tcp_stream>> connecting;
    for (int i = 0; i < 4; ++i)
      connecting.push_back(spawn(tcp_stream::connect(full.local_address())));
    co_await until_something_waits();
    std::vector<tcp_stream> connected;
    for (join_handle<tcp_stream>& one : connecting)
      one.cancel();
    for (join_handle<tcp_stream>& one : connecting) {
      try {
        tcp_stream stream = co_await one;
        connected.push_back(std::move(stream));
      } catch (const cancelled&) {
      }
    }
    EXPECT_LT(connected.size(), connecting.size());
  };
  run(body(), settings());
}

TEST_P(tcp_close, close_ends_what_is_pending) {
  auto body = []() -> task<> {
    tcp_listener listener = tcp_listener::bind(address::loopback(0));
    connection c = co_await connect_pair();
    connection d = co_await connect_pair();
    const std::string accepting =
        co_await ending(accept_one(listener), [&](join_handle<>&) { listener.close(); });
    EXPECT_EQ(accepting, "closed");
    const std::string reading =
        co_await ending(read_one(c.client), [&](join_handle<>&) { c.client.close(); });
    EXPECT_EQ(reading, "closed");
    const std::string writing =
        co_await ending(write_much(d.client), [&](join_handle<>&) { d.client.close(); });
    EXPECT_EQ(writing, "closed");
    // Closed again, by hand and by the destructor.
    c.client.close();
  };
  run(body(), settings());
}

TEST_P(tcp_close, destroying_or_replacing_a_stream_ends_what_is_pending) {
  auto body = []() -> task<> {
    connection c = co_await connect_pair();
    const std::string replaced =
        co_await ending(read_one(c.client), [&](join_handle<>&) { c.client = tcp_stream(); });
    EXPECT_EQ(replaced, "closed");
  };
  run(body(), settings());
}

TEST_P(tcp_close, moving_a_stream_does_not_disturb_what_is_pending) {
  auto body = []() -> task<> {
    connection c = co_await connect_pair();
    auto reading = spawn(read_one(c.client));
    co_await until_something_waits();
    const tcp_stream moved = std::move(c.client);
    co_await c.server.write(bytes_of("x"));
    const std::string how = co_await ending_of(reading);
    EXPECT_EQ(how, "result");
  };
  run(body(), settings());
}

TEST_P(tcp_close, runtime_that_ends_cancels_what_is_pending) {
  auto body = []() -> task<> {
    auto linger = []() -> task<> {
      connection c = co_await connect_pair();
      co_await read_one(c.client);
    };
    for (int i = 0; i < 10; ++i)
      spawn(linger()).detach();
    co_await until_something_waits();
  };
  run(body(), settings());
}

// ---------------------------------------------------------------------------------- reuse

// Each connection carries one tag in both directions. Whoever reads another tag has got an event,
// or a byte, of a socket that had the same number before.
task<> client_of(address where, std::uint32_t tag, std::atomic<int>& served) {
  tcp_stream stream = co_await tcp_stream::connect(where);
  const std::string sent = std::to_string(1'000'000 + tag);
  co_await stream.write(bytes_of(sent));
  std::array<std::byte, 7> received{};
  if (tag % 3 == 0) co_return;  // Leaves with the answer on its way.
  std::error_code code;
  std::size_t count = 0;
  while (count < received.size()) {
    const std::size_t n = co_await stream.read(std::span(received).subspan(count), code);
    if (code || n == 0) co_return;
    count += n;
  }
  if (text_of(received) != sent) throw std::logic_error("a message of somebody else");
  ++served;
}

task<> server_of(tcp_stream peer) {
  std::array<std::byte, 7> tag{};
  std::error_code code;
  std::size_t count = 0;
  while (count < tag.size()) {
    const std::size_t n = co_await peer.read(std::span(tag).subspan(count), code);
    if (code || n == 0) co_return;
    count += n;
  }
  const int number = std::stoi(text_of(tag));
  if (number % 5 == 0) {
    // Another task closes while this one waits.
    auto waiting = spawn(read_one(peer));
    co_await yield();
    peer.close();
    co_await ending_of(waiting);
    co_return;
  }
  co_await peer.write(tag, code);
}

TEST_P(tcp_close, storm_of_closing_and_opening_mixes_nothing_up) {
  auto body = []() -> task<> {
    tcp_listener listener = tcp_listener::bind(address::loopback(0));
    auto serve = [](tcp_listener& from) -> task<> {
      for (;;) {
        tcp_stream peer = co_await from.accept();
        spawn(server_of(std::move(peer))).detach();
      }
    };
    auto server = spawn(serve(listener));
    std::atomic<int> served{0};
    auto stream_of_clients = [](address where, std::uint32_t first,
                                std::atomic<int>& count) -> task<> {
      for (std::uint32_t i = 0; i < 100; ++i)
        co_await client_of(where, first + i, count);
    };
    std::vector<task<>> clients;
    for (std::uint32_t i = 0; i < 20; ++i)
      clients.push_back(stream_of_clients(listener.local_address(), 1000 * i, served));
    co_await gather(std::move(clients));
    EXPECT_GT(served.load(), 500);
    listener.close();
    const std::string how = co_await ending_of(server);
    EXPECT_EQ(how, "closed");
  };
  run(body(), settings());
}

// Closing races with the beginning, the waiting and the end of operations on other workers.
TEST_P(tcp_close, close_may_come_at_any_moment) {
  auto body = []() -> task<> {
    for (int i = 0; i < 300; ++i) {
      connection c = co_await connect_pair();
      auto reading = spawn(read_one(c.client));
      auto writing = spawn(write_much(c.client));
      for (int turn = 0; turn < i % 7; ++turn)
        co_await yield();
      c.client.close();
      for (join_handle<>* one : {&reading, &writing}) {
        const std::string how = co_await ending_of(*one);
        EXPECT_EQ(how, "closed");
      }
    }
  };
  run(body(), settings());
}

}  // namespace
}  // namespace magpie::testing
