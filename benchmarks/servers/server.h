// What the C++ servers of the suite http share: what they are asked for, and what they answer.
//
//   SERVER PROGRAM WORKERS [VARIANT]
//
// A server writes its port on its standard output, as a line, and serves until it is killed. The
// programs:
//
//   reply  a reply of HTTP/1.1 for each request; a request is what ends with an empty line.
//   echo   each byte comes back.
//   mixed  as reply, while as many tasks as there are workers compute on the workers, for 2 ms at a
//          time, and then let the others have their turn.
#ifndef MAGPIE_BENCHMARKS_SERVERS_SERVER_H_
#define MAGPIE_BENCHMARKS_SERVERS_SERVER_H_

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

namespace magpie::benchmarks {

inline constexpr std::string_view reply =
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 13\r\n\r\nHello, World!";

struct command {
  std::string program;
  std::size_t workers;
  std::string variant;

  bool echoes() const { return program == "echo"; }
  bool computes() const { return program == "mixed"; }
};

inline command parse_command(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: %s PROGRAM WORKERS [VARIANT]\n", argv[0]);
    std::exit(2);
  }
  return {argv[1], std::strtoul(argv[2], nullptr, 10), argc > 3 ? argv[3] : ""};
}

inline void say_port(std::uint16_t port) {
  std::printf("%u\n", port);
  std::fflush(stdout);
}

// The bytes that one connection has sent and that are not a whole request yet.
class request_buffer {
 public:
  char* free() noexcept { return bytes_.data() + used_; }
  std::size_t room() const noexcept { return bytes_.size() - used_; }

  // So many bytes have come. How many requests end in them.
  std::size_t add(std::size_t count) noexcept {
    used_ += count;
    std::string_view left(bytes_.data(), used_);
    std::size_t requests = 0;
    for (;;) {
      const std::size_t end = left.find("\r\n\r\n");
      if (end == std::string_view::npos) break;
      left.remove_prefix(end + 4);
      ++requests;
    }
    if (left.size() == bytes_.size()) left = {};  // No request is so long.
    if (left.size() != used_) std::memmove(bytes_.data(), left.data(), left.size());
    used_ = left.size();
    return requests;
  }

 private:
  std::array<char, 4096> bytes_;
  std::size_t used_ = 0;
};

inline constexpr std::size_t echo_bytes = 64 * 1024;

inline void compute_for_a_while() {
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(2);
  while (std::chrono::steady_clock::now() < until) {
  }
}

}  // namespace magpie::benchmarks

#endif  // MAGPIE_BENCHMARKS_SERVERS_SERVER_H_
