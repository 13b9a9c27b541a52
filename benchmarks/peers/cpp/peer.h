// What these programs share: how they are called and what they print (benchmarks/peer_process.h).
#ifndef MAGPIE_BENCHMARKS_PEERS_CPP_PEER_H_
#define MAGPIE_BENCHMARKS_PEERS_CPP_PEER_H_

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
#include <vector>

namespace peer {

using real_clock = std::chrono::steady_clock;
using nanoseconds = std::chrono::duration<double, std::nano>;

struct arguments {
  std::string row;
  int workers;
  double seconds;
};

inline arguments parse(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: %s ROW WORKERS SECONDS\n", argv[0]);
    std::exit(2);
  }
  return {argv[1], std::atoi(argv[2]), std::atof(argv[3])};
}

inline nanoseconds process_cpu_time() {
  std::timespec time{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

// Prints what one operation takes, where `program()` does all of them once.
template <class Program>
void measure(double operations, double seconds, Program program) {
  program();
  const nanoseconds cpu = process_cpu_time();
  const auto wall = real_clock::now();
  double done = 0;
  nanoseconds length{};
  do {
    program();
    done += operations;
    length = real_clock::now() - wall;
  } while (length.count() < seconds * 1e9);
  std::printf("{\"wall_ns\": %g, \"cpu_ns\": %g}\n", length.count() / done,
              (process_cpu_time() - cpu).count() / done);
}

inline void print_latencies(std::vector<nanoseconds> times) {
  std::sort(times.begin(), times.end());
  nanoseconds sum{};
  for (const nanoseconds each : times)
    sum += each;
  const auto at = [&](double share) {
    return times[static_cast<std::size_t>(share * static_cast<double>(times.size() - 1))].count();
  };
  std::printf("{\"wall_ns\": %g, \"median_us\": %g, \"p99_us\": %g}\n",
              sum.count() / static_cast<double>(times.size()), at(0.5) / 1e3, at(0.99) / 1e3);
}

[[noreturn]] inline void refuse(const std::string& row) {
  std::fprintf(stderr, "no such row: %s\n", row.c_str());
  std::exit(2);
}

}  // namespace peer

#endif  // MAGPIE_BENCHMARKS_PEERS_CPP_PEER_H_
