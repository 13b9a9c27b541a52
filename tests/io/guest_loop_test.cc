// A runtime as the guest of loops that wait for descriptors.
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "magpie/io/guest_runtime.h"
#include "magpie/io/tcp.h"
#include "magpie/runtime/blocking.h"
#include "magpie/runtime/error.h"
#include "magpie/runtime/gather.h"
#include "magpie/runtime/sleep.h"
#include "magpie/tests/io/io_test.h"

namespace magpie::testing {
namespace {

using io::address;
using io::tcp_listener;
using io::tcp_stream;
using namespace std::chrono_literals;

class guest_loop_test : public runtime_test {
 protected:
  void TearDown() override {
    guest_.shutdown();
    runtime_test::TearDown();
  }

  // How long the host may wait; negative: for ever.
  int milliseconds_left() const {
    const clock::time_point until = guest_.deadline();
    if (until == clock::time_point::max()) return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - clock::now());
    return left < 0ms ? 0 : static_cast<int>(left.count());
  }

  // The host: waits for the guest and for one descriptor of its own.
  void run_until(const std::function<bool()>& ended, int own = -1,
                 const std::function<void()>& on_own = {}) {
    while (!ended()) {
      std::array<pollfd, 2> waited{{{guest_.descriptor(), POLLIN, 0}, {own, POLLIN, 0}}};
      ::poll(waited.data(), waited.size(), milliseconds_left());
      if ((waited[1].revents & POLLIN) != 0) on_own();
      guest_.run_ready();
    }
  }

  io::guest_runtime guest_;
};

task<> exchange(address where, int messages) {
  tcp_stream stream = co_await tcp_stream::connect(where);
  for (int i = 0; i < messages; ++i) {
    const std::string sent = "message " + std::to_string(i);
    co_await stream.write(bytes_of(sent));
    std::vector<std::byte> received(sent.size());
    co_await read_exactly(stream, received);
    EXPECT_EQ(text_of(received), sent);
    if (i % 10 == 0) co_await sleep_for(100us);
    if (i % 10 == 5) co_await blocking([] {});
  }
}

task<> serve_clients() {
  return serve(address::loopback(0), 10,
               [](address server, std::uint64_t) { return exchange(server, 50); });
}

TEST_F(guest_loop_test, io_timers_and_threads_reach_it_in_a_loop_with_poll) {
  auto handle = guest_.spawn(serve_clients());
  run_until([&] { return handle.done(); });
  handle.get();
}

TEST_F(guest_loop_test, and_with_epoll) {
  const int events = ::epoll_create1(EPOLL_CLOEXEC);
  ASSERT_GE(events, 0);
  epoll_event wanted{};
  wanted.events = EPOLLIN;
  ASSERT_EQ(::epoll_ctl(events, EPOLL_CTL_ADD, guest_.descriptor(), &wanted), 0);
  auto handle = guest_.spawn(serve_clients());
  while (!handle.done()) {
    epoll_event got{};
    ::epoll_wait(events, &got, 1, milliseconds_left());
    guest_.run_ready();
  }
  handle.get();
  ::close(events);
}

// The host goes on with its own affairs meanwhile.
TEST_F(guest_loop_test, the_host_has_events_of_its_own) {
  std::array<int, 2> pipe{};
  ASSERT_EQ(::pipe(pipe.data()), 0);
  int received = 0;
  const auto receive = [&] {
    std::array<char, 16> bytes{};
    received += static_cast<int>(::read(pipe[0], bytes.data(), bytes.size()));
  };
  auto tick = [&]() -> task<> {
    for (int i = 0; i < 50; ++i) {
      co_await sleep_for(100us);
      EXPECT_EQ(::write(pipe[1], "x", 1), 1);
    }
  };
  auto handle = guest_.spawn(tick());
  run_until([&] { return handle.done() && received == 50; }, pipe[0], receive);
  EXPECT_EQ(received, 50);
  ::close(pipe[0]);
  ::close(pipe[1]);
}

TEST_F(guest_loop_test, its_descriptor_is_readable_exactly_when_there_is_something_to_do) {
  const auto readable = [this] {
    pollfd waited{guest_.descriptor(), POLLIN, 0};
    return ::poll(&waited, 1, 0) == 1;
  };
  EXPECT_FALSE(readable());
  bool stop = false;
  auto forever = [&]() -> task<> {
    while (!stop)
      co_await yield();
  };
  auto handle = guest_.spawn(forever());
  EXPECT_TRUE(readable());
  guest_.run_ready(clock::duration::zero());
  EXPECT_TRUE(readable()) << "there is more";
  stop = true;
  while (guest_.run_ready()) {
  }
  EXPECT_FALSE(readable());
  EXPECT_TRUE(handle.done());
  std::thread([&] { handle = guest_.spawn(forever()); }).join();
  EXPECT_TRUE(readable());
  while (guest_.run_ready()) {
  }
  EXPECT_TRUE(handle.done());
}

TEST_F(guest_loop_test, a_call_that_is_refused_takes_no_wake_up) {
  int ran = 0;
  auto count = [&]() -> task<> {
    ++ran;
    co_return;
  };
  auto handle = guest_.spawn(count());
  std::thread([&] { EXPECT_THROW(guest_.run_ready(), usage_error); }).join();
  run_until([&] { return handle.done(); });
  EXPECT_EQ(ran, 1);
}

TEST_F(guest_loop_test, leaves_no_descriptor_open) {
  const std::size_t before = open_descriptors();
  {
    io::guest_runtime own;
    auto handle = own.spawn(serve_clients());
    while (!handle.done()) {
      pollfd waited{own.descriptor(), POLLIN, 0};
      ::poll(&waited, 1, 1);
      own.run_ready();
    }
  }
  EXPECT_EQ(open_descriptors(), before);
}

// The host runs the last tasks itself and then waits for events, while another thread takes the
// runtime down.
TEST_F(guest_loop_test, shuts_down_while_the_host_waits_for_events) {
  auto never_served = []() -> task<> {
    tcp_listener listener = tcp_listener::bind(address::loopback(0));
    co_await listener.accept();
  };
  for (int round = 0; round < 200; ++round) {
    io::guest_runtime own;
    own.spawn(never_served()).detach();
    own.run_ready();
  }
}

}  // namespace
}  // namespace magpie::testing
