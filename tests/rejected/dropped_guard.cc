// A lock that is unlocked at once, because nobody keeps the guard.
//
// rejected by clang: a guard that is dropped unlocks at once
#include "magpie/runtime/mutex.h"
#include "magpie/runtime/task.h"

magpie::task<> add_one(magpie::mutex& till, int& sold) {
#ifdef WRONG
  // [wrong]
  co_await till.lock();
  ++sold;
  // [wrong end]
#else
  // [right]
  const auto mine = co_await till.lock();
  ++sold;
  // [right end]
#endif
}
