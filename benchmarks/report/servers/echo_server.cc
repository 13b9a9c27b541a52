#include "magpie/benchmarks/report/servers/echo_server.h"

#include <cstdio>
#include <system_error>
#include <thread>
#include <utility>

#include "magpie/benchmarks/report/servers/socket.h"

namespace magpie::bench {
namespace {

void echo(const descriptor& socket) {
  char buffer[16 * 1024];
  try {
    while (const std::size_t got = receive(socket, buffer, sizeof buffer)) {
      send_all(socket, {buffer, got});
    }
  } catch (const std::system_error&) {
    // The client has gone; so does its thread.
  }
}

}  // namespace

void serve_echo() {
  listener listening;
  std::printf("%u\n", static_cast<unsigned>(listening.port()));
  std::fflush(stdout);
  while (true) {
    descriptor socket = listening.accept();
    set_no_delay(socket);
    std::thread([owned = std::move(socket)] { echo(owned); }).detach();
  }
}

}  // namespace magpie::bench
