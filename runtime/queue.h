// queue, lifo_queue, priority_queue: items from tasks to tasks, with a count of those that are
// still being worked on. The semantics are those of asyncio.Queue.
//
//   magpie::queue<std::string> urls(100);
//   co_await urls.put("https://example.org");      // Waits while there are 100.
//   const std::string url = co_await urls.get();   // In a worker: waits while there is none.
//   urls.task_done();
//   co_await urls.join();                          // Until every url that was put is done.
//   urls.shutdown();                               // Workers end with queue_shut_down.
#ifndef MAGPIE_RUNTIME_QUEUE_H_
#define MAGPIE_RUNTIME_QUEUE_H_

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <vector>

#include "magpie/runtime/internal/exchange.h"
#include "magpie/runtime/internal/fifo_items.h"
#include "magpie/runtime/internal/item_ring.h"
#include "magpie/runtime/internal/queued_awaiter.h"

namespace magpie {

// Thrown by whatever the queue does not do any more after shutdown().
class queue_shut_down : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

namespace internal {

[[noreturn]] void throw_queue_shut_down();
[[noreturn]] void refuse_task_done();

// Newest first.
template <class T>
class lifo_items {
 public:
  std::size_t size() const noexcept { return items_.size(); }
  void push(T&& item) { items_.push_back(std::move(item)); }
  bool pop(std::optional<T>& into) noexcept {
    if (size() == 0) return false;
    items_.pop_back(into);
    return true;
  }
  void swap(lifo_items& other) noexcept { items_.swap(other.items_); }

 private:
  item_ring<T> items_;
};

// Smallest first; oldest first among equals.
template <class T, class Compare>
class priority_items {
 public:
  static_assert(std::is_nothrow_move_constructible_v<T> && std::is_nothrow_move_assignable_v<T>,
                "magpie: the items of a priority_queue are moved about under a lock, so their move "
                "constructor and assignment have to be noexcept; use a std::unique_ptr instead");

  std::size_t size() const noexcept { return heap_.size(); }
  void push(T&& item) {
    // Before the item is moved from.
    if (heap_.size() == heap_.capacity()) heap_.reserve(std::max<std::size_t>(4, 2 * size()));
    heap_.push_back(entry(std::move(item), pushed_++));
    std::push_heap(heap_.begin(), heap_.end(), behind);
  }
  bool pop(std::optional<T>& into) noexcept {
    if (size() == 0) return false;
    std::pop_heap(heap_.begin(), heap_.end(), behind);
    into.emplace(std::move(heap_.back().item));
    heap_.pop_back();
    return true;
  }
  void swap(priority_items& other) noexcept { heap_.swap(other.heap_); }

 private:
  struct entry {
    entry(T&& what, std::uint64_t when) noexcept : item(std::move(what)), age(when) {}
    T item;
    std::uint64_t age;
  };
  static bool behind(const entry& a, const entry& b) noexcept {
    if (Compare()(b.item, a.item)) return true;
    return !Compare()(a.item, b.item) && b.age < a.age;
  }

  std::vector<entry> heap_;
  std::uint64_t pushed_ = 0;
};

// What join() returns when it is awaited. What it refers to is under the lock of the queue.
class join_queue_awaiter final : public queued_awaiter {
 public:
  join_queue_awaiter(mutex& lock, wait_list& joiners, const std::uint64_t& put,
                     const std::uint64_t& done) noexcept
      : queued_awaiter(lock, joiners), put_(put), done_(done) {}
  void await_resume() { finish_or_throw(); }

 private:
  bool available() noexcept override { return put_ == done_; }
  void take() noexcept override {}

  const std::uint64_t& put_;
  const std::uint64_t& done_;
};

template <class T, class Items>
class queue_state final : public exchange<T, Items> {
 public:
  using exchange<T, Items>::exchange;

  void task_done();
  void shutdown(bool immediately) noexcept;
  join_queue_awaiter join() noexcept { return {this->mutex_, joiners_, this->accepted_, done_}; }

 private:
  void let_joiners_go(ready_list& ready) noexcept;

  wait_list joiners_;       // Under the lock.
  std::uint64_t done_ = 0;  // Under the lock.
};

template <class T, class Items>
class queue_put_case final : public queue_state<T, Items>::put_case {
 public:
  using queue_state<T, Items>::put_case::put_case;
  void result() const {
    if (!this->accepted()) throw_queue_shut_down();
  }
};

template <class T, class Items>
class queue_get_case final : public queue_state<T, Items>::get_case {
 public:
  using queue_state<T, Items>::get_case::get_case;
  T result() {
    std::optional<T> item = this->item();
    if (!item) throw_queue_shut_down();
    return std::move(*item);
  }
};

template <class State>
class [[nodiscard("it does nothing until it is awaited")]] join_queue {
 public:
  explicit join_queue(State& joined) noexcept : joined_(joined) {}
  join_queue_awaiter operator co_await() const noexcept { return joined_.join(); }

 private:
  State& joined_;
};

}  // namespace internal

// Any thread may call everything; put(), get() and join() are awaited by tasks. Must outlive
// whoever waits. T moves without exceptions; its moves run under a lock and must not use the queue.
// Items that the queue drops are destroyed outside the lock, and may use it.
//
// An item goes to who has waited longest as soon as it is put: later, better items do not replace
// it, as they can in asyncio before the waiting task runs.
template <class T, class Items>
class basic_queue {
  using state = internal::queue_state<T, Items>;
  template <class Item>
  using put_operation = internal::put_operation<internal::queue_put_case<T, Items>, state, Item>;
  using get_operation = internal::get_operation<internal::queue_get_case<T, Items>, state>;

 public:
  // At most `most` items at once; 0: any number.
  explicit basic_queue(std::size_t most = 0) noexcept
      : state_(most == 0 ? internal::unbounded : most) {}
  basic_queue(const basic_queue&) = delete;
  basic_queue& operator=(const basic_queue&) = delete;
  ~basic_queue() { state_.shutdown(true); }

  // co_await put(item): suspends until there is room, first come, first served. Throws
  // queue_shut_down, `cancelled`, std::bad_alloc. The item is moved from only if it is put: whoever
  // catches the exception still has it. So it has to stay where it is until then. Waiting allocates
  // nothing.
  put_operation<T&> put(T&& item) { return {state_, item}; }
  // Puts a copy, which is made at once.
  put_operation<T> put(const T& item)
    requires std::copy_constructible<T>
  {
    return {state_, item};
  }

  // Without waiting (put_nowait): false if the queue is full. Throws queue_shut_down,
  // std::bad_alloc. The item is moved from only if it is put.
  bool try_put(T&& item) {
    const internal::put_outcome how = state_.try_put(item);
    if (how == internal::put_outcome::closed) internal::throw_queue_shut_down();
    return how == internal::put_outcome::accepted;
  }
  bool try_put(const T& item)
    requires std::copy_constructible<T>
  {
    return try_put(T(item));
  }

  // co_await get(): suspends until there is an item, first come, first served. Throws `cancelled`,
  // and then no item is lost; queue_shut_down if there will be none. Allocates nothing.
  get_operation get() { return get_operation(state_); }

  // Without waiting (get_nowait): nothing if there is none. Throws queue_shut_down if there will be
  // none.
  std::optional<T> try_get() {
    const bool last = state_.closed();
    std::optional<T> item = state_.try_get();
    if (!item && last) internal::throw_queue_shut_down();
    return item;
  }

  // Out of date at once.
  std::size_t size() const noexcept { return state_.size(); }
  bool empty() const noexcept { return size() == 0; }
  bool full() const noexcept { return size() >= state_.capacity(); }

  // 0 if there is no bound.
  std::size_t max_size() const noexcept {
    return state_.capacity() == internal::unbounded ? 0 : state_.capacity();
  }

  // One of the items that were put has been dealt with. Throws usage_error if all have been.
  void task_done() { state_.task_done(); }

  // co_await join(): suspends until every item that was put has been dealt with. Throws
  // `cancelled`. Allocates nothing.
  internal::join_queue<state> join() { return internal::join_queue<state>(state_); }

  // From now on put() throws queue_shut_down, also for those who wait in it; and so does get() when
  // the queue is empty. Immediately: drops what is left, as if it were done. May be called again.
  void shutdown(bool immediately = false) noexcept { state_.shutdown(immediately); }

 private:
  state state_;
};

// First in, first out.
template <class T>
using queue = basic_queue<T, internal::fifo_items<T>>;

// Last in, first out.
template <class T>
using lifo_queue = basic_queue<T, internal::lifo_items<T>>;

// Smallest first, as in asyncio and in std::sort (and unlike std::priority_queue, where std::less
// gives the largest); first in, first out among equals. With std::greater<T>: largest first.
// Compare has no state, runs under a lock, must not use the queue, and must not throw: that would
// end the program.
template <class T, class Compare = std::less<T>>
using priority_queue = basic_queue<T, internal::priority_items<T, Compare>>;

namespace internal {

template <class T, class Items>
void queue_state<T, Items>::task_done() {
  ready_list ready;
  {
    const std::lock_guard lock(this->mutex_);
    if (done_ == this->accepted_) refuse_task_done();
    ++done_;
    let_joiners_go(ready);
  }
  ready.resume_all();
}

template <class T, class Items>
void queue_state<T, Items>::shutdown(bool immediately) noexcept {
  Items dropped;
  ready_list ready;
  {
    const std::lock_guard lock(this->mutex_);
    this->close_under_lock(ready);
    if (immediately) {
      this->items_.swap(dropped);
      // task_done() may have been called for them already, before they were got.
      done_ = std::min<std::uint64_t>(this->accepted_, done_ + dropped.size());
      let_joiners_go(ready);
    }
  }
  ready.resume_all();
}

template <class T, class Items>
void queue_state<T, Items>::let_joiners_go(ready_list& ready) noexcept {
  if (done_ != this->accepted_) return;
  while (wait_node* node = joiners_.claim_front())
    ready.add(node->waiting());
}

}  // namespace internal

}  // namespace magpie

#endif  // MAGPIE_RUNTIME_QUEUE_H_
