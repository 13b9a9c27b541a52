// Asio's server of the suite http: a coroutine for each connection, and an io_context that
// `workers` threads run. How it is called, and what it answers: benchmarks/servers/server.h.
#include <asio.hpp>
#include <asio/experimental/as_tuple.hpp>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "magpie/benchmarks/servers/server.h"

namespace {

namespace benchmarks = magpie::benchmarks;
using asio::awaitable;
using asio::ip::tcp;
constexpr auto in_error = asio::experimental::as_tuple(asio::use_awaitable);

awaitable<void> reply_to(tcp::socket peer) {
  benchmarks::request_buffer requests;
  for (;;) {
    const auto [error, count] =
        co_await peer.async_read_some(asio::buffer(requests.free(), requests.room()), in_error);
    if (error) co_return;
    for (std::size_t due = requests.add(count); due != 0; --due) {
      const auto [failed, written] = co_await asio::async_write(
          peer, asio::buffer(benchmarks::reply.data(), benchmarks::reply.size()), in_error);
      if (failed) co_return;
    }
  }
}

awaitable<void> echo(tcp::socket peer) {
  const auto bytes = std::make_unique<char[]>(benchmarks::echo_bytes);
  for (;;) {
    const auto [error, count] =
        co_await peer.async_read_some(asio::buffer(bytes.get(), benchmarks::echo_bytes), in_error);
    if (error) co_return;
    const auto [failed, written] =
        co_await asio::async_write(peer, asio::buffer(bytes.get(), count), in_error);
    if (failed) co_return;
  }
}

awaitable<void> compute() {
  for (;;) {
    benchmarks::compute_for_a_while();
    co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
  }
}

awaitable<void> serve(benchmarks::command asked) {
  const auto here = co_await asio::this_coro::executor;
  tcp::acceptor listener(here, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  benchmarks::say_port(listener.local_endpoint().port());
  if (asked.computes()) {
    for (std::size_t i = 0; i < asked.workers; ++i)
      asio::co_spawn(here, compute(), asio::detached);
  }
  for (;;) {
    tcp::socket peer = co_await listener.async_accept(asio::use_awaitable);
    peer.set_option(tcp::no_delay(true));
    if (asked.echoes()) {
      asio::co_spawn(here, echo(std::move(peer)), asio::detached);
    } else {
      asio::co_spawn(here, reply_to(std::move(peer)), asio::detached);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  const benchmarks::command asked = benchmarks::parse_command(argc, argv);
  asio::io_context context(static_cast<int>(asked.workers));
  asio::co_spawn(context, serve(asked), asio::detached);
  std::vector<std::thread> threads;
  for (std::size_t i = 1; i < asked.workers; ++i)
    threads.emplace_back([&] { context.run(); });
  context.run();
}
