// Sends back to every client what it sends, until Ctrl-C.
//
//   echo_server [HOST:PORT]    127.0.0.1:7777 by default; port 0 lets the system choose
#include <array>
#include <exception>
#include <iostream>
#include <span>
#include <string>
#include <system_error>
#include <utility>

#include "magpie/magpie.h"

magpie::task<> echo(magpie::io::tcp_stream client) {
  std::array<std::byte, 4096> buffer;
  try {
    for (;;) {
      const std::size_t size = co_await client.read(buffer);
      if (size == 0) break;  // The client has sent everything.
      co_await client.write(std::span(buffer).first(size));
    }
  } catch (const std::system_error&) {
    // The client has gone; the others do not mind.
  }
}

magpie::task<> echo_server(std::ostream& out, magpie::io::tcp_listener& listener) {
  out << "listening on " << listener.local_address().to_string() << std::endl;
  for (;;) {
    magpie::io::tcp_stream client = co_await listener.accept();
    // The task owns the connection and nobody waits for it: it ends with the client, or with the
    // runtime.
    magpie::spawn(echo(std::move(client)), "echo").detach();
  }
}

int main(int argc, char** argv) {
  try {
    const std::string where = argc > 1 ? argv[1] : "127.0.0.1:7777";
    auto listener = magpie::io::tcp_listener::bind(magpie::io::address::parse(where));
    // Ctrl-C cancels the server; run() then cancels all connections, and waits for them.
    magpie::run(echo_server(std::cout, listener), magpie::options().stop_on_signals());
  } catch (const magpie::interrupted&) {
    std::cout << "stopped" << std::endl;
  } catch (const std::exception& error) {
    std::cerr << "echo_server: " << error.what() << '\n';
    return 1;
  }
}
