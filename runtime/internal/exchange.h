// What channels and queues have in common: items that some put in and others get out, either of
// whom may have to wait.
#ifndef MAGPIE_RUNTIME_INTERNAL_EXCHANGE_H_
#define MAGPIE_RUNTIME_INTERNAL_EXCHANGE_H_

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <type_traits>
#include <utility>

#include "magpie/runtime/internal/exchange_awaiter.h"
#include "magpie/runtime/internal/fifo_items.h"
#include "magpie/runtime/internal/mutex.h"
#include "magpie/runtime/internal/wait_list.h"

namespace magpie::internal {

inline constexpr std::size_t unbounded = SIZE_MAX;

enum class put_outcome : std::uint8_t { accepted, full, closed };

// The part that does not depend on the items.
//
// While somebody waits for an item, there is none. While somebody waits for room, there is none, or
// who has made some is about to let them have it (admit()), and nobody overtakes them. (Who has
// been cancelled and has not run yet still stands in its list, and does not count.)
class exchange_base {
 public:
  explicit exchange_base(std::size_t capacity) noexcept : capacity_(capacity) {}
  exchange_base(const exchange_base&) = delete;
  exchange_base& operator=(const exchange_base&) = delete;

  std::size_t capacity() const noexcept { return capacity_; }

  // Any thread; closed() does not become false again.
  bool closed() const noexcept;

  // Any thread. Nothing can be put in any more: who waits with an item keeps it.
  void close() noexcept;

  // Any thread. How many items have been put in, ever.
  std::uint64_t accepted() const noexcept;

 protected:
  ~exchange_base() = default;

  void close_under_lock(ready_list& ready) noexcept;

  mutable mutex mutex_;
  // All of this under mutex_.
  wait_list putters_;
  wait_list getters_;
  std::uint64_t accepted_ = 0;
  bool closed_ = false;

  const std::size_t capacity_;
};

// Items: in which order they come out. Moves run under the lock of the exchange. push() may throw
// as long as nothing has changed, but not for a size that there has been before. fifo_items has
// more.
template <class Items>
concept has_front = requires(Items& items) { items.can_push(); };

template <class T, class Items>
class exchange : public exchange_base {
 public:
  class put_case;
  class get_case;

  explicit exchange(std::size_t capacity) noexcept : exchange_base(capacity) {}

  // Any thread. Moves from the item only if it is accepted. Throws std::bad_alloc.
  put_outcome try_put(T& item);

  // Any thread. Nothing if there is no item.
  std::optional<T> try_get() noexcept;

  // Any thread; out of date at once.
  std::size_t size() const noexcept;

  // Any thread. Closes, and drops what is left. How many that were.
  std::size_t close_and_drop() noexcept;

 protected:
  // Under the lock.
  put_outcome put(T& item, ready_list& ready);
  // False: there is nothing yet.
  bool get(std::optional<T>& into, ready_list& ready) noexcept;
  // Those who wait for room, as far as there is some.
  void admit(ready_list& ready) noexcept;
  // If not, who makes some calls admit().
  bool has_room() noexcept;
  // False: they would say `full` or false.
  bool may_put(const suspension& who) noexcept {
    return closed_ || getters_.has_other_than(who) || (putters_.empty() && has_room());
  }
  bool may_get(const suspension& who) const noexcept {
    return closed_ || putters_.has_other_than(who) || items_.size() > 0;
  }

  // Without the lock. False: get() may be able to.
  bool get_early(std::optional<T>& into, ready_list& ready) noexcept;

  Items items_;  // Under mutex_.
};

// Refers to the caller's item, and moves from it only when it is accepted.
template <class T, class Items>
class exchange<T, Items>::put_case : public exchange_case {
 public:
  put_case(exchange& into, T& item) noexcept
      : exchange_case(into.mutex_, into.putters_), into_(into), item_(item) {}

  // Under the lock, after it has been claimed.
  T& accept() noexcept {
    accepted_ = true;
    return item_;
  }

  // When it has taken effect. False if the exchange was closed.
  bool accepted() const noexcept { return accepted_; }

  bool try_exchange(ready_list& ready) override {
    const put_outcome how = into_.put(item_, ready);
    accepted_ = how == put_outcome::accepted;
    return how != put_outcome::full;
  }

 protected:
  ~put_case() = default;

 private:
  bool may_exchange(const suspension& who) const noexcept override { return into_.may_put(who); }

  internal::exchange<T, Items>& into_;
  T& item_;
  bool accepted_ = false;  // Under the lock, until it is resumed.
};

template <class T, class Items>
class exchange<T, Items>::get_case : public exchange_case {
 public:
  explicit get_case(exchange& from) noexcept
      : exchange_case(from.mutex_, from.getters_), from_(from) {}

  // Under the lock, after it has been claimed.
  void provide(T&& item) noexcept { item_.emplace(std::move(item)); }

  // When it has taken effect. Nothing if the exchange was closed and is empty.
  std::optional<T> item() noexcept { return std::move(item_); }

  bool try_early(ready_list& ready) override { return from_.get_early(item_, ready); }
  bool try_exchange(ready_list& ready) override { return from_.get(item_, ready); }

 protected:
  ~get_case() = default;

 private:
  bool may_exchange(const suspension& who) const noexcept override { return from_.may_get(who); }

  internal::exchange<T, Items>& from_;
  std::optional<T> item_;  // Under the lock, until it is resumed.
};

// What a put returns, until it is awaited. `Item` is T&, or T for one that was copied.
template <class Case, class Into, class Item>
class [[nodiscard("it does nothing until it is awaited")]] put_operation {
 public:
  // The item stays with the caller until it is put.
  static constexpr bool refers_to_argument = std::is_reference_v<Item>;

  template <class Given>
  put_operation(Into& into, Given&& item) : into_(into), item_(std::forward<Given>(item)) {}
  exchange_awaiter_of<Case> operator co_await() && { return exchange_awaiter_of<Case>(*this); }
  Case make_case() noexcept { return Case(into_, item_); }

 private:
  Into& into_;
  Item item_;
};

template <class Case, class From>
class [[nodiscard("it does nothing until it is awaited")]] get_operation {
 public:
  explicit get_operation(From& from) noexcept : from_(from) {}
  exchange_awaiter_of<Case> operator co_await() const { return exchange_awaiter_of<Case>(*this); }
  Case make_case() const noexcept { return Case(from_); }

 private:
  From& from_;
};

template <class T, class Items>
put_outcome exchange<T, Items>::try_put(T& item) {
  ready_list ready;
  put_outcome how{};
  {
    const std::lock_guard lock(mutex_);
    how = put(item, ready);
  }
  ready.resume_all();
  return how;
}

template <class T, class Items>
std::optional<T> exchange<T, Items>::try_get() noexcept {
  ready_list ready;
  std::optional<T> item;
  if (!get_early(item, ready)) {
    const std::lock_guard lock(mutex_);
    get(item, ready);
  }
  ready.resume_all();
  return item;
}

template <class T, class Items>
std::size_t exchange<T, Items>::size() const noexcept {
  const std::lock_guard lock(mutex_);
  return items_.size();
}

template <class T, class Items>
std::size_t exchange<T, Items>::close_and_drop() noexcept {
  Items dropped;
  ready_list ready;
  {
    const std::lock_guard lock(mutex_);
    close_under_lock(ready);
    items_.swap(dropped);
  }
  ready.resume_all();
  return dropped.size();
}

template <class T, class Items>
put_outcome exchange<T, Items>::put(T& item, ready_list& ready) {
  if (closed_) return put_outcome::closed;
  if (wait_node* node = getters_.claim_front()) {
    auto& getter = static_cast<get_case&>(*node);
    getter.provide(std::move(item));
    ready.add(getter.waiting());
  } else {
    if (!putters_.empty() || !has_room()) return put_outcome::full;
    items_.push(std::move(item));
  }
  ++accepted_;
  return put_outcome::accepted;
}

template <class T, class Items>
bool exchange<T, Items>::get(std::optional<T>& into, ready_list& ready) noexcept {
  if (items_.pop(into)) {
    admit(ready);
    return true;
  }
  if (wait_node* node = putters_.claim_front()) {  // There is no room for any.
    auto& putter = static_cast<put_case&>(*node);
    into.emplace(std::move(putter.accept()));
    ++accepted_;
    ready.add(putter.waiting());
    return true;
  }
  return closed_;
}

template <class T, class Items>
bool exchange<T, Items>::get_early(std::optional<T>& into, ready_list& ready) noexcept {
  if constexpr (has_front<Items>) {
    const popped_early what = items_.pop_early(into);
    if (what == popped_early::item_and_room_is_wanted) {
      const std::lock_guard lock(mutex_);
      admit(ready);
    }
    return what != popped_early::nothing;
  }
  return false;
}

template <class T, class Items>
void exchange<T, Items>::admit(ready_list& ready) noexcept {
  while (!putters_.empty() && has_room()) {
    if constexpr (has_front<Items>) {
      if (!items_.can_push()) return;
    }
    wait_node* const node = putters_.claim_front();
    if (node == nullptr) return;
    auto& putter = static_cast<put_case&>(*node);
    items_.push(std::move(putter.accept()));
    ++accepted_;
    ready.add(putter.waiting());
  }
}

template <class T, class Items>
bool exchange<T, Items>::has_room() noexcept {
  if constexpr (has_front<Items>) {
    return items_.has_room(capacity_);
  } else {
    return items_.size() < capacity_;
  }
}

}  // namespace magpie::internal

#endif  // MAGPIE_RUNTIME_INTERNAL_EXCHANGE_H_
