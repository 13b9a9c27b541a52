// One connection, one message at a time: nothing to overlap.

#include <array>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "magpie/benchmarks/report/blocking_strategies.h"
#include "magpie/benchmarks/report/magpie_strategies.h"
#include "magpie/benchmarks/report/servers/socket.h"
#include "magpie/benchmarks/report/strategy.h"
#include "magpie/benchmarks/report/workloads/workloads.h"
#include "magpie/magpie.h"

namespace magpie::bench {
namespace {

using message = std::array<char, 64>;

message numbered(std::size_t i) {
  message m{};
  for (std::size_t at = 0; at < m.size(); ++at)
    m[at] = static_cast<char>(i + at);
  return m;
}

// What every player keeps: the time of each round trip, and whether its own came back.
struct match {
  explicit match(const parameters& p)
      : port(static_cast<std::uint16_t>(p.count("port"))), latencies_us(p.count("round_trips")) {}

  void returned(std::size_t i, const message& sent, const message& got, steady::time_point start) {
    if (sent != got) throw std::runtime_error("another message came back");
    latencies_us[i] = microseconds_between(start, steady::now());
  }

  const std::uint16_t port;
  std::vector<double> latencies_us;
};

void play_one(match& all, const descriptor& socket, std::size_t i) {
  const auto start = steady::now();
  const message sent = numbered(i);
  message got{};
  send_all(socket, {sent.data(), sent.size()});
  receive_exactly(socket, got.data(), got.size());
  all.returned(i, sent, got, start);
}

task<> play(match& all) {
  io::tcp_stream stream = co_await io::tcp_stream::connect(io::address::loopback(all.port));
  for (std::size_t i = 0; i < all.latencies_us.size(); ++i) {
    const auto start = steady::now();
    const message sent = numbered(i);
    message got{};
    co_await stream.write(std::as_bytes(std::span(sent)));
    std::size_t filled = 0;
    while (filled < got.size()) {
      const auto room = std::as_writable_bytes(std::span(got)).subspan(filled);
      const std::size_t size = co_await stream.read(room);
      if (size == 0) throw std::runtime_error("the server closed the connection");
      filled += size;
    }
    all.returned(i, sent, got, start);
  }
}

void finish(match& all, meter& m) {
  m.rate("round_trips_per_s", all.latencies_us.size());
  m.latencies_us(std::move(all.latencies_us));
}

void run_blocking(std::string_view strategy, const parameters& p, meter& m) {
  match all(p);
  const std::size_t count = all.latencies_us.size();
  m.start();
  {
    const descriptor socket = connect_loopback(all.port);
    set_no_delay(socket);
    if (strategy == strategies::thread_pool) {
      queued_threads pool(p.count("workers"));
      for (std::size_t i = 0; i < count; ++i) {
        pool.submit([&, i] { play_one(all, socket, i); });
        pool.wait_idle();
      }
    } else if (strategy == strategies::thread_per_operation) {
      run_thread_per_operation(count, [&](std::size_t i) { play_one(all, socket, i); }, 1);
    } else {
      run_sequentially(count, [&](std::size_t i) { play_one(all, socket, i); });
    }
  }
  m.stop();
  finish(all, m);
}

void run_magpie(std::string_view strategy, const parameters& p, meter& m) {
  match all(p);
  m.start();
  run(play(all), options_of(strategy, p));
  m.stop();
  finish(all, m);
}

parameters sizes(scale size) {
  return parameters().set("round_trips", at_scale(size, 100, 8000, 40000));
}

}  // namespace

workload ping_pong() {
  using namespace strategies;
  workload w;
  w.name = "ping_pong";
  w.title = "Ping-pong on one connection";
  w.question =
      "A client asks, waits, and asks again. There is never anything else to do: what "
      "does it cost to be asynchronous for nothing?";
  w.what =
      "Messages of 64 bytes over one TCP connection to an echo server, which is a process of "
      "its own with a plain blocking thread and the same for every strategy. The next message "
      "is sent when the last has come back; latency is that of one round trip. It depends "
      "much on whether the kernel puts client and server on one core.";
  w.around = {.echo = true};
  w.variants = {
      {sequential, role::opponent, "Blocking send and receive in a loop.", run_blocking},
      {thread_per_operation, role::opponent, "A thread for each round trip, one at a time.",
       run_blocking},
      {thread_pool, role::opponent, "Each round trip is a job for a pool, whose end is awaited.",
       run_blocking},
      {magpie_1, role::judged, "One task awaits write and read; the idle worker polls.",
       run_magpie},
      {magpie_n, role::judged, "One task awaits write and read; an idle worker polls.", run_magpie},
      {magpie_1_dedicated, role::shown,
       "The same; every readiness is handed over by the I/O thread.", run_magpie},
      {magpie_n_dedicated, role::shown,
       "The same; every readiness is handed over by the I/O thread.", run_magpie},
      {asyncio, role::shown, "One coroutine with StreamReader and StreamWriter.", nullptr,
       "ping_pong.py"},
  };
  w.absent = {
      {std::string(magpie_cpu), "Nothing is computed that could move to the CPU executor."}};
  w.sizes = sizes;
  return w;
}

}  // namespace magpie::bench
