// The load of the suite http where wrk has none: one thread, plain epoll.
//
//   load echo PORT CONNECTIONS SECONDS BYTES   On each connection one message is on its way.
//   load churn PORT CONNECTIONS SECONDS        So many at once: connect, one request, close.
//
// Prints the operations that have ended, the seconds, and the median and the 99th percentile of
// their times in microseconds.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "magpie/benchmarks/echo_load.h"

namespace magpie::benchmarks {
namespace {

using std::chrono::steady_clock;

constexpr std::string_view request = "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";

struct connection {
  int fd = -1;
  std::size_t missing = 0;  // Bytes of the answer.
  steady_clock::time_point begun{};
};

class load {
 public:
  load(std::uint16_t port, std::size_t bytes)
      : name_(loopback_name(port)),
        epoll_(check(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1")),
        message_(bytes == 0 ? std::string(request) : std::string(bytes, 'x')),
        churns_(bytes == 0),
        answer_(64 * 1024) {}

  void run(std::size_t connections, steady_clock::duration limit) {
    peers_.resize(connections);
    for (connection& each : peers_) {
      open(each);
      begin(each);
    }
    const auto start = steady_clock::now();
    const auto until = start + limit;
    std::array<epoll_event, 64> events{};
    while (steady_clock::now() < until) {
      const int count = ::epoll_wait(epoll_.get(), events.data(), events.size(), 1000);
      for (int i = 0; i < count; ++i)
        receive(*static_cast<connection*>(events[static_cast<std::size_t>(i)].data.ptr));
    }
    print(steady_clock::now() - start);
  }

 private:
  void open(connection& peer) {
    peer.fd = check(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
    const int on = 1;
    check(::setsockopt(peer.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), "setsockopt");
    // A reset at the end, so that the ports of thousands of connections do not wait for a minute.
    const linger reset{1, 0};
    check(::setsockopt(peer.fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset), "setsockopt");
    peer.begun = steady_clock::now();
    check(::connect(peer.fd, reinterpret_cast<const sockaddr*>(&name_), sizeof name_), "connect");
    epoll_event wanted{};
    wanted.events = EPOLLIN;
    wanted.data.ptr = &peer;
    check(::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, peer.fd, &wanted), "epoll_ctl");
  }

  void begin(connection& peer) {
    if (!churns_) peer.begun = steady_clock::now();
    peer.missing = churns_ ? 1 : message_.size();
    const ssize_t sent = ::send(peer.fd, message_.data(), message_.size(), MSG_NOSIGNAL);
    check(sent == static_cast<ssize_t>(message_.size()) ? 0 : -1, "send");
  }

  void receive(connection& peer) {
    const ssize_t count = ::recv(peer.fd, answer_.data(), answer_.size(), MSG_DONTWAIT);
    check(count > 0 ? 0 : -1, "recv");
    peer.missing -= std::min(peer.missing, static_cast<std::size_t>(count));
    if (peer.missing != 0) return;
    times_.push_back(steady_clock::now() - peer.begun);
    if (churns_) {
      ::close(peer.fd);
      open(peer);
    }
    begin(peer);
  }

  void print(std::chrono::duration<double> took) {
    std::sort(times_.begin(), times_.end());
    const auto at = [&](double share) {
      const std::chrono::duration<double, std::micro> time =
          times_[static_cast<std::size_t>(share * static_cast<double>(times_.size() - 1))];
      return time.count();
    };
    if (times_.empty()) throw std::runtime_error("no operation has ended");
    std::printf("%zu %f %f %f\n", times_.size(), took.count(), at(0.5), at(0.99));
  }

  const sockaddr_in name_;
  const descriptor epoll_;
  const std::string message_;
  const bool churns_;
  std::vector<char> answer_;
  std::vector<connection> peers_;
  std::vector<steady_clock::duration> times_;
};

}  // namespace
}  // namespace magpie::benchmarks

int main(int argc, char** argv) {
  if (argc < 5) return 2;
  const auto number = [&](int index) { return std::strtoul(argv[index], nullptr, 10); };
  magpie::benchmarks::load load(static_cast<std::uint16_t>(number(2)), argc > 5 ? number(5) : 0);
  const std::chrono::duration<double> seconds(std::strtod(argv[4], nullptr));
  load.run(number(3), std::chrono::duration_cast<std::chrono::steady_clock::duration>(seconds));
}
