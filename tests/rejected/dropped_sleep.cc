// An operation that nobody awaits.
//
// rejected: sleeping does nothing until it is awaited
// rejected: gather does nothing until it is awaited
#include <chrono>

#include "magpie/runtime/gather.h"
#include "magpie/runtime/sleep.h"

using namespace std::chrono_literals;

magpie::task<> wash();
magpie::task<> dry();

magpie::task<> clean_up() {
#ifdef WRONG
  // [wrong]
  magpie::sleep_for(1s);
  magpie::gather(wash(), dry());
  // [wrong end]
  co_return;
#else
  // [right]
  co_await magpie::sleep_for(1s);
  co_await magpie::gather(wash(), dry());
  // [right end]
#endif
}
