// A full table of descriptors: nothing spins, nothing leaks, and all goes on when there is room.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <thread>
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
using io::tcp_listener;
using io::tcp_stream;

// The process may open exactly `more` descriptors as long as this lives.
class room_for {
 public:
  explicit room_for(int more) {
    int highest = 0;
    for (const auto& one : std::filesystem::directory_iterator("/proc/self/fd"))
      highest = std::max(highest, std::stoi(one.path().filename().string()));
    // The limit is one on numbers, so the gaps below have to go.
    for (;;) {
      const int fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
      fillers_.push_back(fd);
      if (fd >= highest) break;
    }
    ::getrlimit(RLIMIT_NOFILE, &before_);
    rlimit limit = before_;
    limit.rlim_cur = static_cast<rlim_t>(fillers_.back()) + 1 + static_cast<rlim_t>(more);
    ::setrlimit(RLIMIT_NOFILE, &limit);
  }
  room_for(const room_for&) = delete;
  room_for& operator=(const room_for&) = delete;
  ~room_for() {
    ::setrlimit(RLIMIT_NOFILE, &before_);
    for (const int fd : fillers_)
      ::close(fd);
  }

 private:
  rlimit before_{};
  std::vector<int> fillers_;
};

class descriptor_limit : public over_io_modes {};
MAGPIE_OVER_IO_MODES(descriptor_limit);

// A client that needs no descriptor while it waits for its turn to be accepted: it is made before
// the limit, and connected by hand.
class plain_client {
 public:
  explicit plain_client(const address& where)
      : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in name{};
    name.sin_family = AF_INET;
    name.sin_port = htons(where.port());
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(fd_, reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0) {
      throw std::system_error(errno, std::system_category(), "connect");
    }
  }
  plain_client(const plain_client&) = delete;
  plain_client& operator=(const plain_client&) = delete;
  ~plain_client() { ::close(fd_); }

 private:
  int fd_;
};

TEST_P(descriptor_limit, accept_waits_for_room_without_spinning) {
  constexpr std::size_t clients = 200;
  constexpr int room = 20;
  auto accept_all = [](tcp_listener& from, std::vector<tcp_stream>& accepted) -> task<> {
    while (accepted.size() < clients) {
      tcp_stream one = co_await from.accept();
      accepted.push_back(std::move(one));
    }
  };
  auto body = [&]() -> task<> {
    io::internal::current_io_thread();  // Has what it needs from now on.
    tcp_listener listener = tcp_listener::bind(address::loopback(0));
    std::vector<std::unique_ptr<plain_client>> waiting;
    for (std::size_t i = 0; i < clients; ++i)
      waiting.push_back(std::make_unique<plain_client>(listener.local_address()));
    std::vector<tcp_stream> accepted;
    join_handle<> server;
    {
      const room_for few(room);
      server = spawn(accept_all(listener, accepted));
      // A second of standing still is what is measured here.
      const auto before = cpu_time();
      co_await sleep_for(1s);
      EXPECT_LT(cpu_time() - before, 50ms);
      EXPECT_EQ(accepted.size(), static_cast<std::size_t>(room));
      EXPECT_FALSE(server.done());
    }
    const auto begun = clock::now();
    co_await server;
    EXPECT_LT(clock::now() - begun, 1s);
    EXPECT_EQ(accepted.size(), clients);
  };
  run(body(), settings());
}

TEST_P(descriptor_limit, close_and_cancel_end_an_accept_that_waits_for_room) {
  auto accept_two = [](tcp_listener& from) -> task<> {
    const tcp_stream a = co_await from.accept();
    const tcp_stream b = co_await from.accept();
  };
  auto body = [&](bool cancels) -> task<> {
    tcp_listener listener = tcp_listener::bind(address::loopback(0));
    const plain_client first(listener.local_address());
    const plain_client second(listener.local_address());
    io::internal::current_io_thread();  // Has what it needs from now on.
    const room_for one(1);
    auto accepting = spawn(accept_two(listener));
    co_await until_something_waits();
    if (cancels) {
      accepting.cancel();
    } else {
      listener.close();
    }
    std::string how;
    try {
      co_await accepting;
    } catch (const cancelled&) {
      how = "cancelled";
    } catch (const std::system_error& error) {
      if (error.code() == std::errc::operation_canceled) how = "closed";
    }
    EXPECT_EQ(how, cancels ? "cancelled" : "closed");
  };
  run(body(true), settings());
  run(body(false), settings());
}

TEST_P(descriptor_limit, connect_and_listen_say_that_there_is_no_room) {
  auto body = []() -> task<> {
    tcp_listener listener = tcp_listener::bind(address::loopback(0));
    const room_for none(0);
    std::error_code code;
    const tcp_stream stream = co_await tcp_stream::connect(listener.local_address(), code);
    EXPECT_EQ(code, std::errc::too_many_files_open);
    const tcp_listener second = tcp_listener::bind(address::loopback(0), code);
    EXPECT_EQ(code, std::errc::too_many_files_open);
  };
  run(body(), settings());
}

// The I/O thread needs descriptors of its own; without them the operation fails, and the next one
// starts it.
TEST_P(descriptor_limit, first_wait_says_that_there_is_no_room_for_the_reactor) {
  auto accept_one = [](tcp_listener& from) -> task<> { co_await from.accept(); };
  auto body = [&]() -> task<> {
    tcp_listener listener = tcp_listener::bind(address::loopback(0));
    for (int room = 0; room < 3; ++room) {
      const room_for few(room);
      try {
        co_await accept_one(listener);
        ADD_FAILURE() << "accepted a connection that nobody has made";
      } catch (const std::system_error& error) {
        EXPECT_EQ(error.code(), std::errc::too_many_files_open) << error.what();
        EXPECT_NE(std::string(error.what()).find("accept"), std::string::npos) << error.what();
      }
    }
    auto waiting = spawn(accept_one(listener));
    co_await until_something_waits();
    waiting.cancel();
    try {
      co_await waiting;
    } catch (const cancelled&) {
    }
  };
  run(body(), settings());
}

}  // namespace
}  // namespace magpie::testing
