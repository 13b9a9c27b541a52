// libuv beside magpie: the programs of the suites timers, cpu_hop and wake, with callbacks and one
// thread. Each does what the head of benchmarks/SUITE.cc says.
#include <uv.h>

#include <atomic>
#include <cstdint>
#include <thread>

#include "magpie/benchmarks/peers/cpp/peer.h"

namespace {

// A timer of libuv counts whole milliseconds.
void sleep_1_to_10_ms(uv_loop_t& loop) {
  constexpr long sleepers = 100'000;
  std::vector<uv_timer_t> timers(sleepers);
  for (long i = 0; i < sleepers; ++i) {
    uv_timer_t& timer = timers[static_cast<std::size_t>(i)];
    uv_timer_init(&loop, &timer);
    const long nanoseconds = 1'000'000 + 90 * (i * 7919 % sleepers);
    uv_timer_start(
        &timer, [](uv_timer_t* ended) { uv_close(reinterpret_cast<uv_handle_t*>(ended), nullptr); },
        static_cast<std::uint64_t>((nanoseconds + 999'999) / 1'000'000), 0);
  }
  uv_run(&loop, UV_RUN_DEFAULT);
}

void through_pool(uv_loop_t& loop, int round_trips) {
  int left = round_trips;
  uv_work_t work{};
  work.data = &left;
  const uv_after_work_cb again = [](uv_work_t* ended, int) {
    int& more = *static_cast<int*>(ended->data);
    if (--more > 0) uv_queue_work(ended->loop, ended, [](uv_work_t*) {}, ended->after_work_cb);
  };
  uv_queue_work(&loop, &work, [](uv_work_t*) {}, again);
  uv_run(&loop, UV_RUN_DEFAULT);
}

struct waker {
  uv_async_t async{};
  std::atomic<bool> begun{false};
  std::atomic<bool> stopping{false};
  peer::real_clock::time_point when;

  static void begin(uv_async_t* woken) {
    auto& self = *static_cast<waker*>(woken->data);
    self.when = peer::real_clock::now();
    self.begun.store(true);
    self.begun.notify_one();
    if (self.stopping.load()) uv_close(reinterpret_cast<uv_handle_t*>(woken), nullptr);
  }
};

void wake(uv_loop_t& loop) {
  waker woken;
  woken.async.data = &woken;
  uv_async_init(&loop, &woken.async, waker::begin);
  std::thread worker([&] { uv_run(&loop, UV_RUN_DEFAULT); });
  std::vector<peer::nanoseconds> times;
  for (int i = 0; i < 2000; ++i) {
    std::this_thread::sleep_for(std::chrono::microseconds(100));
    woken.begun.store(false);
    const auto called = peer::real_clock::now();
    uv_async_send(&woken.async);
    woken.begun.wait(false);
    times.push_back(woken.when - called);
  }
  woken.stopping.store(true);
  uv_async_send(&woken.async);
  worker.join();
  peer::print_latencies(std::move(times));
}

}  // namespace

int main(int argc, char** argv) {
  const peer::arguments given = peer::parse(argc, argv);
  uv_loop_t loop;
  uv_loop_init(&loop);
  if (given.row == "timers/sleep_1_to_10_ms/libuv") {
    peer::measure(100'000, given.seconds, [&] { sleep_1_to_10_ms(loop); });
  } else if (given.row == "cpu_hop/blocking/libuv") {
    peer::measure(100, given.seconds, [&] { through_pool(loop, 100); });
  } else if (given.row == "wake/spawn/libuv") {
    wake(loop);
  } else {
    peer::refuse(given.row);
  }
}
