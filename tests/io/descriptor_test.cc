// What a descriptor believes of the kernel, when it is watched anew in the middle of a call.
#include "magpie/io/internal/descriptor.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <optional>
#include <thread>
#include <vector>

#include "magpie/io/internal/io_thread.h"
#include "magpie/io/internal/readiness.h"
#include "magpie/runtime/run.h"
#include "magpie/tests/io/io_test.h"

namespace magpie::testing {
namespace {

using namespace std::chrono_literals;
using io::internal::current_io_thread;
using io::internal::descriptor;
using io::internal::direction;
using io::internal::readiness;
using io::internal::sighting;

class descriptor_test : public io_test {
 protected:
  void SetUp() override {
    io_test::SetUp();
    const auto [tested, peer] = socket_pair();
    tested_.emplace(tested);
    peer_ = peer;
  }
  void TearDown() override {
    tested_.reset();
    ::close(peer_);
    io_test::TearDown();
  }

  descriptor& tested() { return *tested_; }

  static ssize_t read_some(int fd) {
    std::array<std::byte, 64> buffer{};
    return ::recv(fd, buffer.data(), buffer.size(), 0);
  }

  // As much as the kernel takes, and less than that is.
  static ssize_t write_much(int fd) {
    static const std::vector<std::byte> much(more_than_fits);
    return ::send(fd, much.data(), much.size(), MSG_NOSIGNAL);
  }
  static constexpr std::size_t more_than_fits = 64'000'000;

  void drain_peer() {
    std::vector<std::byte> buffer(1'000'000);
    while (::recv(peer_, buffer.data(), buffer.size(), 0) > 0) {
    }
  }

  // The runtime, in which the calling task runs, watches the descriptor from now on, and has seen
  // that it takes data.
  void have_it_watched_and_writable() {
    sighting reading;
    EXPECT_EQ(tested().attempt(direction::read, reading, read_some), -EAGAIN);
    EXPECT_EQ(tested().watch(reading), 0);
    drain_peer();
    while (reading.where->events(direction::write) == reading.where->first_event()) {
      io::internal::io_thread& events = current_io_thread();
      if (events.try_acquire()) {
        ready_list ready;
        events.poll(0s, ready);
        events.release();
      }
      std::this_thread::yield();
    }
  }

  task<> wait_in_vain() {
    sighting reading;
    const ssize_t n = tested().attempt(direction::read, reading, read_some);
    EXPECT_EQ(n, -EAGAIN);
    readiness ready(tested(), direction::read, reading, clock::now() + 1ms);
    const int failure = co_await ready;
    EXPECT_EQ(failure, ETIMEDOUT);
  }

  // A call that has begun while the runtime before watched the descriptor, and ends when this one
  // does: in between it has become writable, which nobody says a second time.
  task<> write_while_it_moves() {
    drain_peer();
    sighting writing;
    const ssize_t n = tested().attempt(
        direction::write, writing,
        [this](int fd) {
          const ssize_t written = write_much(fd);
          have_it_watched_and_writable();
          return written;
        },
        more_than_fits);
    EXPECT_GT(n, 0);
    readiness ready(tested(), direction::write, writing, clock::now() + 10s);
    const int failure = co_await ready;
    EXPECT_EQ(failure, 0) << "it waits for an event that has come";
    sighting again;
    const ssize_t more = tested().attempt(direction::write, again, write_much);
    EXPECT_GT(more, 0) << "it trusts what it saw in another runtime";
  }

 private:
  std::optional<descriptor> tested_;
  int peer_ = -1;
};

TEST_F(descriptor_test, what_was_seen_in_another_runtime_is_not_trusted) {
  for (const int moves : {1, 2, 3}) {
    for (int i = 0; i < moves; ++i)
      run(wait_in_vain(), options().workers(1));
    run(write_while_it_moves(), options().workers(1));
  }
}

TEST_F(descriptor_test, nor_is_what_was_seen_in_none) {
  run(write_while_it_moves(), options().workers(1));
}

}  // namespace
}  // namespace magpie::testing
