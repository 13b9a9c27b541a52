// The queue through which other threads hand ready tasks to a worker, or to whichever worker comes
// first: many producers, and consumers that take everything at once.
//
// A stack after R. K. Treiber ("Coping with Parallelism", 1986). Because it is only ever emptied as
// a whole, it has no ABA problem and any thread may empty it: a worker that is stuck does not keep
// what was injected for it. The items are links in an intrusive list: injecting does not allocate.
#ifndef MAGPIE_RUNTIME_INTERNAL_INJECTION_QUEUE_H_
#define MAGPIE_RUNTIME_INTERNAL_INJECTION_QUEUE_H_

#include "magpie/runtime/internal/atomics.h"
#include "magpie/runtime/internal/platform.h"

namespace magpie::internal {

// Node offers `Node* next() const` and `void set_next(Node*)`.
template <class Node, class Atomics = std_atomics>
class injection_queue {
 public:
  injection_queue() = default;
  injection_queue(const injection_queue&) = delete;
  injection_queue& operator=(const injection_queue&) = delete;

  // Any thread.
  void push(Node* node) { push_reversed(node, node); }

  // Any thread. A list linked from the newest node to the oldest.
  void push_reversed(Node* newest, Node* oldest) {
    Node* head = head_.load(std::memory_order_relaxed);
    do {
      oldest->set_next(head);
      // Release: pairs with the exchange in take_all().
    } while (!head_.compare_exchange_weak(head, newest, std::memory_order_release,
                                          std::memory_order_relaxed));
  }

  // Any thread. Everything that was queued, oldest first, linked through next(); nullptr if
  // nothing.
  Node* take_all() {
    if (empty()) return nullptr;
    Node* newest = head_.exchange(nullptr, std::memory_order_acquire);
    Node* oldest_first = nullptr;
    while (newest != nullptr) {
      Node* next = newest->next();
      newest->set_next(oldest_first);
      oldest_first = newest;
      newest = next;
    }
    return oldest_first;
  }

  // Any thread; may be out of date at once.
  bool empty() const { return head_.load(std::memory_order_relaxed) == nullptr; }

 private:
  alignas(cache_line) typename Atomics::template atomic<Node*> head_{nullptr};
};

}  // namespace magpie::internal

#endif  // MAGPIE_RUNTIME_INTERNAL_INJECTION_QUEUE_H_
