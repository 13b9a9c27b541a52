// Waiting for some of several spawned tasks, without taking their outcomes.
//
//   const wait_result seen = co_await wait(downloads, wait_until::first_completed, 5s);
//   for (const std::size_t i : seen.done)
//     use(co_await downloads[i]);
//
//   as_completed order(downloads);
//   for (std::size_t left = downloads.size(); left > 0; --left) {
//     const std::optional<std::size_t> next = co_await order.next();
//     use(co_await downloads[*next]);
//   }
#ifndef MAGPIE_RUNTIME_WAIT_H_
#define MAGPIE_RUNTIME_WAIT_H_

#include <chrono>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "magpie/runtime/clock.h"
#include "magpie/runtime/deadline.h"
#include "magpie/runtime/internal/mutex.h"
#include "magpie/runtime/internal/task_record.h"
#include "magpie/runtime/spawn.h"
#include "magpie/runtime/suspension.h"
#include "magpie/runtime/task.h"

namespace magpie {

class as_completed;

namespace internal {

class completion_awaiter : public suspension {
 public:
  completion_awaiter(as_completed& order, clock::time_point until) noexcept
      : order_(order), limit_(*this, until) {}

  bool await_ready() noexcept;
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> who) {
    return start(who.promise());
  }
  std::optional<std::size_t> await_resume();

 private:
  bool start(promise_base& who);

  as_completed& order_;
  magpie::deadline limit_;
  std::optional<std::size_t> next_;
};

class [[nodiscard("next does nothing until it is awaited")]] next_completion {
 public:
  next_completion(as_completed& order, clock::time_point until) noexcept
      : order_(order), until_(until) {}
  completion_awaiter operator co_await() const noexcept { return {order_, until_}; }

 private:
  as_completed& order_;
  const clock::time_point until_;
};

}  // namespace internal

// Tells in which order tasks end. The handles may be moved, awaited and dropped meanwhile. One
// coroutine at a time.
class as_completed {
 public:
  // Allocates. Throws usage_error for an empty handle.
  template <class T>
  explicit as_completed(std::span<const join_handle<T>> handles) : as_completed(handles.size()) {
    for (const join_handle<T>& handle : handles)
      add(internal::spawn_access::record(handle));
  }
  template <class T>
  explicit as_completed(const std::vector<join_handle<T>>& handles)
      : as_completed(std::span<const join_handle<T>>(handles)) {}
  // Handles of several types.
  template <class T, class... Ts>
  explicit as_completed(const join_handle<T>& first, const join_handle<Ts>&... others)
      : as_completed(1 + sizeof...(Ts)) {
    add(internal::spawn_access::record(first));
    (add(internal::spawn_access::record(others)), ...);
  }
  as_completed(const as_completed&) = delete;
  as_completed& operator=(const as_completed&) = delete;
  ~as_completed();

  // co_await next(): the place, in what was given, of the task that has ended next; nothing when
  // all have been told. Cancelled: throws `cancelled`, and nothing is lost. Throws usage_error if
  // another coroutine waits.
  internal::next_completion next() noexcept { return next_until(clock::time_point::max()); }
  // Nothing, too, if none has ended in time. Throws std::bad_alloc, or std::length_error beyond
  // 2^32 - 1 timers.
  internal::next_completion next_until(clock::time_point until) noexcept { return {*this, until}; }

  // How many have not been told yet.
  std::size_t remaining() const noexcept { return places_ - told_; }

  // Whether the task, which has been told, has ended with an exception.
  bool has_failed(std::size_t place) const noexcept;

 private:
  friend class internal::completion_awaiter;

  struct entry final : internal::end_observer {
    as_completed* order = nullptr;
    internal::task_reference record;
    std::size_t place = 0;
    void task_ended(ready_list& ready) noexcept override { order->ended(place, ready); }
  };

  explicit as_completed(std::size_t places);
  void add(internal::task_record& record);
  void ended(std::size_t place, ready_list& ready) noexcept;

  const std::size_t places_;
  std::unique_ptr<entry[]> entries_;
  std::size_t added_ = 0;  // Own coroutine only.
  std::size_t told_ = 0;   // Own coroutine only.

  internal::mutex mutex_;
  std::unique_ptr<std::size_t[]> order_;  // Under mutex_: who has ended.
  std::size_t ended_ = 0;                 // Under mutex_.
  suspension* waiting_ = nullptr;         // Under mutex_.
};

// When wait() returns.
enum class wait_until : std::uint8_t {
  first_completed,  // One task has ended, in whichever way.
  first_exception,  // One has ended with an exception, `cancelled` among them, or all have ended.
  all_completed,
};

// Places in what was given.
struct wait_result {
  std::vector<std::size_t> done;  // In the order of their ends.
  std::vector<std::size_t> pending;
};

namespace internal {
task<wait_result> wait_for_some(std::unique_ptr<as_completed> order, std::size_t count,
                                wait_until when, clock::time_point until);
}

// co_await wait(handles, when, timeout): waits for the tasks, and says which have ended and which
// have not. It takes no outcome and cancels nothing, also not when it is cancelled or time is up.
// No task at all: returns at once. Allocates. Throws usage_error for an empty handle.
template <class T>
MAGPIE_COROUTINE_WRAPPER task<wait_result> wait(const std::vector<join_handle<T>>& handles,
                                                wait_until when = wait_until::all_completed,
                                                clock::duration timeout = clock::duration::max()) {
  return internal::wait_for_some(std::make_unique<as_completed>(handles), handles.size(), when,
                                 internal::after(clock::now(), timeout));
}

}  // namespace magpie

#endif  // MAGPIE_RUNTIME_WAIT_H_
