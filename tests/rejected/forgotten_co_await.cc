// A value is expected, and there is the task that would give it.
//
// rejected by clang: no viable conversion from 'magpie::task<int>' to 'int'
// rejected by g++: cannot convert 'magpie::task<int>' to 'int'
// rejected by clang: value of type 'magpie::task<bool>' is not contextually convertible to 'bool'
// rejected by g++: from 'magpie::task<bool>' to 'bool'
#include "magpie/runtime/task.h"

magpie::task<int> fetch();
magpie::task<bool> ready();

magpie::task<int> twice() {
#ifdef WRONG
  // [wrong]
  int n = fetch();
  if (ready()) n *= 2;
  // [wrong end]
#else
  // [right]
  int n = co_await fetch();
  const bool is_ready = co_await ready();
  if (is_ready) n *= 2;
  // [right end]
#endif
  co_return n;
}
