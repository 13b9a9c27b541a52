#include "magpie/io/testing/duplex.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <memory>
#include <numeric>
#include <span>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "magpie/io/tcp.h"
#include "magpie/runtime/clock.h"
#include "magpie/runtime/error.h"
#include "magpie/runtime/gather.h"
#include "magpie/runtime/spawn.h"
#include "magpie/runtime/testing/cancel_sweep.h"
#include "magpie/runtime/testing/gtest.h"
#include "magpie/runtime/timeout.h"
#include "magpie/tests/io/io_test.h"

namespace magpie::testing {
namespace {

using namespace std::chrono_literals;

class duplex_test : public over_workers {
 protected:
  static test_settings co_settings() {
    return test_settings().simulated(simulation_options().workers(GetParam()));
  }
};
MAGPIE_OVER_WORKERS(duplex_test);

task<> write_text(duplex_stream& to, std::string text) {
  co_await to.write(bytes_of(text));
}

task<> write_and_end(duplex_stream& to, std::string text) {
  co_await write_text(to, std::move(text));
  to.shutdown_write();
}

// Reads once.
task<std::string> read_piece(duplex_stream& from) {
  std::array<std::byte, 100> buffer{};
  const std::size_t n = co_await from.read(buffer);
  co_return text_of(std::span(buffer).first(n));
}

task<std::error_code> error_of_read(duplex_stream& from) {
  std::array<std::byte, 100> buffer{};
  std::error_code error;
  co_await from.read(buffer, error);
  co_return error;
}

task<std::error_code> error_of_write(duplex_stream& to, std::string text) {
  std::error_code error;
  co_await to.write(bytes_of(text), error);
  co_return error;
}

CO_TEST_P(duplex_test, what_one_end_writes_the_other_reads) {
  auto [client, server] = make_duplex();
  co_await gather(write_and_end(client, "to the server"), write_and_end(server, "to the client"));
  const auto [at_server, at_client] = co_await gather(read_all(server), read_all(client));
  EXPECT_EQ(at_server, "to the server");
  EXPECT_EQ(at_client, "to the client");
  const std::string nothing = co_await read_piece(client);
  EXPECT_EQ(nothing, "");
}

CO_TEST_P(duplex_test, a_read_waits_and_a_write_waits_for_room) {
  auto [client, server] = make_duplex(stream_script().capacity(3));
  const std::string text = "much more than there is room for";
  auto reads = [](duplex_stream& from) -> task<std::string> {
    std::string all = co_await read_all(from);
    co_return all;
  };
  join_handle<std::string> reading = spawn(reads(server), "reads");
  co_await yield();
  EXPECT_FALSE(reading.done());
  co_await write_and_end(client, text);
  const std::string arrived = co_await reading;
  EXPECT_EQ(arrived, text);
}

CO_TEST_P(duplex_test, short_reads) {
  auto [client, server] =
      make_duplex(stream_script(), stream_script().read_sizes({1, 3}).read_at_most(2));
  co_await write_and_end(client, "abcdefgh");
  for (const char* piece : {"a", "bcd", "ef", "gh", ""}) {
    const std::string read = co_await read_piece(server);
    EXPECT_EQ(read, piece);
  }
}

CO_TEST_P(duplex_test, short_writes) {
  auto [client, server] = make_duplex(stream_script().write_sizes({1, 3}).write_at_most(2));
  const std::string text = "abcdefgh";
  std::size_t written = 0;
  for (const std::size_t most : {1U, 3U, 2U, 2U, 0U}) {
    const std::size_t n = co_await client.write_some(bytes_of(text).subspan(written));
    EXPECT_EQ(n, most);
    written += n;
  }
  const std::string read = co_await read_piece(server);
  EXPECT_EQ(read, text);
}

CO_TEST_P(duplex_test, a_write_sends_all_in_pieces) {
  auto [client, server] = make_duplex(stream_script().write_at_most(2).write_delay(1s));
  const auto start = clock::now();
  co_await write_text(client, "abcde");
  EXPECT_EQ(clock::now() - start, 3s);
  const std::string read = co_await read_piece(server);
  EXPECT_EQ(read, "abcde");
}

CO_TEST_P(duplex_test, reads_take_their_time) {
  auto [client, server] = make_duplex(stream_script(), stream_script().read_delay(10min));
  co_await write_and_end(client, "ab");
  const auto start = clock::now();
  const std::string all = co_await read_all(server);
  EXPECT_EQ(all, "ab");
  EXPECT_EQ(clock::now() - start, 20min);
}

CO_TEST_P(duplex_test, a_read_that_fails_after_so_many_bytes) {
  auto [client, server] =
      make_duplex(stream_script(), stream_script().fail_read_after(3, std::errc::connection_reset));
  co_await write_text(client, "abcdef");
  const std::string read = co_await read_piece(server);
  EXPECT_EQ(read, "abc");
  for (int i = 0; i < 2; ++i) {
    const std::error_code error = co_await error_of_read(server);
    EXPECT_EQ(error, std::errc::connection_reset);
  }
  std::string said;
  try {
    co_await read_piece(server);
  } catch (const std::system_error& error) {
    said = error.what();
  }
  EXPECT_NE(said.find("read from a duplex_stream"), std::string::npos) << said;
}

CO_TEST_P(duplex_test, an_end_after_so_many_bytes) {
  auto [client, server] = make_duplex(stream_script(), stream_script().end_after(2));
  co_await write_text(client, "abcdef");
  const std::string all = co_await read_all(server);
  EXPECT_EQ(all, "ab");
  auto [silent, deaf] = make_duplex(stream_script(), stream_script().end_after(0));
  const std::string nothing = co_await read_all(deaf);
  EXPECT_EQ(nothing, "");
}

// Who waits beside the one that comes to the end learns of it.
CO_TEST_P(duplex_test, an_end_is_an_end_for_all_who_read) {
  auto [client, server] = make_duplex(stream_script(), stream_script().end_after(2));
  auto first = spawn(read_piece(server), "first");
  auto second = spawn(read_piece(server), "second");
  co_await sleep_for(1s);
  co_await write_text(client, "ab");
  const std::string one = co_await first;
  const std::string other = co_await second;
  EXPECT_EQ(one + other, "ab");
}

CO_TEST_P(duplex_test, a_write_that_fails_after_so_many_bytes) {
  auto [client, server] =
      make_duplex(stream_script().fail_write_after(3, std::errc::no_buffer_space));
  const std::error_code error = co_await error_of_write(client, "abcdef");
  EXPECT_EQ(error, std::errc::no_buffer_space);
  CO_EXPECT_THROW(co_await write_text(client, "x"), std::system_error);
  client.close();
  const std::string all = co_await read_all(server);
  EXPECT_EQ(all, "abc");
}

CO_TEST_P(duplex_test, closing_ends_what_is_pending) {
  auto [client, server] = make_duplex(stream_script().capacity(1));
  auto reading = spawn(error_of_read(client), "reads");
  auto writing = spawn(error_of_write(client, "ab"), "writes");
  co_await sleep_for(1s);
  EXPECT_TRUE(client.is_open());
  client.close();
  EXPECT_FALSE(client.is_open());
  const std::error_code of_read = co_await reading;
  const std::error_code of_write = co_await writing;
  EXPECT_EQ(of_read, std::errc::operation_canceled);
  EXPECT_EQ(of_write, std::errc::operation_canceled);
  const std::string left = co_await read_all(server);
  EXPECT_EQ(left, "a");
  const std::error_code gone = co_await error_of_write(server, "x");
  EXPECT_EQ(gone, std::errc::broken_pipe);
}

CO_TEST_P(duplex_test, a_write_that_waits_fails_when_the_reader_goes) {
  auto [client, server] = make_duplex(stream_script().capacity(1));
  auto writing = spawn(error_of_write(client, "ab"), "writes");
  co_await sleep_for(1s);
  {
    const duplex_stream goes = std::move(server);
  }
  const std::error_code error = co_await writing;
  EXPECT_EQ(error, std::errc::broken_pipe);
}

CO_TEST_P(duplex_test, what_is_connected_to_nothing) {
  duplex_stream none;
  EXPECT_FALSE(none.is_open());
  const std::error_code of_read = co_await error_of_read(none);
  EXPECT_EQ(of_read, std::errc::bad_file_descriptor);
  const std::error_code of_write = co_await error_of_write(none, "x");
  EXPECT_EQ(of_write, std::errc::bad_file_descriptor);
  EXPECT_THROW(none.shutdown_write(), std::system_error);
  none.close();
  auto [client, server] = make_duplex();
  client.close();
  std::error_code error;
  client.shutdown_write(error);
  EXPECT_EQ(error, std::errc::operation_canceled);
  const std::size_t none_read = co_await server.read(std::span<std::byte>());
  EXPECT_EQ(none_read, 0U);
}

CO_TEST_P(duplex_test, after_shutdown_writes_fail_and_reads_go_on) {
  auto [client, server] = make_duplex();
  client.shutdown_write();
  const std::error_code error = co_await error_of_write(client, "x");
  EXPECT_EQ(error, std::errc::broken_pipe);
  co_await write_text(server, "still here");
  const std::string read = co_await read_piece(client);
  EXPECT_EQ(read, "still here");
}

// What is written for a tcp_stream works here.
CO_TEST_P(duplex_test, a_server_for_any_stream) {
  auto [client, server] =
      make_duplex(stream_script().read_at_most(1), stream_script().read_at_most(3));
  auto serving = spawn(echo(std::move(server)), "echo");
  co_await write_and_end(client, "hello, echo");
  const std::string said = co_await read_all(client);
  EXPECT_EQ(said, "hello, echo");
  co_await serving;
}

// A time limit leaves the bytes to the next who reads.
CO_TEST_P(duplex_test, a_read_that_runs_out_of_time_takes_nothing) {
  auto [client, server] = make_duplex();
  CO_EXPECT_THROW(co_await with_timeout(1s, read_piece(server)), timeout_error);
  co_await write_text(client, "late");
  const std::string read = co_await read_piece(server);
  EXPECT_EQ(read, "late");
}

// Each byte arrives once, in order, whoever reads it.
TEST_P(duplex_test, loses_nothing_when_a_reader_is_cancelled_at_any_moment) {
  struct scene {
    std::pair<duplex_stream, duplex_stream> ends =
        make_duplex(stream_script().capacity(4).write_at_most(3), stream_script().read_at_most(2));
    std::string arrived;
  };
  std::unique_ptr<scene> now;
  const std::string text = "abcdefghijklmnopqrstuvwxyz";
  auto reads = [](scene& of) -> task<> {
    for (;;) {
      const std::string piece = co_await read_piece(of.ends.second);
      if (piece.empty()) co_return;
      of.arrived += piece;
    }
  };
  auto writes = [&text](scene& of) -> task<> { co_await write_and_end(of.ends.first, text); };
  const std::size_t moments = cancel_sweep(
      simulation_options().workers(GetParam()),
      [&](simulation& world) {
        now = std::make_unique<scene>();
        cast players;
        players.victim = world.spawn(reads(*now), "victim");
        players.others.push_back(world.spawn(reads(*now), "reader"));
        players.others.push_back(world.spawn(writes(*now), "writer"));
        return players;
      },
      [&] {
        std::string sorted = now->arrived;
        std::sort(sorted.begin(), sorted.end());
        EXPECT_EQ(sorted, text);
      });
  EXPECT_GT(moments, 5U);
}

// On real threads, and under ThreadSanitizer.
TEST_P(duplex_test, many_bytes_both_ways_on_threads) {
  auto both_ways = []() -> task<> {
    auto [client, server] = make_duplex(stream_script().capacity(7), stream_script().capacity(5));
    auto serving = spawn(echo(std::move(server)), "echo");
    const std::string text(20'000, 'x');
    const auto [nothing, said] = co_await gather(write_and_end(client, text), read_all(client));
    static_cast<void>(nothing);
    EXPECT_EQ(said, text);
    co_await serving;
  };
  EXPECT_EQ(run_test(both_ways, test_settings().threads(options().workers(GetParam())), "both"),
            std::vector<std::string>());
}

TEST(stream_script_test, bad_values_are_refused) {
  EXPECT_THROW(stream_script().read_at_most(0), std::invalid_argument);
  EXPECT_THROW(stream_script().write_at_most(0), std::invalid_argument);
  EXPECT_THROW(stream_script().read_sizes({1, 0}), std::invalid_argument);
  EXPECT_THROW(stream_script().write_sizes({0}), std::invalid_argument);
  EXPECT_THROW(stream_script().capacity(0), std::invalid_argument);
}

}  // namespace
}  // namespace magpie::testing
