#include "magpie/runtime/internal/ring.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <new>
#include <stdexcept>
#include <vector>

#include "magpie/runtime/internal/atomics.h"
#include "magpie/tests/runtime/allocations.h"

namespace magpie::testing {
namespace ring_test {

using int_ring = internal::ring<int, internal::std_atomics>;

TEST(ring_test, smoke) {
  int item = 0;
  int_ring ring(4);
  EXPECT_EQ(ring.capacity(), 4U);
  ring.set(7, &item);
  EXPECT_EQ(ring.get(7), &item);
  EXPECT_EQ(ring.get(3), &item);  // The same slot.
}

TEST(ring_test, the_capacity_is_a_power_of_two) {
  for (const std::size_t wrong : {3U, 5U, 6U, 1000U})
    EXPECT_THROW(int_ring{wrong}, std::invalid_argument) << wrong;
  EXPECT_THROW(int_ring{0}, std::invalid_argument);
  EXPECT_NO_THROW(int_ring{1});
}

// Each index keeps its item, wherever the indices start; those near the end of their range wrap.
TEST(ring_test, growth_keeps_the_items) {
  std::vector<int> items(8);
  for (const std::uint64_t first : {std::uint64_t{0}, std::uint64_t{5}, UINT64_MAX - 3}) {
    auto ring = std::make_unique<int_ring>(8);
    for (std::uint64_t i = 0; i < 8; ++i)
      ring->set(first + i, &items[i]);
    const int_ring* smaller = ring.get();
    int_ring::grow(ring, first, first + 8);
    EXPECT_EQ(ring->capacity(), 16U);
    for (std::uint64_t i = 0; i < 8; ++i) {
      EXPECT_EQ(ring->get(first + i), &items[i]) << first << " + " << i;
      // A thief that still has the smaller one reads the same.
      EXPECT_EQ(smaller->get(first + i), &items[i]);
    }
  }
}

TEST(ring_test, growth_that_is_refused_memory_changes_nothing) {
  MAGPIE_NEEDS_COUNTED_ALLOCATIONS();
  int item = 0;
  auto ring = std::make_unique<int_ring>(2);
  ring->set(0, &item);
  const int_ring* before = ring.get();
  for (std::size_t blocks = 0; blocks < 2; ++blocks) {
    const allocations::limit limit(blocks);
    EXPECT_THROW(int_ring::grow(ring, 0, 2), std::bad_alloc);
  }
  EXPECT_EQ(ring.get(), before);
  EXPECT_EQ(ring->capacity(), 2U);
  EXPECT_EQ(ring->get(0), &item);
}

}  // namespace ring_test
}  // namespace magpie::testing
