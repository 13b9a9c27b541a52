#include "magpie/benchmarks/report/kernels.h"

#include <atomic>
#include <bit>

namespace magpie::bench {

std::uint64_t digest(std::string_view data, std::size_t passes) {
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (std::size_t pass = 0; pass < passes; ++pass) {
    for (const char c : data)
      hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  }
  return hash;
}

std::uint64_t mandelbrot_row(std::size_t row, std::size_t size, std::size_t limit) {
  const double step = 3.0 / static_cast<double>(size);
  const double ci = static_cast<double>(row) * step - 1.5;
  std::uint64_t total = 0;
  for (std::size_t column = 0; column < size; ++column) {
    const double cr = static_cast<double>(column) * step - 2.25;
    double r = 0;
    double i = 0;
    std::size_t steps = 0;
    for (; steps < limit && r * r + i * i < 4; ++steps) {
      const double next = r * r - i * i + cr;
      i = 2 * r * i + ci;
      r = next;
    }
    total += steps;
  }
  return total;
}

std::uint64_t spin(std::uint64_t seed, std::size_t steps) {
  std::uint64_t value = seed | 1;
  for (std::size_t i = 0; i < steps; ++i)
    value = std::rotl(value * 0x9e3779b97f4a7c15u, 31);
  return value;
}

bool may_place(const board& b, std::size_t column) {
  return ((b.columns | b.left | b.right) >> column & 1u) == 0;
}

board place(const board& b, std::size_t column) {
  const std::uint32_t queen = 1u << column;
  return {b.columns | queen, (b.left | queen) << 1, (b.right | queen) >> 1};
}

std::uint64_t count_queens(const board& b, std::size_t row, std::size_t n) {
  if (row == n) return 1;
  std::uint64_t ways = 0;
  for (std::size_t column = 0; column < n; ++column) {
    if (may_place(b, column)) ways += count_queens(place(b, column), row + 1, n);
  }
  return ways;
}

void keep(std::uint64_t value) {
  static std::atomic<std::uint64_t> sink;
  sink.store(value);
}

}  // namespace magpie::bench
