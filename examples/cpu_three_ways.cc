// A long computation, three ways, beside a heartbeat that ought to beat every 10 ms.
//
//   cpu_three_ways [WORKERS]    1 by default; with 2, another worker keeps the heartbeat going
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <iostream>
#include <string>
#include <utility>

#include "magpie/examples/stopwatch.h"
#include "magpie/magpie.h"

using namespace std::chrono_literals;

constexpr int limit = 1'500'000;
constexpr int slice = 500;

bool is_prime(int n) {
  for (int d = 2; d * d <= n; ++d) {
    if (n % d == 0) return false;
  }
  return n >= 2;
}

int count_primes(int first, int last) {
  int count = 0;
  for (int n = first; n < last; ++n)
    count += is_prime(n) ? 1 : 0;
  return count;
}

// Nobody else can use this worker until it is done.
magpie::task<int> on_a_worker() {
  co_return count_primes(0, limit);
}

// Others get their turn after every slice.
magpie::task<int> with_yields() {
  int count = 0;
  for (int first = 0; first < limit; first += slice) {
    count += count_primes(first, first + slice);
    co_await magpie::yield();
  }
  co_return count;
}

// The worker is free meanwhile.
magpie::task<int> on_the_executor() {
  co_return co_await magpie::cpu([] { return count_primes(0, limit); });
}

// How late the latest beat was.
magpie::task<magpie::clock::duration> heartbeat(const std::atomic<bool>& stop) {
  magpie::clock::duration latest{0};
  while (!stop) {
    const auto due = magpie::clock::now() + 10ms;
    co_await magpie::sleep_until(due);
    latest = std::max(latest, magpie::clock::now() - due);
  }
  co_return latest;
}

magpie::task<int> then_stop(magpie::task<int> computation, std::atomic<bool>& stop) {
  const int result = co_await std::move(computation);
  stop = true;
  co_return result;
}

magpie::task<> show(std::ostream& out, std::string way, magpie::task<int> computation) {
  const stopwatch watch;
  std::atomic<bool> stop = false;
  auto [latest, primes] =
      co_await magpie::gather(heartbeat(stop), then_stop(std::move(computation), stop));
  out << way << primes << " primes in" << watch.elapsed() << "heartbeat late by up to "
      << std::chrono::round<std::chrono::milliseconds>(latest).count() << " ms\n";
}

magpie::task<> cpu_three_ways(std::ostream& out) {
  co_await show(out, "on a worker:     ", on_a_worker());
  co_await show(out, "with yields:     ", with_yields());
  co_await show(out, "on the executor: ", on_the_executor());
}

int main(int argc, char** argv) {
  const std::size_t workers = argc > 1 ? std::stoul(argv[1]) : 1;
  magpie::run(cpu_three_ways(std::cout), magpie::options().workers(workers));
}
