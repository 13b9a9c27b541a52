// How a task ends that has been cancelled.
#ifndef MAGPIE_TESTS_RUNTIME_ENDS_CANCELLED_H_
#define MAGPIE_TESTS_RUNTIME_ENDS_CANCELLED_H_

#include "magpie/runtime/error.h"
#include "magpie/runtime/spawn.h"
#include "magpie/runtime/task.h"

namespace magpie::testing {

// Waits for the end of the task: whether it has ended with `cancelled`.
template <class T>
task<bool> ends_cancelled(join_handle<T>& handle) {
  try {
    co_await handle;
  } catch (const cancelled&) {
    co_return true;
  }
  co_return false;
}

}  // namespace magpie::testing

#endif  // MAGPIE_TESTS_RUNTIME_ENDS_CANCELLED_H_
