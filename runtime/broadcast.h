// broadcast: every receiver sees every item that is sent after it has subscribed.
//
//   auto [sender, receiver] = magpie::make_broadcast<price>(64);
//   sender.send(price(42));
//   const auto next = co_await receiver.receive();   // Nothing when it is closed and all was seen.
//   if (next->missed() > 0) reload();                // Too slow: so many were overwritten.
//   show(**next);
#ifndef MAGPIE_RUNTIME_BROADCAST_H_
#define MAGPIE_RUNTIME_BROADCAST_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "magpie/runtime/internal/exchange_awaiter.h"
#include "magpie/runtime/internal/mutex.h"
#include "magpie/runtime/internal/shared_end.h"
#include "magpie/runtime/internal/wait_list.h"

namespace magpie {

template <class T>
class broadcast_sender;
template <class T>
class broadcast_receiver;

namespace internal {

// What one receiver gets.
struct broadcast_entry {
  std::shared_ptr<const void> value;
  std::uint64_t missed = 0;
  std::uint64_t position = 0;  // Of the one behind it.
};

class broadcast_case;

// The last items that were sent, numbered. A pointer is all that is copied or overwritten under the
// lock.
class broadcast_state final {
 public:
  explicit broadcast_state(std::size_t capacity);

  // Any thread, all of them.
  std::size_t send(std::shared_ptr<const void> value);
  std::uint64_t end() const noexcept;
  // The first that is kept at `position` or behind it; without a value if there is none.
  broadcast_entry at(std::uint64_t position) const noexcept;
  void close() noexcept;
  bool closed() const noexcept;

  struct sending {
    static std::atomic<std::size_t>& count(broadcast_state& of) noexcept { return of.senders_; }
    static void last_gone(broadcast_state& of) noexcept { of.close(); }
  };
  struct receiving {
    static std::atomic<std::size_t>& count(broadcast_state& of) noexcept { return of.receivers_; }
    static void last_gone(broadcast_state&) noexcept {}
  };

 private:
  friend class broadcast_case;
  broadcast_entry find(std::uint64_t position) const noexcept;

  mutable mutex mutex_;
  // All of this under mutex_. Who waits has seen all there is.
  wait_list waiters_;
  std::vector<std::shared_ptr<const void>> kept_;  // Number n at n modulo the size.
  std::uint64_t end_ = 0;
  bool closed_ = false;

  std::atomic<std::size_t> senders_{0};
  std::atomic<std::size_t> receivers_{0};
};

class broadcast_case : public exchange_case {
 public:
  broadcast_case(broadcast_state& from, std::uint64_t& position) noexcept
      : exchange_case(from.mutex_, from.waiters_), from_(from), position_(position) {}

  // Under the lock, after it has been claimed.
  void provide() noexcept { entry_ = from_.find(position_); }

  bool try_exchange(ready_list& ready) override;

 protected:
  ~broadcast_case() = default;
  // When it has taken effect.
  broadcast_entry entry() noexcept;

 private:
  bool may_exchange(const suspension& /*who*/) const noexcept override;

  broadcast_state& from_;
  std::uint64_t& position_;
  broadcast_entry entry_;  // Under the lock, until it is resumed.
};

template <class T>
class broadcast_receive_case;

}  // namespace internal

// An item that all receivers share; it lives as long as one of them has it.
template <class T>
class broadcast_item {
 public:
  const T& operator*() const noexcept { return *value_; }
  const T* operator->() const noexcept { return value_.get(); }
  const std::shared_ptr<const T>& pointer() const noexcept { return value_; }

  // How many items before this one the receiver has missed, since the one that it got last.
  std::uint64_t missed() const noexcept { return missed_; }

 private:
  friend class broadcast_receiver<T>;
  friend class internal::broadcast_receive_case<T>;
  static std::optional<broadcast_item> from(internal::broadcast_entry entry) {
    if (entry.value == nullptr) return std::nullopt;
    return broadcast_item(std::move(entry));
  }
  explicit broadcast_item(internal::broadcast_entry entry) noexcept
      : value_(std::static_pointer_cast<const T>(std::move(entry.value))), missed_(entry.missed) {}

  std::shared_ptr<const T> value_;
  std::uint64_t missed_;
};

namespace internal {

template <class T>
class broadcast_receive_case final : public broadcast_case {
 public:
  using broadcast_case::broadcast_case;
  std::optional<broadcast_item<T>> result() noexcept { return broadcast_item<T>::from(entry()); }
};

template <class T>
class [[nodiscard("it does nothing until it is awaited")]] broadcast_receive {
 public:
  broadcast_receive(broadcast_state& from, std::uint64_t& position) noexcept
      : from_(from), position_(position) {}
  exchange_awaiter_of<broadcast_receive_case<T>> operator co_await() const {
    return exchange_awaiter_of<broadcast_receive_case<T>>(*this);
  }
  broadcast_receive_case<T> make_case() const noexcept { return {from_, position_}; }

 private:
  broadcast_state& from_;
  std::uint64_t& position_;
};

}  // namespace internal

template <class T>
struct broadcast_ends {
  broadcast_sender<T> sender;
  broadcast_receiver<T> receiver;
};

// Any thread. Keeps the last `capacity` items until they are overwritten: a receiver that is
// further behind goes on with the oldest that is kept. Throws usage_error if capacity is 0,
// std::bad_alloc.
template <class T>
broadcast_ends<T> make_broadcast(std::size_t capacity);

// A handle: copies send into the same broadcast. Any thread may use a handle while no other changes
// it. After a move, everything but valid() throws usage_error.
template <class T>
class broadcast_sender {
 public:
  // Any thread. Never waits; allocates the place of the item. Every receiver that has subscribed
  // sees it, in the order in which items are sent. How many receivers there are. Throws
  // channel_closed after close(), std::bad_alloc. What is overwritten is destroyed outside locks.
  std::size_t send(T item) const {
    auto& state = end_.state();
    return state.send(std::make_shared<const T>(std::move(item)));
  }

  // Any thread. A receiver of what is sent from now on.
  broadcast_receiver<T> subscribe() const { return broadcast_receiver<T>(end_.pointer()); }

  // Any thread. Nothing can be sent any more. The same happens when the last sender goes.
  void close() const { end_.state().close(); }
  bool closed() const { return end_.state().closed(); }
  bool valid() const noexcept { return end_.valid(); }

 private:
  friend broadcast_ends<T> make_broadcast<T>(std::size_t capacity);
  explicit broadcast_sender(std::shared_ptr<internal::broadcast_state> state) noexcept
      : end_(std::move(state)) {}

  internal::shared_end<internal::broadcast_state, internal::broadcast_state::sending> end_;
};

// One place in the stream of items. A copy has the same place, and goes on by itself. One task at a
// time.
template <class T>
class broadcast_receiver {
 public:
  // co_await receive(): suspends until there is an item that this receiver has not seen; nothing if
  // it is closed and all was seen. Throws `cancelled`, and then it has not been seen. The receiver
  // has to stay where it is meanwhile. Allocates nothing.
  internal::broadcast_receive<T> receive() { return {end_.state(), position_}; }

  // Any thread. Without waiting; nothing if all was seen.
  std::optional<broadcast_item<T>> try_receive() {
    internal::broadcast_entry entry = end_.state().at(position_);
    if (entry.value != nullptr) position_ = entry.position;
    return broadcast_item<T>::from(std::move(entry));
  }

  // Any thread. Whether nothing can be sent any more; there may be items left.
  bool closed() const { return end_.state().closed(); }

  // False after a move; then everything else throws usage_error.
  bool valid() const noexcept { return end_.valid(); }

 private:
  friend class broadcast_sender<T>;
  friend broadcast_ends<T> make_broadcast<T>(std::size_t capacity);
  explicit broadcast_receiver(std::shared_ptr<internal::broadcast_state> state) noexcept
      : end_(std::move(state)), position_(end_.state().end()) {}

  internal::shared_end<internal::broadcast_state, internal::broadcast_state::receiving> end_;
  std::uint64_t position_;
};

template <class T>
broadcast_ends<T> make_broadcast(std::size_t capacity) {
  static_assert(std::is_object_v<T> && std::is_move_constructible_v<T>);
  auto state = std::make_shared<internal::broadcast_state>(capacity);
  return {broadcast_sender<T>(state), broadcast_receiver<T>(state)};
}

}  // namespace magpie

#endif  // MAGPIE_RUNTIME_BROADCAST_H_
