#include "magpie/io/tcp.h"

#include <netinet/tcp.h>

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <utility>

#include "magpie/io/internal/descriptor.h"
#include "magpie/io/internal/io_thread.h"
#include "magpie/io/internal/readiness.h"
#include "magpie/io/internal/socket.h"
#include "magpie/runtime/budget.h"
#include "magpie/runtime/sleep.h"

namespace magpie::io {

using internal::deliver;
using internal::descriptor;
using internal::direction;
using internal::readiness;
using internal::sighting;
using internal::socket_name;

namespace {

using shared_descriptor = std::shared_ptr<descriptor>;

int open_or_error(const shared_descriptor& socket) noexcept {
  if (socket == nullptr) return EBADF;
  return socket->closed() ? ECANCELED : 0;
}

void close_shared(const shared_descriptor& socket) noexcept {
  if (socket != nullptr) socket->close();
}

// ---------------------------------------------------------------------------------- read, write

task<std::size_t> read_some(shared_descriptor from, std::span<std::byte> into, address peer,
                            std::error_code* error) {
  const bool lasts = spend_budget();
  if (!lasts) co_await yield();
  int failure = open_or_error(from);
  // With an empty buffer, recv(2) would wait for data all the same.
  while (failure == 0 && !into.empty()) {
    sighting seen;
    const ssize_t n = from->attempt(
        direction::read, seen, [&](int fd) { return ::recv(fd, into.data(), into.size(), 0); },
        into.size());
    if (n >= 0) {
      deliver(0, error, "read from", peer);
      co_return static_cast<std::size_t>(n);
    }
    failure = static_cast<int>(-n);
    if (failure == EAGAIN) {
      readiness ready(*from, direction::read, seen);
      failure = co_await ready;
    }
  }
  deliver(failure, error, "read from", peer);
  co_return 0;
}

task<> write_all(shared_descriptor to, std::span<const std::byte> left, address peer,
                 std::error_code* error) {
  int failure = open_or_error(to);
  while (failure == 0 && !left.empty()) {
    const bool lasts = spend_budget();
    if (!lasts) co_await yield();
    sighting seen;
    const ssize_t n = to->attempt(
        direction::write, seen,
        [&](int fd) { return ::send(fd, left.data(), left.size(), MSG_NOSIGNAL); }, left.size());
    if (n >= 0) {
      left = left.subspan(static_cast<std::size_t>(n));
      continue;
    }
    failure = static_cast<int>(-n);
    if (failure == EAGAIN) {
      readiness ready(*to, direction::write, seen);
      failure = co_await ready;
    }
  }
  deliver(failure, error, "write to", peer);
}

// ---------------------------------------------------------------------------------- connect

int begin_connect(descriptor& socket, const address& to) noexcept {
  const socket_name name(to);
  const auto result = socket.call([&](int fd) { return ::connect(fd, name.get(), name.length()); });
  // A connect that was interrupted goes on all the same, and the repeated call says EALREADY.
  const bool begun =
      result == 0 || result == -EINPROGRESS || result == -EALREADY || result == -EISCONN;
  return begun ? 0 : static_cast<int>(-result);
}

// As a system call: 0 when the connection stands, EAGAIN while nothing is decided.
int connected(int fd) noexcept {
  int failure = 0;
  socklen_t size = sizeof failure;
  if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &failure, &size) != 0) return -1;
  socket_name peer;
  if (failure == 0 && ::getpeername(fd, peer.get(), peer.length_out()) == 0) return 0;
  if (failure == 0) failure = errno == ENOTCONN ? EAGAIN : errno;
  errno = failure;
  return -1;
}

// ---------------------------------------------------------------------------------- accept

// accept(2) reports what went wrong with a connection before anybody took it.
bool concerns_one_connection(int failure) noexcept {
  switch (failure) {
    case ECONNABORTED:
    case EPROTO:
    case EPERM:
    case ENETDOWN:
    case ENETUNREACH:
    case EHOSTDOWN:
    case EHOSTUNREACH:
    case ENOPROTOOPT:
    case ENONET:
      return true;
    default:
      return false;
  }
}

bool out_of_resources(int failure) noexcept {
  return failure == EMFILE || failure == ENFILE || failure == ENOBUFS || failure == ENOMEM;
}

constexpr clock::duration shortest_pause = std::chrono::milliseconds(1);
constexpr clock::duration longest_pause = std::chrono::milliseconds(100);

// Waits on a direction in which nothing ever happens, so that only close() ends it early.
task<int> pause_accepting(descriptor& from, clock::duration pause) {
  const auto until = clock::now() + pause;
  for (;;) {
    sighting seen;
    const ssize_t n = from.attempt(direction::write, seen, [](int) {
      errno = EAGAIN;
      return -1;
    });
    if (n != -EAGAIN) co_return static_cast<int>(-n);
    readiness ready(from, direction::write, seen, until);
    const int failure = co_await ready;
    if (failure != 0) co_return failure == ETIMEDOUT ? 0 : failure;
  }
}

}  // namespace

// ---------------------------------------------------------------------------------- options

connect_options& connect_options::set_timeout(clock::duration limit) {
  if (limit <= clock::duration::zero()) {
    throw std::invalid_argument("magpie: connect_options::timeout must be positive");
  }
  timeout_ = limit;
  return *this;
}

listen_options& listen_options::backlog(int most) {
  if (most <= 0) throw std::invalid_argument("magpie: listen_options::backlog must be positive");
  backlog_ = most;
  return *this;
}

listen_options& listen_options::reuse_address(bool wanted) noexcept {
  reuse_address_ = wanted;
  return *this;
}

// ---------------------------------------------------------------------------------- tcp_stream

tcp_stream::tcp_stream(shared_descriptor connected, const address& remote) noexcept
    : socket_(std::move(connected)), remote_(remote) {}

tcp_stream::tcp_stream(tcp_stream&& other) noexcept
    : socket_(std::move(other.socket_)), remote_(std::exchange(other.remote_, address())) {}

tcp_stream& tcp_stream::operator=(tcp_stream&& other) noexcept {
  if (this == &other) return *this;
  close_shared(socket_);
  socket_ = std::move(other.socket_);
  remote_ = std::exchange(other.remote_, address());
  return *this;
}

// Operations that are pending share the descriptor, so letting go of it is not enough.
tcp_stream::~tcp_stream() {
  close_shared(socket_);
}

task<tcp_stream> tcp_stream::start_connect(address to, clock::duration limit,
                                           std::error_code* error) {
  const bool lasts = spend_budget();
  if (!lasts) co_await yield();
  const auto until = magpie::internal::after(clock::now(), limit);
  int failure = 0;
  const shared_descriptor socket = internal::make_stream_socket(to, failure);
  if (failure == 0) failure = begin_connect(*socket, to);
  while (failure == 0) {
    sighting seen;
    const ssize_t n = socket->attempt(direction::write, seen, connected);
    if (n == 0) {
      deliver(0, error, "connect to", to);
      co_return tcp_stream(socket, to);
    }
    failure = static_cast<int>(-n);
    if (failure == EAGAIN) {
      readiness ready(*socket, direction::write, seen, until);
      failure = co_await ready;
    }
  }
  deliver(failure, error, "connect to", to);
  co_return tcp_stream();
}

task<tcp_stream> tcp_stream::connect(address to, connect_options options) {
  return start_connect(to, options.timeout(), nullptr);
}

task<tcp_stream> tcp_stream::connect(address to, std::error_code& error) {
  return start_connect(to, connect_options().timeout(), &error);
}

task<tcp_stream> tcp_stream::connect(address to, connect_options options, std::error_code& error) {
  return start_connect(to, options.timeout(), &error);
}

task<std::size_t> tcp_stream::read(std::span<std::byte> into) {
  return read_some(socket_, into, remote_, nullptr);
}

task<std::size_t> tcp_stream::read(std::span<std::byte> into, std::error_code& error) {
  return read_some(socket_, into, remote_, &error);
}

task<> tcp_stream::write(std::span<const std::byte> from) {
  return write_all(socket_, from, remote_, nullptr);
}

task<> tcp_stream::write(std::span<const std::byte> from, std::error_code& error) {
  return write_all(socket_, from, remote_, &error);
}

void tcp_stream::shutdown_write() {
  std::error_code error;
  shutdown_write(error);
  if (error) internal::throw_error(error.value(), "end writing to", remote_);
}

void tcp_stream::shutdown_write(std::error_code& error) noexcept {
  int failure = open_or_error(socket_);
  if (failure == 0) {
    failure = static_cast<int>(-socket_->call([](int fd) { return ::shutdown(fd, SHUT_WR); }));
  }
  error.assign(failure, std::system_category());
}

void tcp_stream::set_no_delay(bool wanted) {
  int failure = open_or_error(socket_);
  if (failure == 0) failure = internal::set_option(*socket_, IPPROTO_TCP, TCP_NODELAY, wanted);
  deliver(failure, nullptr, "set an option of the connection to", remote_);
}

void tcp_stream::close() noexcept {
  close_shared(socket_);
}

bool tcp_stream::is_open() const noexcept {
  return open_or_error(socket_) == 0;
}

address tcp_stream::local_address() const {
  address local;
  int failure = open_or_error(socket_);
  if (failure == 0) failure = internal::local_name(*socket_, local);
  deliver(failure, nullptr, "find the local address of the connection to", remote_);
  return local;
}

// ---------------------------------------------------------------------------------- tcp_listener

tcp_listener::tcp_listener(shared_descriptor listening, const address& local) noexcept
    : socket_(std::move(listening)), local_(local) {}

tcp_listener::tcp_listener(tcp_listener&& other) noexcept
    : socket_(std::move(other.socket_)), local_(std::exchange(other.local_, address())) {}

tcp_listener& tcp_listener::operator=(tcp_listener&& other) noexcept {
  if (this == &other) return *this;
  close_shared(socket_);
  socket_ = std::move(other.socket_);
  local_ = std::exchange(other.local_, address());
  return *this;
}

tcp_listener::~tcp_listener() {
  close_shared(socket_);
}

tcp_listener tcp_listener::bind(const address& at, const listen_options& options) {
  std::error_code error;
  tcp_listener made = bind(at, options, error);
  if (error) internal::throw_error(error.value(), "listen on", at);
  return made;
}

tcp_listener tcp_listener::bind(const address& at, std::error_code& error) {
  return bind(at, listen_options(), error);
}

tcp_listener tcp_listener::bind(const address& at, const listen_options& options,
                                std::error_code& error) {
  int failure = 0;
  const shared_descriptor socket = internal::make_stream_socket(at, failure);
  if (failure == 0) {
    failure = internal::set_option(*socket, SOL_SOCKET, SO_REUSEADDR, options.reuse_address());
  }
  if (failure == 0 && at.is_v6()) {
    failure = internal::set_option(*socket, IPPROTO_IPV6, IPV6_V6ONLY, 1);
  }
  const socket_name name(at);
  if (failure == 0) {
    failure = static_cast<int>(
        -socket->call([&](int fd) { return ::bind(fd, name.get(), name.length()); }));
  }
  if (failure == 0) {
    failure =
        static_cast<int>(-socket->call([&](int fd) { return ::listen(fd, options.backlog()); }));
  }
  address local;
  if (failure == 0) failure = internal::local_name(*socket, local);
  error.assign(failure, std::system_category());
  return failure == 0 ? tcp_listener(socket, local) : tcp_listener();
}

task<tcp_stream> tcp_listener::start_accept(shared_descriptor from, address local,
                                            std::error_code* error) {
  int failure = open_or_error(from);
  if (failure == 0) failure = internal::start_io_thread();
  clock::duration pause = shortest_pause;
  while (failure == 0) {
    const bool lasts = spend_budget();
    if (!lasts) co_await yield();
    sighting seen;
    socket_name peer;
    const ssize_t n = from->attempt(direction::read, seen, [&](int fd) {
      peer = socket_name();
      return ::accept4(fd, peer.get(), peer.length_out(), SOCK_NONBLOCK | SOCK_CLOEXEC);
    });
    if (n >= 0) {
      deliver(0, error, "accept a connection on", local);
      co_return tcp_stream(internal::adopt(static_cast<int>(n)), peer.address());
    }
    failure = static_cast<int>(-n);
    if (failure == EAGAIN) {
      readiness ready(*from, direction::read, seen);
      failure = co_await ready;
    } else if (concerns_one_connection(failure)) {
      failure = 0;
    } else if (out_of_resources(failure)) {
      failure = co_await pause_accepting(*from, pause);
      pause = std::min(2 * pause, longest_pause);
    }
  }
  deliver(failure, error, "accept a connection on", local);
  co_return tcp_stream();
}

task<tcp_stream> tcp_listener::accept() {
  return start_accept(socket_, local_, nullptr);
}

task<tcp_stream> tcp_listener::accept(std::error_code& error) {
  return start_accept(socket_, local_, &error);
}

void tcp_listener::close() noexcept {
  close_shared(socket_);
}

bool tcp_listener::is_open() const noexcept {
  return open_or_error(socket_) == 0;
}

}  // namespace magpie::io
