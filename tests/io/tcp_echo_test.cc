#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "magpie/io/tcp.h"
#include "magpie/runtime/gather.h"
#include "magpie/tests/io/io_test.h"

namespace magpie::testing {
namespace {

using io::address;
using io::tcp_listener;
using io::tcp_stream;

class tcp_echo : public over_io_modes {};
MAGPIE_OVER_IO_MODES(tcp_echo);

// Sends tagged messages and checks each answer.
task<> exchange(address where, std::uint64_t client, int messages) {
  tcp_stream stream = co_await tcp_stream::connect(where);
  for (int i = 0; i < messages; ++i) {
    const std::string sent = std::to_string(client) + ":" + std::to_string(i);
    co_await stream.write(bytes_of(sent));
    std::vector<std::byte> received(sent.size());
    co_await read_exactly(stream, received);
    if (text_of(received) != sent) throw std::runtime_error("wrong answer: " + text_of(received));
  }
}

task<> serve_clients(address where, std::uint64_t clients, int messages) {
  return serve(where, clients, [messages](address server, std::uint64_t client) {
    return exchange(server, client, messages);
  });
}

TEST_P(tcp_echo, gives_back_what_was_sent) {
  run(serve_clients(address::loopback(0), 20, 50), settings());
}

TEST_P(tcp_echo, works_over_ipv6) {
  run(serve_clients(address::loopback_v6(0), 5, 20), settings());
}

TEST_P(tcp_echo, serves_2000_connections_at_once) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  const rlimit before = limit;
  limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, 8192);
  if (limit.rlim_cur < 4100) GTEST_SKIP() << "the system allows only " << limit.rlim_cur;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  auto body = []() -> task<> {
    tcp_listener listener = tcp_listener::bind(address::loopback(0));
    auto server = spawn(echo_server(listener), "server");
    std::vector<tcp_stream> clients;
    for (int i = 0; i < 2000; ++i) {
      tcp_stream connected = co_await tcp_stream::connect(listener.local_address());
      clients.push_back(std::move(connected));
    }
    for (int round = 0; round < 3; ++round) {
      for (std::size_t i = 0; i < clients.size(); ++i) {
        const std::string sent = std::to_string(10'000 * (round + 1) + static_cast<int>(i));
        co_await clients[i].write(bytes_of(sent));
      }
      for (std::size_t i = 0; i < clients.size(); ++i) {
        std::array<std::byte, 5> received{};
        co_await read_exactly(clients[i], received);
        EXPECT_EQ(text_of(received), std::to_string(10'000 * (round + 1) + static_cast<int>(i)));
      }
    }
    server.cancel();
    try {
      co_await server;
      ADD_FAILURE() << "ended by itself";
    } catch (const cancelled&) {
    }
  };
  run(body(), settings());
  ::setrlimit(RLIMIT_NOFILE, &before);
}

// ---------------------------------------------------------------------------------- streams

TEST_P(tcp_echo, ends_one_direction_only) {
  auto body = []() -> task<> {
    connection c = co_await connect_pair();
    co_await c.client.write(bytes_of("question"));
    c.client.shutdown_write();
    const std::string question = co_await read_all(c.server);
    EXPECT_EQ(question, "question");
    co_await c.server.write(bytes_of("answer"));
    c.server.close();
    const std::string answer = co_await read_all(c.client);
    EXPECT_EQ(answer, "answer");
    // The end is the end, however often it is read.
    std::array<std::byte, 8> buffer{};
    const std::size_t again = co_await c.client.read(buffer);
    EXPECT_EQ(again, 0U);
  };
  run(body(), settings());
}

std::byte pattern(std::size_t i) {
  return static_cast<std::byte>(i * 2654435761U >> 11U);
}

task<> write_pattern(tcp_stream& to, std::size_t size) {
  std::vector<std::byte> sent(size);
  for (std::size_t i = 0; i < size; ++i)
    sent[i] = pattern(i);
  co_await to.write(sent);
  to.shutdown_write();
}

// Lets the writer run into a full buffer again and again.
task<std::size_t> read_pattern_slowly(tcp_stream& from) {
  std::vector<std::byte> buffer(100'000);
  std::size_t position = 0;
  for (;;) {
    for (int i = 0; i < 20; ++i)
      co_await yield();
    const std::size_t n = co_await from.read(buffer);
    if (n == 0) co_return position;
    for (std::size_t i = 0; i < n; ++i, ++position) {
      if (buffer[i] != pattern(position)) throw std::runtime_error("a byte has changed");
    }
  }
}

TEST_P(tcp_echo, holds_the_writer_back_until_the_reader_has_read) {
  auto body = []() -> task<> {
    constexpr std::size_t size = 32'000'000;
    connection c = co_await connect_pair();
    auto [read, nothing] =
        co_await gather(read_pattern_slowly(c.server), write_pattern(c.client, size));
    EXPECT_EQ(read, size);
  };
  run(body(), settings());
}

TEST_P(tcp_echo, moves_data_both_ways_at_once) {
  auto body = []() -> task<> {
    constexpr std::size_t size = 8'000'000;
    connection c = co_await connect_pair();
    auto [down, up, n1, n2] =
        co_await gather(read_pattern_slowly(c.client), read_pattern_slowly(c.server),
                        write_pattern(c.client, size), write_pattern(c.server, size));
    EXPECT_EQ(down, size);
    EXPECT_EQ(up, size);
  };
  run(body(), settings());
}

TEST_P(tcp_echo, reads_nothing_into_no_buffer_and_writes_nothing) {
  auto body = []() -> task<> {
    connection c = co_await connect_pair();
    const std::size_t n = co_await c.client.read(std::span<std::byte>());
    EXPECT_EQ(n, 0U);
    co_await c.client.write(std::span<const std::byte>());
    co_await c.server.write(bytes_of("x"));
    std::array<std::byte, 4> buffer{};
    const std::size_t one = co_await c.client.read(buffer);
    EXPECT_EQ(one, 1U);
  };
  run(body(), settings());
}

TEST_P(tcp_echo, names_both_ends) {
  auto body = []() -> task<> {
    connection c = co_await connect_pair();
    EXPECT_EQ(c.client.local_address(), c.server.remote_address());
    EXPECT_EQ(c.client.remote_address(), c.server.local_address());
    c.client.set_no_delay(true);
    c.client.set_no_delay(false);
    co_return;
  };
  run(body(), settings());
}

// Whichever of several tasks accepts, each connection is taken once.
TEST_P(tcp_echo, accepts_in_several_tasks) {
  auto body = []() -> task<> {
    tcp_listener listener = tcp_listener::bind(address::loopback(0));
    auto a = spawn(echo_server(listener));
    auto b = spawn(echo_server(listener));
    auto c = spawn(echo_server(listener));
    std::vector<task<>> all;
    for (std::uint64_t i = 0; i < 30; ++i)
      all.push_back(exchange(listener.local_address(), i, 3));
    co_await gather(std::move(all));
    for (join_handle<>* server : {&a, &b, &c}) {
      server->cancel();
      try {
        co_await *server;
        ADD_FAILURE() << "ended by itself";
      } catch (const cancelled&) {
      }
    }
  };
  run(body(), settings());
}

// A stream that was connected in one runtime goes on in the next, and outlives both.
TEST_P(tcp_echo, takes_a_stream_from_one_runtime_to_the_next) {
  auto talk = [](connection& c) -> task<> {
    std::array<std::byte, 4> buffer{};
    auto late = [](tcp_stream& to) -> task<> {
      co_await until_something_waits();
      co_await to.write(bytes_of("late"));
    };
    co_await gather(read_exactly(c.client, buffer), late(c.server));
    EXPECT_EQ(text_of(buffer), "late");
  };
  connection c = run(connect_pair(), settings());
  run(talk(c), settings());
  run(talk(c), settings());
}

// An operation that is always ready lets others run all the same.
TEST_P(tcp_echo, does_not_starve_others_when_it_is_always_ready) {
  auto body = []() -> task<> {
    connection c = co_await connect_pair();
    const std::string much(60'000, 'x');
    co_await c.server.write(bytes_of(much));
    bool others_ran = false;
    auto other = [](bool& ran) -> task<> {
      ran = true;
      co_return;
    };
    auto reads = [](tcp_stream& from, bool& ran) -> task<int> {
      std::array<std::byte, 1> one{};
      for (int i = 0; i < 50'000; ++i) {
        co_await from.read(one);
        if (ran) co_return i;
      }
      co_return 50'000;
    };
    auto handle = spawn(other(others_ran));
    const int reads_before = co_await reads(c.client, others_ran);
    EXPECT_LT(reads_before, 1000);
    co_await handle;
  };
  run(body(), options().workers(1).io(std::get<1>(GetParam())));
}

}  // namespace
}  // namespace magpie::testing
