// What the tests of io/ have in common: every configuration of the runtime, and nothing left over.
#ifndef MAGPIE_TESTS_IO_IO_TEST_H_
#define MAGPIE_TESTS_IO_IO_TEST_H_

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <tuple>
#include <utility>
#include <vector>

#include "magpie/io/internal/io_thread.h"
#include "magpie/io/tcp.h"
#include "magpie/runtime/gather.h"
#include "magpie/runtime/run.h"
#include "magpie/runtime/sleep.h"
#include "magpie/tests/runtime/leftovers.h"

namespace magpie::testing {

inline std::size_t open_descriptors() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

// Two sockets that are connected with each other.
inline std::array<int, 2> socket_pair() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    throw std::system_error(errno, std::system_category(), "socketpair");
  }
  return ends;
}

// User and system time of the whole process.
inline std::chrono::microseconds cpu_time() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  const auto all = [](const timeval& t) {
    return std::chrono::seconds(t.tv_sec) + std::chrono::microseconds(t.tv_usec);
  };
  return all(used.ru_utime) + all(used.ru_stime);
}

// How often the threads of magpie have gone to sleep so far.
inline std::size_t sleeps_of_magpie() {
  std::size_t sum = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/task")) {
    std::ifstream file(entry.path() / "status");
    std::string key;
    std::string name;
    file >> key >> name;
    if (!name.starts_with("magpie-")) continue;
    while (file >> key && key != "voluntary_ctxt_switches:") {
    }
    std::size_t switches = 0;
    file >> switches;
    sum += switches;
  }
  return sum;
}

inline std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

inline std::string text_of(std::span<const std::byte> bytes) {
  std::string text;
  for (const std::byte b : bytes)
    text += static_cast<char>(b);
  return text;
}

// These take whatever has the members of a tcp_stream.

// Reads until the peer ends.
template <class Stream>
task<std::string> read_all(Stream& from) {
  std::array<std::byte, 4096> buffer{};
  std::string text;
  for (;;) {
    const std::size_t n = co_await from.read(buffer);
    if (n == 0) co_return text;
    text += text_of(std::span(buffer).first(n));
  }
}

template <class Stream>
task<> read_exactly(Stream& from, std::span<std::byte> into) {
  while (!into.empty()) {
    const std::size_t n = co_await from.read(into);
    if (n == 0) throw std::runtime_error("the peer has ended early");
    into = into.subspan(n);
  }
}

template <class Stream>
task<> echo(Stream peer) {
  std::array<std::byte, 4096> buffer{};
  for (;;) {
    const std::size_t n = co_await peer.read(buffer);
    if (n == 0) co_return;
    co_await peer.write(std::span(buffer).first(n));
  }
}

inline task<> echo_server(io::tcp_listener& listener) {
  for (;;) {
    io::tcp_stream peer = co_await listener.accept();
    spawn(echo(std::move(peer)), "echo").detach();
  }
}

// An echo server at this address, and so many clients, each of which is client(server, number).
template <class Client>
task<> serve(io::address where, std::uint64_t clients, Client client) {
  io::tcp_listener listener = io::tcp_listener::bind(where);
  auto server = spawn(echo_server(listener), "server");
  std::vector<task<>> all;
  for (std::uint64_t i = 0; i < clients; ++i)
    all.push_back(client(listener.local_address(), i));
  co_await gather(std::move(all));
  listener.close();
  try {
    co_await server;
  } catch (const std::system_error& error) {
    if (error.code() != std::errc::operation_canceled) throw;
  }
}

// Both ends of one connection.
struct connection {
  io::tcp_stream client;
  io::tcp_stream server;
};

inline task<connection> connect_pair() {
  io::tcp_listener listener = io::tcp_listener::bind(io::address::loopback(0));
  connection made;
  made.client = co_await io::tcp_stream::connect(listener.local_address());
  made.server = co_await listener.accept();
  co_return made;
}

// Lets others run until some operation of this runtime waits for an event.
inline task<> until_something_waits() {
  io::internal::reactor& events = *io::internal::current_io_thread().events();
  while (!events.awaited())
    co_await yield();
}

// No descriptor and no thread is left behind.
template <class Base>
class leaves_no_descriptor : public Base {
 protected:
  void SetUp() override {
    Base::SetUp();
    descriptors_before_ = open_descriptors();
  }
  void TearDown() override {
    EXPECT_EQ(open_descriptors(), descriptors_before_) << "descriptors have been left behind";
    Base::TearDown();
  }

  std::size_t descriptors_before() const { return descriptors_before_; }

 private:
  std::size_t descriptors_before_ = 0;
};

using io_test = leaves_no_descriptor<runtime_test>;

// Parameters: the number of workers, and who waits for events.
using io_configuration = std::tuple<std::size_t, io_mode>;

class over_io_modes : public leaves_no_descriptor<
                          leaves_nothing_behind<::testing::TestWithParam<io_configuration>>> {
 protected:
  static options settings() {
    return options().workers(std::get<0>(GetParam())).io(std::get<1>(GetParam()));
  }
};

inline std::string io_name(const ::testing::TestParamInfo<io_configuration>& info) {
  const std::size_t workers = std::get<0>(info.param);
  return std::to_string(workers) + (workers == 1 ? "_worker_" : "_workers_") +
         (std::get<1>(info.param) == io_mode::assisted ? "assisted" : "dedicated");
}

}  // namespace magpie::testing

// NOLINTNEXTLINE(cppcoreguidelines-macro-usage)
#define MAGPIE_OVER_IO_MODES(suite)                                                 \
  INSTANTIATE_TEST_SUITE_P(                                                         \
      over, suite,                                                                  \
      ::testing::Combine(::testing::Values(1U, 2U, 8U),                             \
                         ::testing::Values(io_mode::assisted, io_mode::dedicated)), \
      ::magpie::testing::io_name)

#endif  // MAGPIE_TESTS_IO_IO_TEST_H_
