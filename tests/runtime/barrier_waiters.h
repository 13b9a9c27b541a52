// Tasks that wait at a barrier, and note how that has ended.
#ifndef MAGPIE_TESTS_RUNTIME_BARRIER_WAITERS_H_
#define MAGPIE_TESTS_RUNTIME_BARRIER_WAITERS_H_

#include <chrono>
#include <vector>

#include "magpie/runtime/barrier.h"
#include "magpie/runtime/error.h"
#include "magpie/runtime/sleep.h"
#include "magpie/runtime/spawn.h"
#include "magpie/runtime/task.h"

namespace magpie::testing {

// How each wait has ended, in order of their ends: a place, or one of these.
inline constexpr int was_broken = -1;
inline constexpr int was_cancelled = -2;

inline task<> wait_and_note(barrier& at, std::vector<int>& ends) {
  try {
    ends.push_back(static_cast<int>(co_await at.wait()));
  } catch (const broken_barrier&) {
    ends.push_back(was_broken);
  } catch (const cancelled&) {
    ends.push_back(was_cancelled);
    throw;
  }
}

// One per second.
inline task<> spawn_waiters(barrier& at, int count, std::vector<int>& ends,
                            std::vector<join_handle<>>& into) {
  for (int i = 0; i < count; ++i) {
    into.push_back(spawn(wait_and_note(at, ends)));
    co_await sleep_for(std::chrono::seconds(1));
  }
}

}  // namespace magpie::testing

#endif  // MAGPIE_TESTS_RUNTIME_BARRIER_WAITERS_H_
