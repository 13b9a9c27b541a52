// What one thread writes all the time shares no cache line with what another does.
#include <gtest/gtest.h>

#include "magpie/runtime/internal/atomics.h"
#include "magpie/runtime/internal/deque.h"
#include "magpie/runtime/internal/idle_set.h"
#include "magpie/runtime/internal/injection_queue.h"
#include "magpie/runtime/internal/platform.h"
#include "magpie/runtime/internal/promise.h"
#include "magpie/runtime/internal/ready_queue.h"
#include "magpie/runtime/internal/worker.h"

namespace magpie::testing {
namespace layout_test {

using internal::cache_line;
using internal::promise_base;

// Begins on a line of its own, and so does what comes after it.
template <class Part>
constexpr bool has_its_own_lines = alignof(Part) >= cache_line && sizeof(Part) % cache_line == 0;

// Of which thieves, wakers and those who inject write one end.
static_assert(has_its_own_lines<internal::deque<promise_base>>);
static_assert(has_its_own_lines<internal::ready_queue<promise_base>>);
static_assert(has_its_own_lines<internal::injection_queue<promise_base>>);

// Written when a worker falls asleep or wakes, and read at each push.
static_assert(has_its_own_lines<internal::idle_set<>>);

// Two workers: the allocator may put one right behind the other.
static_assert(has_its_own_lines<internal::worker>);

TEST(layout_test, lines_are_not_smaller_than_the_processors) {
  // 64 bytes on x86-64; the prefetcher fetches them in pairs.
  EXPECT_GE(cache_line, 2 * 64U);
}

}  // namespace layout_test
}  // namespace magpie::testing
