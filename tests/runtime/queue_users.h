// Tasks that put into a queue and get from it.
#ifndef MAGPIE_TESTS_RUNTIME_QUEUE_USERS_H_
#define MAGPIE_TESTS_RUNTIME_QUEUE_USERS_H_

#include <memory>
#include <vector>

#include "magpie/runtime/queue.h"
#include "magpie/runtime/task.h"

namespace magpie::testing {

using item = std::unique_ptr<int>;

template <class Queue>
task<> put_one(Queue& to, int what, std::vector<int>& log) {
  co_await to.put(what);
  log.push_back(what);
}

template <class Queue>
task<> get_one(Queue& from, std::vector<int>& log) {
  const int got = co_await from.get();
  log.push_back(got);
}

// Until the queue is shut down.
inline task<> get_all(queue<item>& from, std::vector<int>& got) {
  try {
    for (;;) {
      const item next = co_await from.get();
      got.push_back(*next);
      from.task_done();
    }
  } catch (const queue_shut_down&) {
  }
}

}  // namespace magpie::testing

#endif  // MAGPIE_TESTS_RUNTIME_QUEUE_USERS_H_
