#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <stdexcept>
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
using io::connect_options;
using io::listen_options;
using io::tcp_listener;
using io::tcp_stream;

class tcp_error : public over_io_modes {};
MAGPIE_OVER_IO_MODES(tcp_error);

// A port that nobody listens to, since its listener has just been closed.
address unused_port() {
  return tcp_listener::bind(address::loopback(0)).local_address();
}

// What the operation throws.
task<std::system_error> error_of(task<> operation) {
  try {
    co_await std::move(operation);
  } catch (const std::system_error& error) {
    co_return error;
  }
  throw std::logic_error("there was no error");
}

task<> forget(task<tcp_stream> operation) {
  co_await std::move(operation);
}

task<> forget_size(task<std::size_t> operation) {
  co_await std::move(operation);
}

TEST_P(tcp_error, refused_connection_says_what_and_where) {
  auto body = []() -> task<> {
    const address where = unused_port();
    const std::system_error error = co_await error_of(forget(tcp_stream::connect(where)));
    EXPECT_EQ(error.code(), std::errc::connection_refused);
    EXPECT_EQ(std::string(error.what()),
              "magpie: connect to " + where.to_string() + ": Connection refused");
    std::error_code code;
    const tcp_stream none = co_await tcp_stream::connect(where, code);
    EXPECT_EQ(code, std::errc::connection_refused);
    EXPECT_FALSE(none.is_open());
  };
  run(body(), settings());
}

TEST_P(tcp_error, success_clears_the_error_code) {
  auto body = []() -> task<> {
    tcp_listener listener = tcp_listener::bind(address::loopback(0));
    std::error_code code = std::make_error_code(std::errc::io_error);
    tcp_stream client = co_await tcp_stream::connect(listener.local_address(), code);
    EXPECT_FALSE(code);
    code = std::make_error_code(std::errc::io_error);
    tcp_stream server = co_await listener.accept(code);
    EXPECT_FALSE(code);
    code = std::make_error_code(std::errc::io_error);
    co_await client.write(bytes_of("x"), code);
    EXPECT_FALSE(code);
    code = std::make_error_code(std::errc::io_error);
    std::array<std::byte, 2> buffer{};
    co_await server.read(buffer, code);
    EXPECT_FALSE(code);
    code = std::make_error_code(std::errc::io_error);
    server.shutdown_write(code);
    EXPECT_FALSE(code);
  };
  run(body(), settings());
}

TEST_P(tcp_error, connect_gives_up_after_its_timeout) {
  auto body = []() -> task<> {
    // The kernel drops what comes while the backlog is full, and the client tries again later.
    tcp_listener full = tcp_listener::bind(address::loopback(0), listen_options().backlog(1));
    std::vector<tcp_stream> queued;
    const clock::time_point begun = clock::now();
    for (;;) {
      std::error_code code;
      const auto limit = connect_options().timeout(100ms);
      tcp_stream one = co_await tcp_stream::connect(full.local_address(), limit, code);
      if (code) {
        EXPECT_EQ(code, std::errc::timed_out);
        break;
      }
      queued.push_back(std::move(one));
      if (queued.size() > 100) throw std::logic_error("the backlog has no end");
    }
    EXPECT_GE(clock::now() - begun, 100ms);
    const std::system_error error = co_await error_of(
        forget(tcp_stream::connect(full.local_address(), connect_options().timeout(1ms))));
    EXPECT_EQ(error.code(), std::errc::timed_out);
    EXPECT_NE(std::string(error.what()).find(full.local_address().to_string()), std::string::npos);
  };
  run(body(), settings());
}

TEST_P(tcp_error, reset_by_the_peer_ends_reading_and_writing) {
  auto body = []() -> task<> {
    connection c = co_await connect_pair();
    std::array<std::byte, 4> buffer{};
    auto reset = [](tcp_stream& peer) -> task<> {
      co_await until_something_waits();
      // Unread data makes the kernel reset the connection instead of ending it.
      peer.close();
    };
    co_await c.client.write(bytes_of("unread"));
    auto [error, nothing] =
        co_await gather(error_of(forget_size(c.client.read(buffer))), reset(c.server));
    EXPECT_EQ(error.code(), std::errc::connection_reset);
    EXPECT_EQ(std::string(error.what()), "magpie: read from " +
                                             c.client.remote_address().to_string() +
                                             ": Connection reset by peer");
    std::error_code code;
    co_await c.client.write(bytes_of("x"), code);
    EXPECT_EQ(code, std::errc::broken_pipe);
  };
  run(body(), settings());
}

volatile sig_atomic_t pipe_signals = 0;

// Writes until the peer's end has arrived.
task<std::error_code> write_until_it_fails(tcp_stream& to) {
  std::error_code code;
  for (int i = 0; i < 1'000'000 && !code; ++i)
    co_await to.write(bytes_of("x"), code);
  co_return code;
}

TEST_P(tcp_error, writing_to_a_peer_that_has_gone_raises_no_signal) {
  struct sigaction counting{};
  counting.sa_handler = [](int) { pipe_signals = pipe_signals + 1; };
  struct sigaction before{};
  ::sigaction(SIGPIPE, &counting, &before);
  pipe_signals = 0;
  auto body = []() -> task<> {
    connection c = co_await connect_pair();
    c.server.close();
    const std::error_code first = co_await write_until_it_fails(c.client);
    EXPECT_TRUE(first == std::errc::broken_pipe || first == std::errc::connection_reset) << first;
    const std::error_code second = co_await write_until_it_fails(c.client);
    EXPECT_EQ(second, std::errc::broken_pipe);
  };
  run(body(), settings());
  EXPECT_EQ(pipe_signals, 0);
  ::sigaction(SIGPIPE, &before, nullptr);
}

TEST_P(tcp_error, closed_and_empty_objects_say_so) {
  auto body = []() -> task<> {
    connection c = co_await connect_pair();
    const tcp_stream moved_to = std::move(c.client);
    c.server.close();
    tcp_stream empty;
    std::array<std::byte, 4> buffer{};
    // NOLINTNEXTLINE(bugprone-use-after-move)
    for (tcp_stream* stream : {&c.client, &c.server, &empty}) {
      const std::errc expected =
          stream == &c.server ? std::errc::operation_canceled : std::errc::bad_file_descriptor;
      EXPECT_FALSE(stream->is_open());
      std::error_code code;
      co_await stream->read(buffer, code);
      EXPECT_EQ(code, expected);
      co_await stream->write(bytes_of("x"), code);
      EXPECT_EQ(code, expected);
      stream->shutdown_write(code);
      EXPECT_EQ(code, expected);
      const std::system_error error = co_await error_of(forget_size(stream->read(buffer)));
      EXPECT_EQ(error.code(), expected);
      EXPECT_THROW(stream->set_no_delay(true), std::system_error);
      EXPECT_THROW(stream->local_address(), std::system_error);
      EXPECT_THROW(stream->shutdown_write(), std::system_error);
      stream->close();
    }
    tcp_listener listener;
    EXPECT_FALSE(listener.is_open());
    std::error_code code;
    co_await listener.accept(code);
    EXPECT_EQ(code, std::errc::bad_file_descriptor);
    listener.close();
  };
  run(body(), settings());
}

// ---------------------------------------------------------------------------------- no runtime

class tcp_bind : public io_test {};

TEST_F(tcp_bind, port_in_use_says_what_and_where) {
  const tcp_listener first = tcp_listener::bind(address::loopback(0));
  const address where = first.local_address();
  try {
    tcp_listener::bind(where);
    FAIL() << "two listeners on one port";
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code(), std::errc::address_in_use);
    EXPECT_EQ(std::string(error.what()),
              "magpie: listen on " + where.to_string() + ": Address already in use");
  }
  std::error_code code;
  EXPECT_FALSE(tcp_listener::bind(where, code).is_open());
  EXPECT_EQ(code, std::errc::address_in_use);
}

TEST_F(tcp_bind, address_of_another_machine_is_refused) {
  std::error_code code;
  const tcp_listener none = tcp_listener::bind(address::parse("192.0.2.1:0"), code);
  EXPECT_EQ(code, std::errc::address_not_available);
}

TEST_F(tcp_bind, ipv6_does_not_take_the_port_of_ipv4) {
  const tcp_listener v6 = tcp_listener::bind(address::any_v6(0));
  const tcp_listener v4 = tcp_listener::bind(address::any(v6.local_address().port()));
  EXPECT_EQ(v4.local_address().port(), v6.local_address().port());
}

TEST_F(tcp_bind, options_out_of_range_are_refused) {
  EXPECT_THROW(listen_options().backlog(0), std::invalid_argument);
  EXPECT_THROW(listen_options().backlog(-1), std::invalid_argument);
  EXPECT_THROW(connect_options().timeout(0s), std::invalid_argument);
  EXPECT_THROW(connect_options().timeout(-1ns), std::invalid_argument);
  EXPECT_EQ(connect_options().timeout(std::chrono::hours::max()).timeout(), clock::duration::max());
  EXPECT_EQ(listen_options().backlog(7).reuse_address(false).backlog(), 7);
}

TEST_F(tcp_bind, needs_no_runtime_and_outlives_one) {
  auto take_one = [](tcp_listener& from) -> task<> {
    auto client = spawn(forget(tcp_stream::connect(from.local_address())));
    co_await from.accept();
    co_await client;
  };
  tcp_listener listener = tcp_listener::bind(address::loopback(0));
  run(take_one(listener), options().workers(2));
  run(take_one(listener), options().workers(2));
}

}  // namespace
}  // namespace magpie::testing
