// A task that sleeps and gives a value, for tests of what is done with tasks.
#ifndef MAGPIE_TESTS_RUNTIME_NAPS_H_
#define MAGPIE_TESTS_RUNTIME_NAPS_H_

#include "magpie/runtime/clock.h"
#include "magpie/runtime/sleep.h"
#include "magpie/runtime/task.h"
#include "magpie/tests/runtime/leftovers.h"

namespace magpie::testing {

// Counts while it lives.
inline task<int> nap(clock::duration length, int value) {
  const counted frame;
  co_await sleep_for(length);
  co_return value;
}

}  // namespace magpie::testing

#endif  // MAGPIE_TESTS_RUNTIME_NAPS_H_
