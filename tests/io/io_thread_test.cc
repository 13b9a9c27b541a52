// Who polls when: an idle worker, or the I/O thread in its place.
#include "magpie/io/internal/io_thread.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <utility>
#include <vector>

#include "magpie/io/tcp.h"
#include "magpie/runtime/gather.h"
#include "magpie/runtime/testing/simulation.h"
#include "magpie/tests/io/io_test.h"

namespace magpie::testing {
namespace {

using namespace std::chrono_literals;
using io::tcp_stream;
using io::internal::io_thread;

class io_thread_test : public over_io_modes {};
MAGPIE_OVER_IO_MODES(io_thread_test);

// A runtime that only waits, with connections that are open and idle: its threads neither run nor
// wake. Counted in wake-ups, which a busy machine does not change; the processor time, which it
// does, is only to be far below that of a thread that spins (tests/stress/idle_test measures it).
TEST_P(io_thread_test, costs_nothing_while_nothing_happens) {
  auto body = []() -> task<> {
    std::vector<connection> idle(50);
    std::vector<join_handle<std::string>> readers;
    for (connection& c : idle) {
      c = co_await connect_pair();
      readers.push_back(spawn(read_all(c.client)));
    }
    co_await sleep_for(20ms);  // Until the I/O thread has seen that a worker waits.
    const auto time_before = cpu_time();
    const std::size_t before = sleeps_of_magpie();
    co_await sleep_for(1s);
    // Twice, when the first sleep ends and when the second does, the I/O thread may look 20 times
    // what the workers do. One that went on looking would do so 2,000 times in a second, and a
    // worker that watches the deadlines of others would 100 times.
    EXPECT_LE(sleeps_of_magpie() - before, 60U);
    EXPECT_LT(cpu_time() - time_before, 300ms);
    for (connection& c : idle)
      c.server.close();
    for (join_handle<std::string>& reader : readers)
      co_await reader;
  };
  run(body(), settings());
}

// Keeps a worker busy until it is told to stop.
task<> compute(const std::atomic<bool>& stop, std::atomic<int>& running) {
  ++running;
  while (!stop.load()) {
  }
  co_return;
}

task<> answer(tcp_stream& from, std::atomic<bool>& answered) {
  std::array<std::byte, 1> buffer{};
  co_await read_exactly(from, buffer);
  answered = true;
}

// With all workers but one busy for ever, and with whichever of them polled last among the busy
// ones, the free one gets the events.
TEST_P(io_thread_test, brings_events_to_the_one_worker_that_is_free) {
  const std::size_t workers = std::get<0>(GetParam());
  runtime tested(settings());
  connection c = tested.run(connect_pair());
  std::atomic<bool> stop{false};
  std::atomic<int> running{0};
  for (int round = 0; round < 5; ++round) {
    std::atomic<bool> answered{false};
    stop = false;
    running = 0;
    auto reader = tested.spawn(answer(c.client, answered));
    std::vector<join_handle<>> busy;
    for (std::size_t i = 0; i + 1 < workers; ++i)
      busy.push_back(tested.spawn(compute(stop, running)));
    while (static_cast<std::size_t>(running.load()) + 1 < workers)
      std::this_thread::yield();
    // From outside: another runtime plays the peer.
    auto send = [](tcp_stream& to) -> task<> { co_await to.write(bytes_of("x")); };
    run(send(c.server), options().workers(1));
    const auto begun = std::chrono::steady_clock::now();
    while (!answered.load() && std::chrono::steady_clock::now() - begun < 5s)
      std::this_thread::yield();
    EXPECT_TRUE(answered.load()) << "in round " << round;
    stop = true;
    for (join_handle<>& one : busy)
      one.get();
    reader.get();
  }
}

// With every worker busy the event is collected, and handled as soon as one has time.
TEST_P(io_thread_test, brings_events_as_soon_as_a_worker_is_free) {
  const std::size_t workers = std::get<0>(GetParam());
  runtime tested(settings());
  connection c = tested.run(connect_pair());
  std::atomic<bool> stop_first{false};
  std::atomic<bool> stop_others{false};
  std::atomic<int> running{0};
  std::atomic<bool> answered{false};
  auto reader = tested.spawn(answer(c.client, answered));
  std::vector<join_handle<>> busy;
  for (std::size_t i = 0; i < workers; ++i)
    busy.push_back(tested.spawn(compute(i == 0 ? stop_first : stop_others, running)));
  while (static_cast<std::size_t>(running.load()) < workers)
    std::this_thread::yield();
  auto send = [](tcp_stream& to) -> task<> { co_await to.write(bytes_of("x")); };
  run(send(c.server), options().workers(1));
  EXPECT_FALSE(answered.load());
  stop_first = true;
  const auto begun = std::chrono::steady_clock::now();
  while (!answered.load() && std::chrono::steady_clock::now() - begun < 5s)
    std::this_thread::yield();
  EXPECT_TRUE(answered.load());
  stop_others = true;
  for (join_handle<>& one : busy)
    one.get();
  reader.get();
}

// A worker that computes in short pieces polls in between.
TEST_P(io_thread_test, does_not_let_ready_tasks_starve_events) {
  auto spin = [](const std::atomic<bool>& stop) -> task<> {
    while (!stop.load())
      co_await yield();
  };
  auto body = [&]() -> task<> {
    connection c = co_await connect_pair();
    std::atomic<bool> stop{false};
    std::atomic<bool> answered{false};
    std::vector<join_handle<>> spinning;
    for (int i = 0; i < 20; ++i)
      spinning.push_back(spawn(spin(stop)));
    auto reader = spawn(answer(c.client, answered));
    co_await until_something_waits();
    co_await c.server.write(bytes_of("x"));
    co_await reader;
    stop = true;
    for (join_handle<>& one : spinning)
      co_await one;
  };
  run(body(), settings());
}

// ---------------------------------------------------------------------------------- simulation

class io_in_simulation : public io_test {};

TEST_F(io_in_simulation, uses_real_sockets_and_no_thread) {
  const std::size_t threads = threads_of_process();
  auto ping_pong = [](std::size_t before) -> task<> {
    connection c = co_await connect_pair();
    std::array<std::byte, 1> buffer{};
    for (int i = 0; i < 20; ++i) {
      auto reader = spawn(read_exactly(c.client, buffer));
      co_await until_something_waits();
      co_await c.server.write(bytes_of("x"));
      co_await reader;
    }
    EXPECT_EQ(threads_of_process(), before);
  };
  for (std::uint64_t seed = 0; seed < 20; ++seed)
    simulate(ping_pong(threads), simulation_options().workers(3).seed(seed));
}

// ---------------------------------------------------------------------------------- the poller

class io_thread_alone : public io_test {};

TEST_F(io_thread_alone, remembers_an_interruption_until_the_next_poll) {
  io_thread tested(options().io(io_mode::assisted));
  tested.start(true);
  ASSERT_TRUE(tested.try_acquire());
  tested.interrupt();
  ready_list ready;
  tested.poll(clock::duration::max(), ready);
  EXPECT_TRUE(ready.empty());
  tested.release();
}

TEST_F(io_thread_alone, belongs_to_one_at_a_time) {
  io_thread tested(options().io(io_mode::assisted));
  tested.start(true);
  EXPECT_TRUE(tested.try_acquire());
  EXPECT_FALSE(tested.try_acquire());
  tested.release();
  EXPECT_TRUE(tested.try_acquire());
  tested.release();
}

TEST_F(io_thread_alone, lets_no_worker_poll_when_it_is_dedicated) {
  io_thread tested(options().io(io_mode::dedicated));
  tested.start(false);
  EXPECT_FALSE(tested.try_acquire());
}

TEST_F(io_thread_alone, limits_a_poll_more_finely_than_a_millisecond) {
  io_thread tested(options().io(io_mode::assisted));
  tested.start(true);
  ASSERT_TRUE(tested.try_acquire());
  auto least = clock::duration::max();
  for (int i = 0; i < 20; ++i) {
    ready_list ready;
    const auto begun = clock::now();
    tested.poll(100us, ready);
    least = std::min(least, clock::now() - begun);
  }
  EXPECT_GE(least, 100us);
  EXPECT_LT(least, 900us);
  tested.release();
}

}  // namespace
}  // namespace magpie::testing
