// oneshot: one value, once, from whoever has it to the task that waits for it.
//
//   auto [sender, receiver] = magpie::make_oneshot<answer>();
//   std::thread([to = std::move(sender)]() mutable { to.send(compute()); }).detach();
//   const answer got = co_await receiver;
#ifndef MAGPIE_RUNTIME_ONESHOT_H_
#define MAGPIE_RUNTIME_ONESHOT_H_

#include <atomic>
#include <concepts>
#include <cstddef>
#include <memory>
#include <optional>
#include <utility>

#include "magpie/runtime/error.h"
#include "magpie/runtime/internal/exchange.h"
#include "magpie/runtime/internal/shared_end.h"

namespace magpie {

template <class T>
class oneshot_sender;
template <class T>
class oneshot_receiver;

namespace internal {

struct select_access;

// Room for one.
template <class T>
class single_item {
 public:
  std::size_t size() const noexcept { return item_.has_value() ? 1 : 0; }
  void push(T&& item) noexcept { item_.emplace(std::move(item)); }
  bool pop(std::optional<T>& into) noexcept {
    if (!item_) return false;
    into.emplace(std::move(*item_));
    item_.reset();
    return true;
  }
  void swap(single_item& other) noexcept {
    single_item kept;
    kept.move_from(other);
    other.move_from(*this);
    move_from(kept);
  }

 private:
  void move_from(single_item& other) noexcept {
    if (other.item_) other.pop(item_);
  }

  std::optional<T> item_;
};

[[noreturn]] void throw_nothing_was_sent(bool was_received);
[[noreturn]] void refuse_second_send();

template <class T>
class oneshot_state final : public exchange<T, single_item<T>> {
 public:
  oneshot_state() noexcept : exchange<T, single_item<T>>(1) {}

  struct sending {
    static std::atomic<std::size_t>& count(oneshot_state& of) noexcept { return of.senders_; }
    static void last_gone(oneshot_state& of) noexcept { of.close(); }
  };
  struct receiving {
    static std::atomic<std::size_t>& count(oneshot_state& of) noexcept { return of.receivers_; }
    static void last_gone(oneshot_state& of) noexcept { of.close_and_drop(); }
  };

 private:
  std::atomic<std::size_t> senders_{0};
  std::atomic<std::size_t> receivers_{0};
};

template <class T>
class oneshot_case final : public oneshot_state<T>::get_case {
 public:
  explicit oneshot_case(oneshot_state<T>& from) noexcept
      : oneshot_state<T>::get_case(from), from_(from) {}
  T result() {
    std::optional<T> item = this->item();
    if (!item) throw_nothing_was_sent(from_.accepted() > 0);
    return std::move(*item);
  }

 private:
  oneshot_state<T>& from_;
};

template <class T>
using oneshot_operation = get_operation<oneshot_case<T>, oneshot_state<T>>;

}  // namespace internal

template <class T>
struct oneshot_ends {
  oneshot_sender<T> sender;
  oneshot_receiver<T> receiver;
};

// Any thread. T moves without exceptions; its moves run under a lock. Throws std::bad_alloc.
template <class T>
oneshot_ends<T> make_oneshot();

// Moves only. Any thread may use it, one at a time. Dropped without a value: the receiver gets
// channel_closed.
template <class T>
class oneshot_sender {
 public:
  oneshot_sender(oneshot_sender&&) noexcept = default;
  oneshot_sender& operator=(oneshot_sender&&) noexcept = default;

  // Any thread, once: a second time throws usage_error. Does not wait or allocate. False if the
  // receiver is gone; then the value has not been moved from.
  bool send(T&& value) {
    // Whoever receives it may let the sender go at once.
    const std::shared_ptr<internal::oneshot_state<T>> kept = end_.pointer();
    const auto how = kept->try_put(value);
    if (how == internal::put_outcome::accepted) {
      kept->close();
      return true;
    }
    if (kept->accepted() > 0) internal::refuse_second_send();
    return false;
  }
  bool send(const T& value)
    requires std::copy_constructible<T>
  {
    return send(T(value));
  }

  // Any thread. Whether nothing can be sent (any more): the receiver is gone, or has its value.
  bool closed() const { return end_.state().closed(); }

  // False after a move; then everything else throws usage_error.
  bool valid() const noexcept { return end_.valid(); }

 private:
  friend oneshot_ends<T> make_oneshot<T>();
  explicit oneshot_sender(std::shared_ptr<internal::oneshot_state<T>> state) noexcept
      : end_(std::move(state)) {}

  internal::shared_end<internal::oneshot_state<T>, typename internal::oneshot_state<T>::sending>
      end_;
};

// Moves only. Any thread may use it, one at a time.
template <class T>
class oneshot_receiver {
 public:
  oneshot_receiver(oneshot_receiver&&) noexcept = default;
  oneshot_receiver& operator=(oneshot_receiver&&) noexcept = default;

  // co_await receiver: suspends until there is a value, and gives it, once: later it throws
  // usage_error. Throws channel_closed when the sender has gone without, and `cancelled`; then the
  // value is not lost, and may be awaited again. The receiver has to stay meanwhile.
  internal::exchange_awaiter_of<internal::oneshot_case<T>> operator co_await() const {
    return operation().operator co_await();
  }

  // Any thread. Without waiting; nothing if there is none (yet, or any more).
  std::optional<T> try_receive() const { return end_.state().try_get(); }

  // Any thread. Whether nothing can be sent any more: it has been, or the sender is gone.
  bool closed() const { return end_.state().closed(); }

  // False after a move; then everything else throws usage_error.
  bool valid() const noexcept { return end_.valid(); }

 private:
  friend oneshot_ends<T> make_oneshot<T>();
  friend struct internal::select_access;
  explicit oneshot_receiver(std::shared_ptr<internal::oneshot_state<T>> state) noexcept
      : end_(std::move(state)) {}
  internal::oneshot_operation<T> operation() const {
    return internal::oneshot_operation<T>(end_.state());
  }

  internal::shared_end<internal::oneshot_state<T>, typename internal::oneshot_state<T>::receiving>
      end_;
};

template <class T>
oneshot_ends<T> make_oneshot() {
  auto state = std::make_shared<internal::oneshot_state<T>>();
  return {oneshot_sender<T>(state), oneshot_receiver<T>(state)};
}

}  // namespace magpie

#endif  // MAGPIE_RUNTIME_ONESHOT_H_
