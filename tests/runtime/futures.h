// What the tests of futures have in common: who sets one, and who reads it.
#ifndef MAGPIE_TESTS_RUNTIME_FUTURES_H_
#define MAGPIE_TESTS_RUNTIME_FUTURES_H_

#include "magpie/runtime/future.h"
#include "magpie/runtime/sleep.h"
#include "magpie/runtime/task.h"
#include "magpie/tests/runtime/leftovers.h"

namespace magpie::testing {

inline task<int> value_of(future<int> from) {
  const counted frame;
  const int& value = co_await from;
  co_return value;
}

// Has a reference to the promise only while it runs.
inline task<> set_later(const promise<int>& to, int value, int turns) {
  for (int i = 0; i < turns; ++i)
    co_await yield();
  to.set_value(value);
}

}  // namespace magpie::testing

#endif  // MAGPIE_TESTS_RUNTIME_FUTURES_H_
