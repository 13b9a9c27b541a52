// Asio's coroutines beside magpie: the programs of the suites spawn, yield, timers, channel,
// cpu_hop and wake. Each does what the head of benchmarks/SUITE.cc says, with Asio's own means: an
// io_context that `workers` threads run, and concurrent channels, also if there is one thread.
#include <asio.hpp>
#include <asio/experimental/concurrent_channel.hpp>
#include <atomic>
#include <functional>
#include <future>
#include <memory>
#include <thread>

#include "magpie/benchmarks/peers/cpp/peer.h"

namespace {

using asio::awaitable;
using asio::use_awaitable;
using channel = asio::experimental::concurrent_channel<void(asio::error_code, int)>;

class host {
 public:
  explicit host(int workers) : context_(workers), work_(context_.get_executor()) {
    for (int i = 0; i < workers; ++i)
      threads_.emplace_back([this] { context_.run(); });
  }
  host(const host&) = delete;
  host& operator=(const host&) = delete;
  ~host() {
    work_.reset();
    for (std::thread& each : threads_)
      each.join();
  }

  asio::io_context& context() { return context_; }

  void run(std::function<awaitable<void>()> program) {
    asio::co_spawn(context_, program(), asio::use_future).get();
  }

 private:
  asio::io_context context_;
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  std::vector<std::thread> threads_;
};

awaitable<void> nothing() {
  co_return;
}

awaitable<void> one_by_one(int tasks) {
  const auto here = co_await asio::this_coro::executor;
  for (int i = 0; i < tasks; ++i)
    co_await asio::co_spawn(here, nothing(), use_awaitable);
}

// Spawns `tasks` of them, and waits for a message from the last one that ends.
template <class Body>
awaitable<void> each(int tasks, Body body) {
  const auto here = co_await asio::this_coro::executor;
  auto ended = std::make_shared<channel>(here, 1);
  auto left = std::make_shared<std::atomic<int>>(tasks);
  for (int i = 0; i < tasks; ++i) {
    asio::co_spawn(here, body(i), [ended, left](const std::exception_ptr&) {
      if (left->fetch_sub(1) == 1) ended->try_send(asio::error_code(), 0);
    });
  }
  co_await ended->async_receive(use_awaitable);
}

awaitable<void> keep_yielding(int times) {
  const auto here = co_await asio::this_coro::executor;
  for (int i = 0; i < times; ++i)
    co_await asio::post(here, use_awaitable);
}

awaitable<void> sleep_for(std::chrono::nanoseconds time) {
  asio::steady_timer timer(co_await asio::this_coro::executor, time);
  co_await timer.async_wait(use_awaitable);
}

awaitable<void> send_all(channel& into, int items) {
  for (int i = 0; i < items; ++i)
    co_await into.async_send(asio::error_code(), i, use_awaitable);
}

awaitable<void> receive_all(channel& from, int items) {
  for (int i = 0; i < items; ++i)
    co_await from.async_receive(use_awaitable);
}

awaitable<void> bounded(int producers, int consumers, int items) {
  channel between(co_await asio::this_coro::executor, 1024);
  co_await each(producers + consumers, [&](int i) {
    return i < producers ? send_all(between, items / producers)
                         : receive_all(between, items / consumers);
  });
}

awaitable<void> ping_pong(int round_trips) {
  const auto here = co_await asio::this_coro::executor;
  channel ping(here, 1);
  channel pong(here, 1);
  const auto first = [&]() -> awaitable<void> {
    for (int i = 0; i < round_trips; ++i) {
      co_await ping.async_send(asio::error_code(), i, use_awaitable);
      co_await pong.async_receive(use_awaitable);
    }
  };
  const auto other = [&]() -> awaitable<void> {
    for (int i = 0; i < round_trips; ++i) {
      const int value = co_await ping.async_receive(use_awaitable);
      co_await pong.async_send(asio::error_code(), value, use_awaitable);
    }
  };
  auto player = [&](int i) { return i == 0 ? first() : other(); };
  co_await each(2, player);
}

awaitable<void> through_pool(asio::thread_pool& pool, int round_trips) {
  const auto here = co_await asio::this_coro::executor;
  for (int i = 0; i < round_trips; ++i) {
    co_await asio::post(pool, use_awaitable);
    co_await asio::post(here, use_awaitable);
  }
}

void wake(host& on) {
  std::vector<peer::nanoseconds> times;
  for (int i = 0; i < 2000; ++i) {
    std::this_thread::sleep_for(std::chrono::microseconds(100));
    std::promise<peer::real_clock::time_point> begun;
    const auto called = peer::real_clock::now();
    asio::post(on.context(), [&] { begun.set_value(peer::real_clock::now()); });
    times.push_back(begun.get_future().get() - called);
  }
  peer::print_latencies(std::move(times));
}

void run(const peer::arguments& given) {
  host on(given.workers);
  const auto measure = [&](int operations, const std::function<awaitable<void>()>& program) {
    peer::measure(operations, given.seconds, [&] { on.run(program); });
  };
  const auto yields = [&](int tasks) {
    measure(100'000,
            [=] { return each(tasks, [=](int) { return keep_yielding(100'000 / tasks); }); });
  };
  const std::string& row = given.row;
  if (row == "spawn/join_all/asio") {
    measure(1000, [] { return each(1000, [](int) { return nothing(); }); });
  } else if (row == "spawn/one_by_one/asio") {
    measure(1000, [] { return one_by_one(1000); });
  } else if (row == "yield/alone/asio") {
    yields(1);
  } else if (row == "yield/two_tasks/asio") {
    yields(2);
  } else if (row == "yield/thousand_tasks/asio") {
    yields(1000);
  } else if (row == "timers/sleep_1_to_10_ms/asio") {
    constexpr long sleepers = 100'000;
    measure(sleepers, [] {
      return each(sleepers, [](int i) {
        return sleep_for(std::chrono::nanoseconds(1'000'000 + 90 * (i * 7919L % sleepers)));
      });
    });
  } else if (row == "channel/ping_pong/asio") {
    measure(20'000, [] { return ping_pong(10'000); });
  } else if (row == "channel/bounded_1_1/asio") {
    measure(100'000, [] { return bounded(1, 1, 100'000); });
  } else if (row == "channel/bounded_4_1/asio") {
    measure(100'000, [] { return bounded(4, 1, 100'000); });
  } else if (row == "channel/bounded_4_4/asio") {
    measure(100'000, [] { return bounded(4, 4, 100'000); });
  } else if (row == "cpu_hop/blocking/asio") {
    asio::thread_pool pool(1);
    measure(100, [&] { return through_pool(pool, 100); });
  } else if (row == "wake/spawn/asio") {
    wake(on);
  } else {
    peer::refuse(row);
  }
}

}  // namespace

int main(int argc, char** argv) {
  run(peer::parse(argc, argv));
}
