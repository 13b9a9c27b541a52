// A task that nobody awaits.
//
// rejected: a task runs only when it is awaited, spawned or run
#include "magpie/runtime/task.h"

magpie::task<> save();

magpie::task<> edit() {
#ifdef WRONG
  // [wrong]
  save();
  // [wrong end]
  co_return;
#else
  // [right]
  co_await save();
  // [right end]
#endif
}
