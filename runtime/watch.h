// watch: the latest value of something, and who wants to know when it changes.
//
//   auto [sender, receiver] = magpie::make_watch(load_configuration());
//   sender.send(load_configuration());
//   const bool changed = co_await receiver.changed();   // False when the last sender has gone.
//   if (changed) apply(receiver.get());
#ifndef MAGPIE_RUNTIME_WATCH_H_
#define MAGPIE_RUNTIME_WATCH_H_

#include <atomic>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "magpie/runtime/internal/exchange_awaiter.h"
#include "magpie/runtime/internal/mutex.h"
#include "magpie/runtime/internal/shared_end.h"
#include "magpie/runtime/internal/wait_list.h"

namespace magpie {

template <class T>
class watch_sender;
template <class T>
class watch_receiver;

namespace internal {

class watch_case;

// The value, and how often it has changed. A pointer is all that is copied under the lock.
class watch_state final {
 public:
  struct seen {
    std::shared_ptr<const void> value;
    std::uint64_t version = 0;
  };

  explicit watch_state(std::shared_ptr<const void> value) noexcept : value_(std::move(value)) {}

  // Any thread, all of them.
  void send(std::shared_ptr<const void> value);
  seen latest() const noexcept;
  std::uint64_t version() const noexcept;
  void close() noexcept;
  bool closed() const noexcept;
  std::size_t receivers() const noexcept { return receivers_; }

  struct sending {
    static std::atomic<std::size_t>& count(watch_state& of) noexcept { return of.senders_; }
    static void last_gone(watch_state& of) noexcept { of.close(); }
  };
  struct receiving {
    static std::atomic<std::size_t>& count(watch_state& of) noexcept { return of.receivers_; }
    static void last_gone(watch_state&) noexcept {}
  };

 private:
  friend class watch_case;
  void let_all_go(ready_list& ready) noexcept;

  mutable mutex mutex_;
  // All of this under mutex_. Who waits has seen this version.
  wait_list waiters_;
  std::shared_ptr<const void> value_;
  std::uint64_t version_ = 0;
  bool closed_ = false;

  std::atomic<std::size_t> senders_{0};
  std::atomic<std::size_t> receivers_{0};
};

class watch_case final : public exchange_case {
 public:
  watch_case(watch_state& from, std::uint64_t& version) noexcept
      : exchange_case(from.mutex_, from.waiters_), from_(from), seen_(version) {}
  bool result() noexcept;
  bool try_exchange(ready_list& ready) override;

 private:
  friend class watch_state;
  bool may_exchange(const suspension& /*who*/) const noexcept override { return has_news(); }
  // Under the lock.
  bool has_news() const noexcept;

  watch_state& from_;
  std::uint64_t& seen_;
  std::uint64_t version_ = 0;  // Under the lock, until it is resumed.
};

class [[nodiscard("it does nothing until it is awaited")]] watch_changed {
 public:
  watch_changed(watch_state& from, std::uint64_t& version) noexcept
      : from_(from), version_(version) {}
  exchange_awaiter_of<watch_case> operator co_await() const {
    return exchange_awaiter_of<watch_case>(*this);
  }
  watch_case make_case() const noexcept { return {from_, version_}; }

 private:
  watch_state& from_;
  std::uint64_t& version_;
};

}  // namespace internal

template <class T>
struct watch_ends {
  watch_sender<T> sender;
  watch_receiver<T> receiver;
};

// Any thread. Begins with `initial`, which the receiver has seen. Throws std::bad_alloc.
template <class T>
watch_ends<T> make_watch(T initial);

// A handle: copies send to the same receivers. Any thread may use a handle while no other changes
// it. After a move, everything but valid() throws usage_error.
template <class T>
class watch_sender {
 public:
  // Any thread. Never waits; allocates the place of the value. Wakes all who wait. Throws
  // channel_closed after close(), std::bad_alloc. The value before is destroyed outside locks, when
  // nobody shares it any more.
  void send(T value) const {
    auto& state = end_.state();
    state.send(std::make_shared<const T>(std::move(value)));
  }

  // Any thread. A receiver that has seen the value that there is.
  watch_receiver<T> subscribe() const { return watch_receiver<T>(end_.pointer()); }

  // Any thread; out of date at once.
  std::size_t receivers() const { return end_.state().receivers(); }

  // Any thread. Nothing can be sent any more. The same happens when the last sender goes.
  void close() const { end_.state().close(); }
  bool closed() const { return end_.state().closed(); }
  bool valid() const noexcept { return end_.valid(); }

 private:
  friend watch_ends<T> make_watch<T>(T initial);
  explicit watch_sender(std::shared_ptr<internal::watch_state> state) noexcept
      : end_(std::move(state)) {}

  internal::shared_end<internal::watch_state, internal::watch_state::sending> end_;
};

// A copy has seen what this one has, and goes on by itself. One task at a time.
template <class T>
class watch_receiver {
 public:
  // co_await changed(): suspends until there is a value that this receiver has not seen, and counts
  // it as seen. Several changes are one: only the latest value is kept. False if it is closed and
  // the last value was seen. Throws `cancelled`, and then nothing has been seen. The receiver has
  // to stay where it is meanwhile. Allocates nothing.
  internal::watch_changed changed() { return {end_.state(), seen_}; }

  // Any thread. The latest value, which counts as seen. Does not wait. Throws what copying throws.
  T get()
    requires std::copy_constructible<T>
  {
    return *share();
  }

  // The same without a copy. The value stays as long as it is shared, also when a newer one comes.
  std::shared_ptr<const T> share() {
    internal::watch_state::seen latest = end_.state().latest();
    seen_ = latest.version;
    return std::static_pointer_cast<const T>(std::move(latest.value));
  }

  // Any thread. Without waiting: whether there is a value that has not been seen.
  bool has_changed() const { return end_.state().version() != seen_; }

  // Any thread. Whether nothing can be sent any more; the latest value stays.
  bool closed() const { return end_.state().closed(); }

  // False after a move; then everything else throws usage_error.
  bool valid() const noexcept { return end_.valid(); }

 private:
  friend class watch_sender<T>;
  friend watch_ends<T> make_watch<T>(T initial);
  explicit watch_receiver(std::shared_ptr<internal::watch_state> state) noexcept
      : end_(std::move(state)), seen_(end_.state().version()) {}

  internal::shared_end<internal::watch_state, internal::watch_state::receiving> end_;
  std::uint64_t seen_;
};

template <class T>
watch_ends<T> make_watch(T initial) {
  auto state =
      std::make_shared<internal::watch_state>(std::make_shared<const T>(std::move(initial)));
  return {watch_sender<T>(state), watch_receiver<T>(state)};
}

}  // namespace magpie

#endif  // MAGPIE_RUNTIME_WATCH_H_
