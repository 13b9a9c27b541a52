// How much memory of this process is in use, as the kernel counts it.
#ifndef MAGPIE_BENCHMARKS_RESIDENT_MEMORY_H_
#define MAGPIE_BENCHMARKS_RESIDENT_MEMORY_H_

#include <cstddef>

namespace magpie::benchmarks {

// Now (VmRSS).
std::size_t resident_bytes();

// The most there was at once (VmHWM) since the last forget_peak(), or since the process began.
std::size_t peak_resident_bytes();

// What malloc has given out, with its own rounding and headers.
std::size_t allocated_bytes();

// Gives free memory back to the kernel, so that what came before does not count, and lets the peak
// begin here. Without a writable /proc/self/clear_refs the peak goes on.
void forget_peak();

}  // namespace magpie::benchmarks

#endif  // MAGPIE_BENCHMARKS_RESIDENT_MEMORY_H_
