// connection: an accepted TCP connection, idle, with a task that waits to read from it. Its other
// end is in another process; what the kernel keeps for a socket is in neither. As many as the limit
// of descriptors allows, up to ten thousand.
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "magpie/benchmarks/echo_load.h"
#include "magpie/benchmarks/memory/footprint.h"
#include "magpie/io/address.h"
#include "magpie/io/tcp.h"
#include "magpie/runtime/sleep.h"
#include "magpie/runtime/spawn.h"

namespace magpie::benchmarks {
namespace {

using namespace std::chrono_literals;

std::size_t possible_connections() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  return std::min<std::size_t>(10'000, limit.rlim_cur - 100);
}

// A process that connects so often and then waits, until it is told to end. Made while this process
// has one thread.
class connecting_process {
 public:
  connecting_process(std::uint16_t port, std::size_t connections) {
    std::array<int, 2> ends{};
    check(::pipe(ends.data()), "pipe");
    id_ = check(::fork(), "fork");
    if (id_ == 0) {
      ::close(ends[1]);
      connect_and_wait(port, connections, ends[0]);
    }
    ::close(ends[0]);
    until_closed_ = ends[1];
  }
  connecting_process(const connecting_process&) = delete;
  connecting_process& operator=(const connecting_process&) = delete;
  ~connecting_process() { end(); }

  void end() {
    if (until_closed_ < 0) return;
    ::close(std::exchange(until_closed_, -1));
    ::waitpid(id_, nullptr, 0);
  }

 private:
  [[noreturn]] static void connect_and_wait(std::uint16_t port, std::size_t connections,
                                            int until_closed) {
    const sockaddr_in name = loopback_name(port);
    for (std::size_t i = 0; i < connections; ++i) {
      const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
      if (::connect(fd, reinterpret_cast<const sockaddr*>(&name), sizeof name) < 0) ::_exit(1);
    }
    char nothing = 0;
    [[maybe_unused]] const auto closed = ::read(until_closed, &nothing, 1);
    ::_exit(0);
  }

  int id_ = -1;
  int until_closed_ = -1;
};

task<> wait_for_data(io::tcp_stream peer) {
  std::array<std::byte, 1> buffer;
  co_await peer.read(buffer);
}

task<> weigh_connections(scales& weigh, io::tcp_listener& listener, std::size_t count,
                         connecting_process& other) {
  std::vector<join_handle<>> connections;
  weigh.begin();
  connections.reserve(count);
  while (connections.size() < count) {
    auto accepting = listener.accept();
    io::tcp_stream peer = co_await std::move(accepting);
    connections.push_back(spawn(wait_for_data(std::move(peer))));
  }
  co_await sleep_for(10ms);  // Until the last of them waits.
  weigh.end();
  other.end();
  for (join_handle<>& connection : connections)
    co_await connection;
}

void weigh_once(benchmark::State& state) {
  const std::size_t count = possible_connections();
  io::tcp_listener listener = io::tcp_listener::bind(io::address::loopback(0));
  connecting_process other(listener.local_address().port(), count);
  runtime host(options().workers(1));
  scales weigh(state, count);
  for (auto _ : state)
    host.run(weigh_connections(weigh, listener, count, other));
}

const bool registered = [] {
  benchmark::RegisterBenchmark("memory/connection/magpie/1", weigh_once)->Iterations(1);
  return true;
}();

}  // namespace
}  // namespace magpie::benchmarks
