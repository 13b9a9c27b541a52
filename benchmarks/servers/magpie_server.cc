// The server of the suite http on magpie: a task for each connection.
#include <cstddef>
#include <memory>
#include <span>
#include <system_error>
#include <utility>

#include "magpie/benchmarks/servers/server.h"
#include "magpie/io/address.h"
#include "magpie/io/tcp.h"
#include "magpie/runtime/options.h"
#include "magpie/runtime/run.h"
#include "magpie/runtime/sleep.h"
#include "magpie/runtime/spawn.h"
#include "magpie/runtime/task.h"

namespace magpie::benchmarks {
namespace {

task<> reply_to(io::tcp_stream peer) {
  request_buffer requests;
  std::error_code error;
  for (;;) {
    const std::span free(requests.free(), requests.room());
    const std::size_t count = co_await peer.read(std::as_writable_bytes(free), error);
    if (error || count == 0) co_return;
    for (std::size_t due = requests.add(count); due != 0; --due) {
      co_await peer.write(std::as_bytes(std::span(reply)), error);
      if (error) co_return;
    }
  }
}

task<> echo(io::tcp_stream peer) {
  const auto buffer = std::make_unique<std::byte[]>(echo_bytes);
  std::error_code error;
  for (;;) {
    const std::size_t count = co_await peer.read(std::span(buffer.get(), echo_bytes), error);
    if (error || count == 0) co_return;
    co_await peer.write(std::span(buffer.get(), count), error);
    if (error) co_return;
  }
}

task<> compute() {
  for (;;) {
    compute_for_a_while();
    co_await yield();
  }
}

task<> serve(command asked) {
  io::tcp_listener listener = io::tcp_listener::bind(io::address::loopback(0));
  say_port(listener.local_address().port());
  if (asked.computes()) {
    for (std::size_t i = 0; i < asked.workers; ++i)
      spawn(compute()).detach();
  }
  for (;;) {
    auto accepting = listener.accept();
    io::tcp_stream peer = co_await std::move(accepting);
    peer.set_no_delay(true);
    spawn(asked.echoes() ? echo(std::move(peer)) : reply_to(std::move(peer))).detach();
  }
}

options chosen(const command& asked) {
  options chosen = options().workers(asked.workers);
  if (asked.variant == "dedicated") chosen.io(io_mode::dedicated);
  if (asked.variant == "single") chosen.io_batch(1);
  if (asked.variant == "eager") chosen.share_after(std::chrono::seconds(0));
  return chosen;
}

}  // namespace
}  // namespace magpie::benchmarks

int main(int argc, char** argv) {
  const auto asked = magpie::benchmarks::parse_command(argc, argv);
  magpie::run(magpie::benchmarks::serve(asked), magpie::benchmarks::chosen(asked));
}
