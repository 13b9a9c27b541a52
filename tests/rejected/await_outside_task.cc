// co_await in a function that is no coroutine.
//
// rejected by clang: this function cannot be a coroutine: 'std::coroutine_traits<int>' has no
// member rejected by g++: unable to find the promise type for this coroutine
#include "magpie/runtime/run.h"
#include "magpie/runtime/task.h"

magpie::task<int> fetch();

#ifdef WRONG
// [wrong]
int show() {
  return co_await fetch();
}
// [wrong end]
#else
// [right]
magpie::task<int> show() {
  co_return co_await fetch();
}

int main() {
  return magpie::run(show());
}
// [right end]
#endif
