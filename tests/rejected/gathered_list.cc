// A gathered list that has a name.
//
// rejected: this is awaited only once; write co_await std::move(x)
#include <utility>
#include <vector>

#include "magpie/runtime/gather.h"

magpie::task<> waits(std::vector<magpie::task<int>> tasks) {
  auto all = magpie::gather(std::move(tasks));
#ifdef WRONG
  co_await all;
#else
  co_await std::move(all);
#endif
}
