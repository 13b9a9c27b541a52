// Counts and refuses what the program takes from the global operator new. Linking the library
// replaces all its forms.
#ifndef MAGPIE_TESTS_RUNTIME_ALLOCATIONS_H_
#define MAGPIE_TESTS_RUNTIME_ALLOCATIONS_H_

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>

namespace magpie::testing {

class allocations {
 public:
  // False if a sanitizer has its own operator new; then nothing is counted or refused.
  static bool counts();

  // Blocks that have been allocated and not been freed.
  static std::ptrdiff_t live() noexcept;

  // While it exists, the calling thread gets `more` blocks, is refused the next `refusals`, and
  // gets what comes after those.
  class limit {
   public:
    explicit limit(std::size_t more, std::size_t refusals = SIZE_MAX) noexcept;
    limit(const limit&) = delete;
    limit& operator=(const limit&) = delete;
    ~limit();

    // Whether something has been refused.
    bool was_reached() const noexcept;
  };
};

}  // namespace magpie::testing

// At the start of a test that needs it.
// NOLINTNEXTLINE(cppcoreguidelines-macro-usage)
#define MAGPIE_NEEDS_COUNTED_ALLOCATIONS()       \
  if (!::magpie::testing::allocations::counts()) \
  GTEST_SKIP() << "a sanitizer has its own operator new"

#endif  // MAGPIE_TESTS_RUNTIME_ALLOCATIONS_H_
