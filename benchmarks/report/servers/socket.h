#ifndef MAGPIE_BENCHMARKS_REPORT_SERVERS_SOCKET_H_
#define MAGPIE_BENCHMARKS_REPORT_SERVERS_SOCKET_H_

// Plain blocking sockets on the loopback interface, for the servers of the report and for the
// blocking strategies. Nothing here knows magpie.

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

namespace magpie::bench {

class descriptor {
 public:
  descriptor() = default;
  explicit descriptor(int number) : number_(number) {}
  descriptor(descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  descriptor& operator=(descriptor&& other) noexcept;
  ~descriptor() { close(); }

  int number() const { return number_; }
  bool is_open() const { return number_ >= 0; }
  void close();

 private:
  int number_ = -1;
};

// All throw std::system_error.
descriptor connect_loopback(std::uint16_t port);
// Writes all.
void send_all(const descriptor& socket, std::string_view data);
// 0 at the end.
std::size_t receive(const descriptor& socket, char* buffer, std::size_t size);
void receive_exactly(const descriptor& socket, char* buffer, std::size_t size);
void set_no_delay(const descriptor& socket);

// Listens on a free port of 127.0.0.1.
class listener {
 public:
  listener();
  std::uint16_t port() const { return port_; }
  const descriptor& socket() const { return socket_; }
  descriptor accept();

 private:
  descriptor socket_;
  std::uint16_t port_ = 0;
};

}  // namespace magpie::bench

#endif  // MAGPIE_BENCHMARKS_REPORT_SERVERS_SOCKET_H_
