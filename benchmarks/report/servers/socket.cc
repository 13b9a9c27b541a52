#include "magpie/benchmarks/report/servers/socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace magpie::bench {
namespace {

[[noreturn]] void throw_errno(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

}  // namespace

descriptor& descriptor::operator=(descriptor&& other) noexcept {
  if (this != &other) {
    close();
    number_ = std::exchange(other.number_, -1);
  }
  return *this;
}

void descriptor::close() {
  if (number_ >= 0) ::close(std::exchange(number_, -1));
}

descriptor connect_loopback(std::uint16_t port) {
  descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket.is_open()) throw_errno("socket");
  const sockaddr_in address = loopback(port);
  if (connect(socket.number(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    throw_errno("connect");
  }
  return socket;
}

void send_all(const descriptor& socket, std::string_view data) {
  while (!data.empty()) {
    const ssize_t sent = send(socket.number(), data.data(), data.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) throw_errno("send");
    data.remove_prefix(static_cast<std::size_t>(sent));
  }
}

std::size_t receive(const descriptor& socket, char* buffer, std::size_t size) {
  while (true) {
    const ssize_t got = recv(socket.number(), buffer, size, 0);
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno != EINTR) throw_errno("recv");
  }
}

void receive_exactly(const descriptor& socket, char* buffer, std::size_t size) {
  while (size > 0) {
    const std::size_t got = receive(socket, buffer, size);
    if (got == 0) throw std::system_error(ECONNRESET, std::generic_category(), "recv");
    buffer += got;
    size -= got;
  }
}

void set_no_delay(const descriptor& socket) {
  const int on = 1;
  setsockopt(socket.number(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

listener::listener() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  if (!socket_.is_open()) throw_errno("socket");
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  if (bind(socket_.number(), reinterpret_cast<const sockaddr*>(&address), size) != 0) {
    throw_errno("bind");
  }
  if (listen(socket_.number(), 4096) != 0) throw_errno("listen");
  if (getsockname(socket_.number(), reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    throw_errno("getsockname");
  }
  port_ = ntohs(address.sin_port);
}

descriptor listener::accept() {
  while (true) {
    descriptor socket(accept4(socket_.number(), nullptr, nullptr, SOCK_CLOEXEC));
    if (socket.is_open()) return socket;
    if (errno != EINTR && errno != ECONNABORTED) throw_errno("accept");
  }
}

}  // namespace magpie::bench
