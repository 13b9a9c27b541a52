// Things of magpie, awaited in a way that cannot be.
//
// rejected: magpie: this is a function and not what it returns; call it: co_await f()
// rejected: magpie: a task is awaited once, and is empty afterwards; write co_await std::move(t)
// rejected: magpie: a task is awaited once, and is empty afterwards, so it cannot be const
// rejected: magpie: this is awaited only once; write co_await std::move(x)
// rejected: magpie: several tasks are awaited together by co_await magpie::gather(std::move(tasks))
// rejected: magpie: this is a lock and not the wait for it
// rejected: magpie: this is not the wait itself; write co_await x.wait()
// rejected: magpie: a task cannot await this. What is no task
#include <utility>
#include <vector>

#include "magpie/runtime/event.h"
#include "magpie/runtime/gather.h"
#include "magpie/runtime/mutex.h"
#include "magpie/runtime/spawn.h"
#include "magpie/runtime/task.h"

magpie::task<int> fetch();

magpie::task<> waits(magpie::mutex& lock, magpie::event& opened, magpie::join_handle<int> handle) {
  auto lambda = []() -> magpie::task<> { co_return; };
  auto task = fetch();
  auto other = fetch();
  auto both = magpie::gather(fetch(), fetch());
  std::vector<magpie::task<int>> tasks;
  const int number = 1;
#ifdef WRONG
  const auto constant = fetch();
  co_await fetch;
  co_await lambda;
  co_await task;
  co_await std::move(constant);
  co_await both;
  co_await tasks;
  co_await lock;
  co_await opened;
  co_await handle.get();
  co_await number;
#else
  co_await fetch();
  co_await lambda();
  co_await std::move(task);
  co_await std::move(other);
  co_await std::move(both);
  co_await magpie::gather(std::move(tasks));
  const auto held = co_await lock.lock();
  co_await opened.wait();
  const int got = co_await handle;
  static_cast<void>(got + number);
#endif
}
