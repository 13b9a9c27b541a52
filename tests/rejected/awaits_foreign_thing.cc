// Something that no task can await.
//
// rejected: magpie: a task cannot await this.
#include "magpie/runtime/task.h"

struct page {};
page parse();
magpie::task<page> fetch();

magpie::task<page> load() {
#ifdef WRONG
  // [wrong]
  page loaded = co_await parse();
  // [wrong end]
#else
  // [right]
  page loaded = co_await fetch();
  loaded = parse();
  // [right end]
#endif
  co_return loaded;
}
