// future: a result that somebody else sets, from any thread, and that any number of tasks await.
//
//   magpie::promise<answer> promise;
//   magpie::future<answer> future = promise.get_future();
//   library.ask([to = std::move(promise)](answer a) { to.set_value(std::move(a)); });
//   ...
//   const answer& got = co_await future;
//
// For a value that one task takes once, oneshot.h is cheaper.
#ifndef MAGPIE_RUNTIME_FUTURE_H_
#define MAGPIE_RUNTIME_FUTURE_H_

#include <concepts>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <source_location>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <variant>

#include "magpie/runtime/internal/exchange_awaiter.h"
#include "magpie/runtime/internal/mutex.h"
#include "magpie/runtime/internal/wait_list.h"

namespace magpie {

// The promise of a future has gone, and nobody has set it.
class broken_promise : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

template <class T = void>
class promise;
template <class T = void>
class future;

namespace internal {

// What somebody wants to be called when a future is done.
class done_callback {
 public:
  explicit done_callback(std::source_location given_at) noexcept : given_at_(given_at) {}
  done_callback(const done_callback&) = delete;
  done_callback& operator=(const done_callback&) = delete;
  virtual ~done_callback() = default;

 private:
  friend class future_core;
  virtual void call() = 0;
  const std::source_location given_at_;
  std::unique_ptr<done_callback> next_;  // Under the future's lock.
};

template <class Function>
class done_callback_of final : public done_callback {
 public:
  done_callback_of(Function function, std::source_location given_at)
      : done_callback(given_at), function_(std::move(function)) {}

 private:
  void call() override { std::invoke(function_); }
  Function function_;
};

// What does not depend on the type of the value. Shared by the promise, the futures and those who
// wait; what is set is not changed any more.
class future_core {
 public:
  future_core() = default;
  future_core(const future_core&) = delete;
  future_core& operator=(const future_core&) = delete;

  bool done() const noexcept;
  bool cancelled() const noexcept;

  // Returns if there is a value; throws what there is instead.
  void check() const;
  std::exception_ptr exception() const;

  bool fail(std::exception_ptr error);
  bool cancel() noexcept;
  void abandon() noexcept;

  void add_callback(std::unique_ptr<done_callback> callback);

 protected:
  ~future_core();

  // The value is made between these two, with no lock held. False: somebody else has set the
  // future, or is about to.
  bool begin_value() noexcept;
  void end_value(bool made) noexcept;

 private:
  friend class future_case_base;

  enum class state : std::uint8_t { pending, being_set, value, error, cancelled, broken };

  bool settled() const noexcept { return state_ > state::being_set; }
  bool settle(state from, state how, std::exception_ptr error = nullptr) noexcept;
  void announce(ready_list& ready, std::unique_ptr<done_callback> first) noexcept;

  mutable mutex lock_;
  wait_list waiters_;                     // Under lock_. Nobody, once it is settled.
  state state_ = state::pending;          // Under lock_.
  std::exception_ptr error_;              // Under lock_ until it is settled, then fixed.
  std::unique_ptr<done_callback> first_;  // Under lock_.
  done_callback* last_ = nullptr;         // Under lock_.
};

template <class T>
class future_state final : public future_core {
 public:
  using stored = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

  template <class... Args>
  bool set(Args&&... args) {
    if (!begin_value()) return false;
    try {
      value_.emplace(std::forward<Args>(args)...);
    } catch (...) {
      end_value(false);
      throw;
    }
    end_value(true);
    return true;
  }

  // After check().
  const stored& value() const noexcept { return *value_; }

  // For who is alone with it: the only one who will ever look.
  stored take() { return std::move(*value_); }

 private:
  std::optional<stored> value_;  // Its setter's until it is settled, then fixed.
};

class future_case_base : public exchange_case {
 public:
  bool try_exchange(ready_list& /*ready*/) override { return of_->settled(); }

 protected:
  explicit future_case_base(std::shared_ptr<future_core> of) noexcept
      : exchange_case(of->lock_, of->waiters_), of_(std::move(of)) {}
  ~future_case_base() = default;

 private:
  bool may_exchange(const suspension& /*who*/) const noexcept override { return of_->settled(); }

  const std::shared_ptr<future_core> of_;  // The future may be dropped meanwhile.
};

// Until there is a result of any kind.
class settled_case final : public future_case_base {
 public:
  explicit settled_case(std::shared_ptr<future_core> of) noexcept
      : future_case_base(std::move(of)) {}
  static void result() noexcept {}
};

// And then that. Given: what co_await gives.
template <class T, class Given>
class future_case final : public future_case_base {
 public:
  explicit future_case(const std::shared_ptr<future_state<T>>& of) noexcept
      : future_case_base(of), of_(*of) {}

  Given result() const {
    of_.check();
    if constexpr (!std::is_void_v<Given>) return of_.value();
  }

 private:
  const future_state<T>& of_;
};

template <class T, class Case>
class future_operation {
 public:
  explicit future_operation(std::shared_ptr<future_state<T>> of) noexcept : of_(std::move(of)) {}
  exchange_awaiter_of<Case> operator co_await() const { return exchange_awaiter_of<Case>(*this); }
  Case make_case() const noexcept { return Case(of_); }

 private:
  std::shared_ptr<future_state<T>> of_;
};

[[noreturn]] void refuse_empty_future();
[[noreturn]] void refuse_second_result();

struct future_access {
  template <class T>
  static const std::shared_ptr<future_state<T>>& state(const future<T>& of) {
    if (of.state_ == nullptr) refuse_empty_future();
    return of.state_;
  }
};

}  // namespace internal

// The side that reads. Copies are cheap and stand for the same result, which stays until the last
// of them and the promise are gone. Any thread; several threads at once, each with a copy of its
// own or all with one that nobody changes.
template <class T>
class future {
  static_assert(!std::is_reference_v<T>, "magpie: a future of a reference is one of a pointer");
  using stored = typename internal::future_state<T>::stored;

 public:
  using value_type = T;

  // An empty future: everything but valid() and destroying it throws usage_error.
  future() noexcept = default;
  bool valid() const noexcept { return state_ != nullptr; }

  // co_await future: suspends until there is a result; not at all if there is. Any number of tasks
  // may wait, and as often as they like; they are made ready in the order of coming. Throws
  // the exception that was set, `cancelled` if the promise was cancelled (then cancelled() says
  // so), broken_promise if it has gone. Cancelled while it waits: throws `cancelled`, and the
  // others go on waiting. Allocates nothing.
  //
  // Gives the value by reference, good as long as the promise or a future of it exists; what is
  // no variable is gone after the expression, so it gives a copy. All who wait share one value, and
  // one exception object: what they do to them at the same time has to be const.
  auto operator co_await() const& {
    using given = std::conditional_t<std::is_void_v<T>, void, const stored&>;
    return wait_for<internal::future_case<T, given>>();
  }
  auto operator co_await() && {
    static_assert(std::is_void_v<T> || std::copy_constructible<stored>,
                  "magpie: the value cannot be copied out of this future, which is about to go: "
                  "keep the future in a variable, and co_await that");
    return wait_for<internal::future_case<T, T>>();
  }

  // Whether there is a result of any kind.
  bool done() const { return internal::future_access::state(*this)->done(); }
  // Whether the result is that the promise was cancelled.
  bool cancelled() const { return internal::future_access::state(*this)->cancelled(); }

  // The value, or throws as co_await does. Does not wait: throws usage_error if there is no result.
  std::conditional_t<std::is_void_v<T>, void, const stored&> result() const {
    internal::future_access::state(*this)->check();
    if constexpr (!std::is_void_v<T>) return state_->value();
  }

  // Null if there is a value; the exception that result() would throw. Throws usage_error if there
  // is no result, and `cancelled` if that is the result.
  std::exception_ptr exception() const {
    return internal::future_access::state(*this)->exception();
  }

  // Calls callback() once, when there is a result: on the thread that sets it, in the order in
  // which the callbacks were added, after the tasks that wait have been made ready; or at once on
  // the calling thread, if there is one. It holds up that thread, so it should be short. What it
  // throws is reported (options::on_report of that thread's runtime; on a thread that is no worker,
  // by a line on standard error), or thrown here in the second case. Allocates.
  template <std::invocable Callback>
  void on_done(Callback callback,
               std::source_location here = std::source_location::current()) const {
    internal::future_access::state(*this)->add_callback(
        std::make_unique<internal::done_callback_of<Callback>>(std::move(callback), here));
  }

 private:
  friend promise<T>;
  friend internal::future_access;
  explicit future(std::shared_ptr<internal::future_state<T>> state) noexcept
      : state_(std::move(state)) {}

  template <class Case>
  internal::exchange_awaiter_of<Case> wait_for() const {
    return internal::future_operation<T, Case>(internal::future_access::state(*this))
        .operator co_await();
  }

  std::shared_ptr<internal::future_state<T>> state_;
};

// The side that sets the result, once. Moves only. Any thread, worker of any runtime or none, also
// while the runtime of those who wait is shutting down; several threads may try at once. Nothing
// here waits. Whoever is woken may destroy the promise at once. Dropped before there is a result:
// those who wait get broken_promise.
template <class T>
class promise {
 public:
  // Throws std::bad_alloc.
  promise() : state_(std::make_shared<internal::future_state<T>>()) {}
  promise(promise&&) noexcept = default;
  promise& operator=(promise&& other) noexcept {
    promise(std::move(other)).state_.swap(state_);
    return *this;
  }
  ~promise() {
    if (state_ != nullptr) state_->abandon();
  }

  // False after a move; then everything else throws usage_error.
  bool valid() const noexcept { return state_ != nullptr; }

  // As often as you like.
  future<T> get_future() const { return future<T>(state()); }

  // Throw usage_error if there is a result already. The value is made with no lock held; what that
  // throws is thrown here, and there is no result then.
  template <class U = T>
    requires(!std::is_void_v<T> && std::constructible_from<T, U>)
  void set_value(U&& value) const {
    if (!try_set_value(std::forward<U>(value))) internal::refuse_second_result();
  }
  void set_value() const
    requires std::is_void_v<T>
  {
    if (!try_set_value()) internal::refuse_second_result();
  }
  // Not null.
  void set_exception(std::exception_ptr error) const {
    if (!try_set_exception(std::move(error))) internal::refuse_second_result();
  }

  // The same, for several who do not know of each other: false if there is a result already, or
  // another thread is setting one.
  template <class U = T>
    requires(!std::is_void_v<T> && std::constructible_from<T, U>)
  bool try_set_value(U&& value) const {
    return state()->set(std::forward<U>(value));
  }
  bool try_set_value() const
    requires std::is_void_v<T>
  {
    return state()->set();
  }
  bool try_set_exception(std::exception_ptr error) const { return state()->fail(std::move(error)); }

  // Those who wait get `cancelled`. False if there is a result already.
  bool cancel() const { return state()->cancel(); }

 private:
  // By value: whoever is woken may let the promise go at once.
  std::shared_ptr<internal::future_state<T>> state() const {
    if (state_ == nullptr) internal::refuse_empty_future();
    return state_;
  }

  std::shared_ptr<internal::future_state<T>> state_;
};

}  // namespace magpie

#endif  // MAGPIE_RUNTIME_FUTURE_H_
