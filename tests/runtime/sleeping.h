// A task that sleeps, for tests that cancel it.
#ifndef MAGPIE_TESTS_RUNTIME_SLEEPING_H_
#define MAGPIE_TESTS_RUNTIME_SLEEPING_H_

#include <chrono>

#include "magpie/runtime/error.h"
#include "magpie/runtime/sleep.h"
#include "magpie/runtime/task.h"
#include "magpie/tests/runtime/leftovers.h"

namespace magpie::testing {

// Sleeps for `length`, or notes that it was cancelled.
template <class Rep, class Period>
task<> sleep_unless_cancelled(bool& was_cancelled, std::chrono::duration<Rep, Period> length) {
  const counted frame;
  try {
    co_await sleep_for(length);
  } catch (const cancelled&) {
    was_cancelled = true;
    throw;
  }
}

}  // namespace magpie::testing

#endif  // MAGPIE_TESTS_RUNTIME_SLEEPING_H_
