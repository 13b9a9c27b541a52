// How long a simulation has run.
#ifndef MAGPIE_TESTS_RUNTIME_ELAPSED_H_
#define MAGPIE_TESTS_RUNTIME_ELAPSED_H_

#include "magpie/runtime/clock.h"

namespace magpie::testing {

// By the virtual time, inside a task, if the simulation started with the clock.
inline clock::duration elapsed() {
  return clock::now().time_since_epoch();
}

}  // namespace magpie::testing

#endif  // MAGPIE_TESTS_RUNTIME_ELAPSED_H_
