// channel: a pipe for items. Any number of tasks send, any number receive, each item arrives once.
//
//   auto [sender, receiver] = magpie::make_channel<std::string>(100);
//   co_await sender.send("hello");                    // Waits while 100 are on their way.
//   const auto text = co_await receiver.receive();    // std::optional: nothing when it is closed.
//
// It is closed when the last sender is gone, or by close(). Receivers then get what is left, and
// after that nothing.
#ifndef MAGPIE_RUNTIME_CHANNEL_H_
#define MAGPIE_RUNTIME_CHANNEL_H_

#include <atomic>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "magpie/runtime/error.h"
#include "magpie/runtime/internal/exchange.h"
#include "magpie/runtime/internal/fifo_items.h"
#include "magpie/runtime/internal/shared_end.h"

namespace magpie {

enum class send_status : std::uint8_t {
  sent,
  full,    // Somebody has to receive first.
  closed,  // Nobody will ever receive it.
};

template <class T>
class channel_sender;
template <class T>
class unbounded_sender;
template <class T>
class channel_receiver;

namespace internal {

send_status status_of(put_outcome how) noexcept;
[[noreturn]] void throw_channel_closed();

template <class T>
class channel_state final : public exchange<T, fifo_items<T>> {
 public:
  using exchange<T, fifo_items<T>>::exchange;

  struct sending {
    static std::atomic<std::size_t>& count(channel_state& of) noexcept { return of.senders_; }
    static void last_gone(channel_state& of) noexcept { of.close(); }
  };
  struct receiving {
    static std::atomic<std::size_t>& count(channel_state& of) noexcept { return of.receivers_; }
    static void last_gone(channel_state& of) noexcept { of.close_and_drop(); }
  };

 private:
  std::atomic<std::size_t> senders_{0};
  std::atomic<std::size_t> receivers_{0};
};

template <class T>
class send_case final : public channel_state<T>::put_case {
 public:
  using channel_state<T>::put_case::put_case;
  void result() const {
    if (!this->accepted()) throw_channel_closed();
  }
};

template <class T>
class receive_case final : public channel_state<T>::get_case {
 public:
  using channel_state<T>::get_case::get_case;
  std::optional<T> result() noexcept { return this->item(); }
};

template <class T, class Item>
using send_operation = put_operation<send_case<T>, channel_state<T>, Item>;
template <class T>
using receive_operation = get_operation<receive_case<T>, channel_state<T>>;

// What both kinds of senders can do.
template <class T>
class sender_base {
 public:
  // Any thread. Does not wait. Moves from the item only if it is sent. Throws std::bad_alloc, and
  // then the item is not sent.
  send_status try_send(T&& item) const { return status_of(end_.state().try_put(item)); }
  send_status try_send(const T& item) const
    requires std::copy_constructible<T>
  {
    T copy(item);
    return try_send(std::move(copy));
  }

  // Any thread. Nothing can be sent any more; whoever waits in send() gets channel_closed. What has
  // been sent is received.
  void close() const { end_.state().close(); }

  // Any thread. Closed by either side, or the last receiver is gone.
  bool closed() const { return end_.state().closed(); }

  // Any thread; out of date at once. What has been sent and not received.
  std::size_t size() const { return end_.state().size(); }

  // False after a move; then everything else throws usage_error.
  bool valid() const noexcept { return end_.valid(); }

 protected:
  explicit sender_base(std::shared_ptr<channel_state<T>> state) noexcept : end_(std::move(state)) {}

  shared_end<channel_state<T>, typename channel_state<T>::sending> end_;
};

}  // namespace internal

// What the two functions below give.
template <class T>
struct channel_ends {
  channel_sender<T> sender;
  channel_receiver<T> receiver;
};
template <class T>
struct unbounded_channel_ends {
  unbounded_sender<T> sender;
  channel_receiver<T> receiver;
};

// Any thread. At most `capacity` items are on their way. With 0, each send waits until somebody
// receives: a rendezvous. T moves without exceptions; its moves (and destructors of what has been
// moved from) run under a lock and must not use the channel, and no other destructor does. Throws
// std::bad_alloc. The buffer grows when it has to and keeps its memory.
template <class T>
channel_ends<T> make_channel(std::size_t capacity);

// The same, but sending never waits, so that any thread can do it, and nothing slows down whoever
// sends faster than others receive.
template <class T>
unbounded_channel_ends<T> make_unbounded_channel();

// A handle: copies send into the same channel. Any thread may use a handle while no other changes
// it. All senders must be gone, or one of them close(), for receivers to come to an end.
template <class T>
class channel_sender : public internal::sender_base<T> {
 public:
  // co_await send(item): suspends until there is room, first come, first served. Throws
  // channel_closed when nobody can receive it any more, `cancelled` when the task is cancelled
  // while it waits, std::bad_alloc. The item is moved from only if it is sent: whoever catches the
  // exception still has it. So it has to stay where it is until then, and so does some sender.
  // Waiting allocates nothing.
  internal::send_operation<T, T&> send(T&& item) const { return {this->end_.state(), item}; }
  // Sends a copy, which is made at once.
  internal::send_operation<T, T> send(const T& item) const
    requires std::copy_constructible<T>
  {
    return {this->end_.state(), item};
  }

 private:
  friend channel_ends<T> make_channel<T>(std::size_t capacity);
  using internal::sender_base<T>::sender_base;
};

// The sender of a channel without bounds; try_send() never says `full`.
template <class T>
class unbounded_sender : public internal::sender_base<T> {
 public:
  // Any thread. Does not wait. Throws channel_closed, std::bad_alloc; then the item has not been
  // moved from.
  void send(T&& item) const {
    if (this->try_send(std::move(item)) == send_status::closed) internal::throw_channel_closed();
  }
  void send(const T& item) const
    requires std::copy_constructible<T>
  {
    send(T(item));
  }

 private:
  friend unbounded_channel_ends<T> make_unbounded_channel<T>();
  using internal::sender_base<T>::sender_base;
};

// A handle: copies receive from the same channel, each item once. When the last one goes, the
// channel is closed, and what is left in it is destroyed. Threads as for senders.
template <class T>
class channel_receiver {
 public:
  // co_await receive(): suspends until there is an item, first come, first served; nothing if the
  // channel is closed and empty. Throws `cancelled`, and then no item is lost: it goes to the next.
  // Some receiver has to stay meanwhile. Allocates nothing.
  internal::receive_operation<T> receive() const {
    return internal::receive_operation<T>(end_.state());
  }

  // Any thread. Without waiting; nothing if there is none.
  std::optional<T> try_receive() const { return end_.state().try_get(); }

  // Any thread. As the sender's: refuses new items, and keeps those that have been sent.
  void close() const { end_.state().close(); }

  // Any thread. Whether nothing can be sent any more; there may be items left.
  bool closed() const { return end_.state().closed(); }

  // Any thread; out of date at once.
  std::size_t size() const { return end_.state().size(); }
  bool empty() const { return size() == 0; }

  // False after a move; then everything else throws usage_error.
  bool valid() const noexcept { return end_.valid(); }

 private:
  friend channel_ends<T> make_channel<T>(std::size_t capacity);
  friend unbounded_channel_ends<T> make_unbounded_channel<T>();
  explicit channel_receiver(std::shared_ptr<internal::channel_state<T>> state) noexcept
      : end_(std::move(state)) {}

  internal::shared_end<internal::channel_state<T>, typename internal::channel_state<T>::receiving>
      end_;
};

template <class T>
channel_ends<T> make_channel(std::size_t capacity) {
  auto state = std::make_shared<internal::channel_state<T>>(capacity);
  return {channel_sender<T>(state), channel_receiver<T>(state)};
}

template <class T>
unbounded_channel_ends<T> make_unbounded_channel() {
  auto state = std::make_shared<internal::channel_state<T>>(internal::unbounded);
  return {unbounded_sender<T>(state), channel_receiver<T>(state)};
}

}  // namespace magpie

#endif  // MAGPIE_RUNTIME_CHANNEL_H_
