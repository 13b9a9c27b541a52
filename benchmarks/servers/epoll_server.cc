// The server of the suite http on epoll(7), which is the limit: each thread has a listener of its
// own on the same port, and a loop.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <thread>
#include <vector>

#include "magpie/benchmarks/servers/server.h"

namespace magpie::benchmarks {
namespace {

int check(int result, const char* call) {
  if (result < 0) throw std::system_error(errno, std::system_category(), call);
  return result;
}

int listen_on(std::uint16_t& port) {
  const int fd = check(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), "socket");
  const int on = 1;
  check(::setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on), "setsockopt");
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_port = htons(port);
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof name;
  auto* const address = reinterpret_cast<sockaddr*>(&name);
  check(::bind(fd, address, size), "bind");
  check(::listen(fd, 4096), "listen");
  check(::getsockname(fd, address, &size), "getsockname");
  port = ntohs(name.sin_port);
  return fd;
}

class loop {
 public:
  loop(const command& asked, int listener)
      : echoes_(asked.echoes()),
        epoll_(check(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1")),
        listener_(listener) {
    watch(listener_, nullptr);
  }

  void run() {
    epoll_event events[256];
    for (;;) {
      const int count = ::epoll_wait(epoll_, events, 256, -1);
      for (int i = 0; i < count; ++i) {
        if (events[i].data.ptr == nullptr) {
          accept_all();
        } else {
          serve(*static_cast<connection*>(events[i].data.ptr));
        }
      }
    }
  }

 private:
  struct connection {
    int fd;
    request_buffer requests{};
    std::vector<char> bytes{};
  };

  void watch(int fd, void* data) {
    epoll_event wanted{};
    wanted.events = EPOLLIN;
    wanted.data.ptr = data;
    check(::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &wanted), "epoll_ctl");
  }

  void accept_all() {
    for (;;) {
      const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
      if (fd < 0) return;
      const int on = 1;
      ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      auto* const accepted = new connection{fd};
      if (echoes_) accepted->bytes.resize(echo_bytes);
      watch(fd, accepted);
    }
  }

  void serve(connection& peer) {
    if (!(echoes_ ? echo(peer) : reply_to(peer))) {
      ::close(peer.fd);
      delete &peer;
    }
  }

  // Both: false at the end of the connection.
  bool reply_to(connection& peer) {
    const ssize_t count = ::recv(peer.fd, peer.requests.free(), peer.requests.room(), 0);
    if (count <= 0) return count < 0 && errno == EAGAIN;
    for (std::size_t due = peer.requests.add(static_cast<std::size_t>(count)); due != 0; --due) {
      if (::send(peer.fd, reply.data(), reply.size(), MSG_NOSIGNAL) < 0) return false;
    }
    return true;
  }

  bool echo(connection& peer) {
    const ssize_t count = ::recv(peer.fd, peer.bytes.data(), peer.bytes.size(), 0);
    if (count <= 0) return count < 0 && errno == EAGAIN;
    // No client of the suite has more bytes on their way than a socket holds.
    return ::send(peer.fd, peer.bytes.data(), static_cast<std::size_t>(count), MSG_NOSIGNAL) ==
           count;
  }

  const bool echoes_;
  const int epoll_;
  const int listener_;
};

}  // namespace
}  // namespace magpie::benchmarks

int main(int argc, char** argv) {
  using namespace magpie::benchmarks;
  const command asked = parse_command(argc, argv);
  std::uint16_t port = 0;
  std::vector<loop> loops;
  for (std::size_t i = 0; i < asked.workers; ++i)
    loops.emplace_back(asked, listen_on(port));
  say_port(port);
  std::vector<std::thread> threads;
  for (std::size_t i = 1; i < asked.workers; ++i)
    threads.emplace_back([&, i] { loops[i].run(); });
  loops[0].run();
}
