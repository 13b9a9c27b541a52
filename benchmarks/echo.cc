// echo: 64 bytes there and back over loopback TCP. All figures are per round trip, and the CPU time
// is that of the server and of its client together, which is the same one thread in every row.
//
//   one  one connection: every round trip waits for the one before.
//   many 64 connections, each with one message on its way.
//
// Runtimes: magpie (an idle worker polls); magpie_dedicated (the I/O thread always polls, and hands
// over); epoll (one thread and a plain loop: the limit).
#include <sys/eventfd.h>

#include <array>
#include <cstddef>
#include <span>
#include <thread>
#include <utility>

#include "magpie/benchmarks/echo_load.h"
#include "magpie/benchmarks/suite.h"
#include "magpie/io/address.h"
#include "magpie/io/tcp.h"
#include "magpie/runtime/spawn.h"
#include "magpie/runtime/task.h"

namespace magpie::benchmarks {
namespace {

constexpr std::size_t round_trips = 1024;

// ---------------------------------------------------------------------------------- magpie

task<> serve_one(io::tcp_stream peer) {
  peer.set_no_delay(true);
  std::array<std::byte, message_bytes> buffer;
  for (;;) {
    const std::size_t count = co_await peer.read(buffer);
    if (count == 0) co_return;
    co_await peer.write(std::span(buffer).first(count));
  }
}

task<> serve_all(io::tcp_listener listener) {
  for (;;) {
    auto accepting = listener.accept();
    io::tcp_stream peer = co_await std::move(accepting);
    spawn(serve_one(std::move(peer))).detach();
  }
}

body on_magpie_server(std::size_t connections, io_mode mode) {
  return [=](benchmark::State& state, std::size_t workers) {
    // Declared before the runtime: its connections are closed after the tasks have ended.
    io::tcp_listener listener = io::tcp_listener::bind(io::address::loopback(0));
    const std::uint16_t port = listener.local_address().port();
    runtime host(options().workers(workers).io(mode));
    host.spawn(serve_all(std::move(listener))).detach();
    echo_load load(port, connections);
    load.run(round_trips);
    const operation_meter meter(state, round_trips);
    for (auto _ : state)
      load.run(round_trips);
  };
}

// ---------------------------------------------------------------------------------- epoll

class epoll_server {
 public:
  epoll_server()
      : epoll_(check(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1")),
        stop_(check(::eventfd(0, EFD_CLOEXEC), "eventfd")),
        listener_(check(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket")) {
    sockaddr_in name = loopback_name(0);
    socklen_t size = sizeof name;
    auto* address = reinterpret_cast<sockaddr*>(&name);
    check(::bind(listener_.get(), address, size), "bind");
    check(::listen(listener_.get(), 1024), "listen");
    check(::getsockname(listener_.get(), address, &size), "getsockname");
    port_ = ntohs(name.sin_port);
    watch_for_input(epoll_.get(), listener_.get());
    watch_for_input(epoll_.get(), stop_.get());
    thread_ = std::thread([this] { serve(); });
  }
  epoll_server(const epoll_server&) = delete;
  epoll_server& operator=(const epoll_server&) = delete;
  ~epoll_server() {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(stop_.get(), &one, sizeof one);
    thread_.join();
  }

  std::uint16_t port() const noexcept { return port_; }

 private:
  void serve() {
    std::array<epoll_event, 64> events{};
    for (;;) {
      const int count = ::epoll_wait(epoll_.get(), events.data(), events.size(), -1);
      for (int i = 0; i < count; ++i) {
        const int fd = events[static_cast<std::size_t>(i)].data.fd;
        if (fd == stop_.get()) return;
        if (fd == listener_.get()) {
          accept_one();
        } else {
          echo(fd);
        }
      }
    }
  }

  void accept_one() {
    const int fd = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) return;
    peers_.emplace_back(fd);
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    watch_for_input(epoll_.get(), fd);
  }

  void echo(int fd) {
    message buffer;
    const ssize_t count = ::recv(fd, buffer.data(), buffer.size(), 0);
    if (count > 0) {
      ::send(fd, buffer.data(), static_cast<std::size_t>(count), MSG_NOSIGNAL);
    } else {
      ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
    }
  }

  const descriptor epoll_;
  const descriptor stop_;
  const descriptor listener_;
  std::uint16_t port_ = 0;
  std::vector<descriptor> peers_;
  std::thread thread_;
};

body on_epoll_server(std::size_t connections) {
  return [=](benchmark::State& state, std::size_t /*workers*/) {
    epoll_server server;
    echo_load load(server.port(), connections);
    load.run(round_trips);
    const operation_meter meter(state, round_trips);
    for (auto _ : state)
      load.run(round_trips);
  };
}

const bool registered = [] {
  for (const auto& [name, connections] : {std::pair<std::string, std::size_t>{"one", 1},
                                          std::pair<std::string, std::size_t>{"many", 64}}) {
    const std::string program = "echo/" + name;
    add_rows(program + "/magpie", on_magpie_server(connections, io_mode::assisted));
    add_rows(program + "/magpie_dedicated", on_magpie_server(connections, io_mode::dedicated));
    add_row(program + "/epoll", on_epoll_server(connections));
  }
  return true;
}();

}  // namespace
}  // namespace magpie::benchmarks
