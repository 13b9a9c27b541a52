// With MAGPIE_CHECK_LIFETIMES a function that returns a task and is no coroutine has to say so.
//
// flags for clang: -DMAGPIE_CHECK_LIFETIMES
// rejected by clang: non-coroutines should be marked with [[clang::coro_wrapper]]
#include "magpie/magpie.h"

magpie::task<int> fetch(int number);

#ifdef WRONG
magpie::task<int> fetch_first() {
  return fetch(1);
}
#else
// [right]
MAGPIE_COROUTINE_WRAPPER magpie::task<int> fetch_first() {
  return fetch(1);
}
// [right end]
#endif
