#ifndef MAGPIE_BENCHMARKS_REPORT_KERNELS_H_
#define MAGPIE_BENCHMARKS_REPORT_KERNELS_H_

// The computing that the workloads do: small, deterministic, and with a result to compare.

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace magpie::bench {

// FNV-1a over the data, again and again: one dependent multiplication per byte, which neither
// compiler nor cache can shorten.
std::uint64_t digest(std::string_view data, std::size_t passes);
inline constexpr std::size_t k_digest_passes = 100;

// The escape times of one row of a Mandelbrot picture of size x size points, summed. Rows differ
// in cost by a factor of ten and more.
std::uint64_t mandelbrot_row(std::size_t row, std::size_t size, std::size_t limit);

// One step of a chain of multiplications and rotations for each count: about a nanosecond each.
std::uint64_t spin(std::uint64_t seed, std::size_t steps);

// The ways to place the remaining queens on a board of n columns, given the queens of the first
// rows as sets of attacked columns and diagonals.
struct board {
  std::uint32_t columns = 0;
  std::uint32_t left = 0;
  std::uint32_t right = 0;
};
bool may_place(const board& b, std::size_t column);
board place(const board& b, std::size_t column);
std::uint64_t count_queens(const board& b, std::size_t row, std::size_t n);

// Makes the compiler believe that the value is used.
void keep(std::uint64_t value);

}  // namespace magpie::bench

#endif  // MAGPIE_BENCHMARKS_REPORT_KERNELS_H_
