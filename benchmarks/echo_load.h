// The client of the suite echo, the same for every server: one thread, plain epoll.
#ifndef MAGPIE_BENCHMARKS_ECHO_LOAD_H_
#define MAGPIE_BENCHMARKS_ECHO_LOAD_H_

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <system_error>
#include <utility>
#include <vector>

namespace magpie::benchmarks {

inline int check(int result, const char* call) {
  if (result < 0) throw std::system_error(errno, std::system_category(), call);
  return result;
}

class descriptor {
 public:
  explicit descriptor(int fd) noexcept : fd_(fd) {}
  descriptor(descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  descriptor& operator=(descriptor&&) = delete;
  ~descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const noexcept { return fd_; }

 private:
  int fd_;
};

inline constexpr std::size_t message_bytes = 64;
using message = std::array<char, message_bytes>;

inline sockaddr_in loopback_name(std::uint16_t port) {
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_port = htons(port);
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return name;
}

inline void watch_for_input(int epoll, int fd) {
  epoll_event wanted{};
  wanted.events = EPOLLIN;
  wanted.data.fd = fd;
  check(::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &wanted), "epoll_ctl");
}

// Connections that stay open from one run() to the next.
class echo_load {
 public:
  echo_load(std::uint16_t port, std::size_t connections)
      : epoll_(check(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1")) {
    const sockaddr_in name = loopback_name(port);
    for (std::size_t i = 0; i < connections; ++i) {
      connections_.emplace_back(check(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket"));
      const int fd = connections_.back().get();
      check(::connect(fd, reinterpret_cast<const sockaddr*>(&name), sizeof name), "connect");
      const int on = 1;
      check(::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), "setsockopt");
      watch_for_input(epoll_.get(), fd);
    }
  }

  // On each connection one message is on its way at any time, until `round_trips` in all are done.
  void run(std::size_t round_trips) {
    std::size_t to_send = round_trips;
    for (const descriptor& one : connections_) {
      if (to_send == 0) break;
      send(one.get());
      --to_send;
    }
    std::array<epoll_event, 64> events{};
    for (std::size_t done = 0; done < round_trips;) {
      const int count = ::epoll_wait(epoll_.get(), events.data(), events.size(), -1);
      for (int i = 0; i < count; ++i) {
        const int fd = events[static_cast<std::size_t>(i)].data.fd;
        receive(fd);
        ++done;
        if (to_send != 0) {
          send(fd);
          --to_send;
        }
      }
    }
  }

 private:
  static void send(int fd) {
    constexpr message sent{};
    check(static_cast<int>(::send(fd, sent.data(), sent.size(), MSG_NOSIGNAL)), "send");
  }
  static void receive(int fd) {
    message received;
    check(static_cast<int>(::recv(fd, received.data(), received.size(), MSG_WAITALL)), "recv");
  }

  const descriptor epoll_;
  std::vector<descriptor> connections_;
};

}  // namespace magpie::benchmarks

#endif  // MAGPIE_BENCHMARKS_ECHO_LOAD_H_
