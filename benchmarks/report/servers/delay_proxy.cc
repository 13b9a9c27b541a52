#include "magpie/benchmarks/report/servers/delay_proxy.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <deque>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "magpie/benchmarks/report/servers/socket.h"

namespace magpie::bench {
namespace {

using steady = std::chrono::steady_clock;

struct connection;

// What epoll hands back: which end of which connection is ready. Alive as long as its
// connection, which lives until the batch of events that closed it has been served.
struct end {
  connection* owner = nullptr;
  descriptor socket;
  std::string unsent;
};

struct connection {
  end client;
  end server;
  // The server has ended; what it sent is still to be passed on.
  bool ending = false;
  bool closed = false;
};

// Passed on to the server when due. The latency is the same for all, so a queue is in order.
struct held {
  steady::time_point due;
  std::shared_ptr<connection> owner;
  std::string data;
};

class delay_proxy {
 public:
  delay_proxy(std::uint16_t upstream, std::chrono::microseconds latency)
      : upstream_(upstream),
        latency_(latency),
        epoll_(epoll_create1(EPOLL_CLOEXEC)),
        timer_(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)) {
    fcntl(listening_.socket().number(), F_SETFL, O_NONBLOCK);
    watch(listening_.socket().number(), EPOLLIN, &listening_);
    watch(timer_.number(), EPOLLIN, &timer_);
  }

  std::uint16_t port() const { return listening_.port(); }

  void serve_batch() {
    epoll_event ready[256];
    const int count = epoll_wait(epoll_.number(), ready, 256, -1);
    for (int i = 0; i < count; ++i) {
      if (ready[i].data.ptr == &listening_) {
        accept_all();
      } else if (ready[i].data.ptr == &timer_) {
        std::uint64_t ticks = 0;
        [[maybe_unused]] const ssize_t got = read(timer_.number(), &ticks, sizeof ticks);
      } else {
        serve(*static_cast<end*>(ready[i].data.ptr), ready[i].events);
      }
    }
    pass_on_due();
    ended_.clear();
  }

 private:
  void watch(int number, std::uint32_t events, void* tag) {
    epoll_event wanted{};
    wanted.events = events;
    wanted.data.ptr = tag;
    epoll_ctl(epoll_.number(), EPOLL_CTL_ADD, number, &wanted);
  }

  void accept_all() {
    while (true) {
      descriptor client(
          accept4(listening_.socket().number(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
      if (!client.is_open()) return;
      try {
        open(std::move(client), connect_loopback(upstream_));
      } catch (const std::system_error&) {
        // The server refuses; closing the client tells it so.
      }
    }
  }

  void open(descriptor client, descriptor server) {
    fcntl(server.number(), F_SETFL, O_NONBLOCK);
    set_no_delay(client);
    set_no_delay(server);
    auto opened = std::make_shared<connection>();
    opened->client.owner = opened->server.owner = opened.get();
    opened->client.socket = std::move(client);
    opened->server.socket = std::move(server);
    watch(opened->client.socket.number(), EPOLLIN | EPOLLOUT | EPOLLET, &opened->client);
    watch(opened->server.socket.number(), EPOLLIN | EPOLLOUT | EPOLLET, &opened->server);
    const auto slot = static_cast<std::size_t>(opened->client.socket.number());
    if (slot >= open_.size()) open_.resize(slot + 1);
    open_[slot] = std::move(opened);
  }

  void serve(end& ready, std::uint32_t events) {
    connection& owner = *ready.owner;
    if (owner.closed) return;
    if (events & EPOLLOUT) flush(ready);
    if (!(events & (EPOLLIN | EPOLLHUP | EPOLLERR | EPOLLRDHUP))) return;
    char buffer[64 * 1024];
    while (!owner.closed) {
      const ssize_t got = recv(ready.socket.number(), buffer, sizeof buffer, 0);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0 && errno == EAGAIN) return;
      if (got <= 0) return end_of(ready);
      take(ready, {buffer, static_cast<std::size_t>(got)});
    }
  }

  void end_of(end& from) {
    connection& owner = *from.owner;
    owner.ending = true;
    if (&from == &owner.client || owner.client.unsent.empty()) close(owner);
  }

  void take(end& from, std::string_view data) {
    connection& owner = *from.owner;
    if (&from == &owner.server) {
      owner.client.unsent += data;
      return flush(owner.client);
    }
    const auto slot = static_cast<std::size_t>(from.socket.number());
    held_.push_back({steady::now() + latency_, open_[slot], std::string(data)});
    if (held_.size() == 1) set_timer();
  }

  void pass_on_due() {
    const steady::time_point now = steady::now();
    bool any = false;
    for (; !held_.empty() && held_.front().due <= now; held_.pop_front()) {
      any = true;
      connection& owner = *held_.front().owner;
      if (owner.closed) continue;
      owner.server.unsent += held_.front().data;
      flush(owner.server);
    }
    if (any && !held_.empty()) set_timer();
  }

  void set_timer() {
    const auto due = held_.front().due.time_since_epoch();
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(due);
    itimerspec at{};
    at.it_value.tv_sec = seconds.count();
    at.it_value.tv_nsec = std::chrono::nanoseconds(due - seconds).count();
    timerfd_settime(timer_.number(), TFD_TIMER_ABSTIME, &at, nullptr);
  }

  void flush(end& to) {
    while (!to.unsent.empty()) {
      const ssize_t sent =
          send(to.socket.number(), to.unsent.data(), to.unsent.size(), MSG_NOSIGNAL);
      if (sent < 0 && errno == EINTR) continue;
      if (sent < 0 && errno == EAGAIN) return;
      if (sent < 0) return close(*to.owner);
      to.unsent.erase(0, static_cast<std::size_t>(sent));
    }
    if (to.owner->ending) close(*to.owner);
  }

  // The memory stays until the batch has been served: it may hold events of the other end.
  void close(connection& owner) {
    if (owner.closed) return;
    owner.closed = true;
    const auto slot = static_cast<std::size_t>(owner.client.socket.number());
    ended_.push_back(std::move(open_[slot]));
    owner.client.socket.close();
    owner.server.socket.close();
  }

  const std::uint16_t upstream_;
  const std::chrono::microseconds latency_;
  listener listening_;
  descriptor epoll_;
  descriptor timer_;
  // By the number of the client's descriptor.
  std::vector<std::shared_ptr<connection>> open_;
  std::vector<std::shared_ptr<connection>> ended_;
  std::deque<held> held_;
};

}  // namespace

void serve_delayed(std::uint16_t upstream, std::chrono::microseconds latency) {
  delay_proxy proxy(upstream, latency);
  std::printf("%u\n", static_cast<unsigned>(proxy.port()));
  std::fflush(stdout);
  while (true)
    proxy.serve_batch();
}

}  // namespace magpie::bench
