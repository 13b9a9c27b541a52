// Sends each line of its input to an echo server, and shows what comes back.
//
//   echo_client [HOST:PORT]    127.0.0.1:7777 by default
#include <array>
#include <chrono>
#include <exception>
#include <iostream>
#include <span>
#include <string>
#include <string_view>

#include "magpie/magpie.h"

using namespace std::chrono_literals;

// A client that reads lines. What has been read and not been asked for yet stays in `received`.
magpie::task<std::string> read_line(magpie::io::tcp_stream& server, std::string& received) {
  std::array<std::byte, 4096> buffer;
  std::size_t end = received.find('\n');
  while (end == std::string::npos) {
    const std::size_t size = co_await server.read(buffer);
    if (size == 0) throw std::runtime_error("the server has closed the connection");
    received.append(reinterpret_cast<const char*>(buffer.data()), size);
    end = received.find('\n');
  }
  std::string line = received.substr(0, end + 1);
  received.erase(0, end + 1);
  co_return line;
}

magpie::task<> echo_client(std::istream& in, std::ostream& out, magpie::io::address where) {
  auto options = magpie::io::connect_options().timeout(5s);
  magpie::io::tcp_stream server = co_await magpie::io::tcp_stream::connect(where, options);
  std::string received;
  for (;;) {
    // Reading a terminal blocks, so it has a thread of its own.
    std::string line;
    const bool more = co_await magpie::blocking([&] { return bool(std::getline(in, line)); });
    if (!more) break;
    line += '\n';
    co_await server.write(std::as_bytes(std::span(line)));
    const std::string answer = co_await read_line(server, received);
    out << answer << std::flush;
  }
}

int main(int argc, char** argv) {
  try {
    const std::string where = argc > 1 ? argv[1] : "127.0.0.1:7777";
    magpie::run(echo_client(std::cin, std::cout, magpie::io::address::parse(where)));
  } catch (const std::exception& error) {
    std::cerr << "echo_client: " << error.what() << '\n';
    return 1;
  }
}
