// select: several operations at once, of which exactly one takes effect.
//
//   const auto got = co_await select(jobs.receive(), stop.wait(), sleep_for(5s));
//   if (got.index() == 0) work(*std::get<0>(got));  // A job, and nobody else has it.
//   if (got.index() == 1) co_return;                // stop.set() was called.
//   if (got.index() == 2) report_idle();            // Nothing for five seconds.
//
// What first_of() does for tasks, for operations that take something away: the others have not
// happened, so no item is lost.
#ifndef MAGPIE_RUNTIME_SELECT_H_
#define MAGPIE_RUNTIME_SELECT_H_

#include <array>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

#include "magpie/runtime/clock.h"
#include "magpie/runtime/deadline.h"
#include "magpie/runtime/future.h"
#include "magpie/runtime/internal/exchange_awaiter.h"
#include "magpie/runtime/oneshot.h"
#include "magpie/runtime/sleep.h"
#include "magpie/runtime/spawn.h"
#include "magpie/runtime/suspension.h"

namespace magpie {
namespace internal {

// One of the operations.
class select_case {
 public:
  select_case(const select_case&) = delete;
  select_case& operator=(const select_case&) = delete;

  // Takes effect without waiting, or does nothing. If it throws, nothing has happened.
  virtual bool take_now() = 0;
  // After arm(): from now on `who` may be claimed for it. False: it may be possible at once.
  virtual bool enlist(suspension& who) noexcept = 0;
  // Nobody can claim anything for it any more.
  virtual void leave() noexcept = 0;
  // After the suspension has been resumed. Whether it is the one that has taken effect.
  virtual bool claimed() const noexcept = 0;
  // When it wants to take effect in any case.
  virtual clock::time_point due() const noexcept { return clock::time_point::max(); }

 protected:
  select_case() = default;
  ~select_case() = default;
};

// What the others know while it waits; a new one for each time that it starts to.
class select_wait final : public suspension {
 public:
  explicit select_wait(clock::time_point until) noexcept : until_(until), limit_(*this, until) {}

 private:
  friend class select_awaiter_base;
  const clock::time_point until_;
  magpie::deadline limit_;
};

class select_awaiter_base {
 public:
  select_awaiter_base(const select_awaiter_base&) = delete;
  select_awaiter_base& operator=(const select_awaiter_base&) = delete;

 protected:
  // The cases are those of the derived class, which are made later.
  explicit select_awaiter_base(std::span<select_case* const> cases) noexcept : cases_(cases) {}
  ~select_awaiter_base() = default;

  bool ready();
  bool start(promise_base& who);
  // From await_resume(). Which one has taken effect. Throws `cancelled`; then none has.
  std::size_t finish();

 private:
  // Without waiting, from any of them; those that only wait for a time come last.
  bool take_now();
  bool enlist_all() noexcept;
  void leave_all() noexcept;
  clock::time_point first_due() const noexcept;

  const std::span<select_case* const> cases_;
  std::optional<select_wait> wait_;
  std::size_t taken_ = nothing;
  static constexpr std::size_t nothing = SIZE_MAX;
};

// What select() keeps of a join_handle, which may be moved or dropped while it waits.
struct task_end {
  task_reference task;
};

// The case of an operation that has an exchange_case.
template <class Operation>
class selected final : public select_case {
 public:
  explicit selected(Operation& operation) : case_(operation.make_case()) {}
  bool take_now() override { return case_.exchange_now(); }
  bool enlist(suspension& who) noexcept override { return case_.enlist(who); }
  void leave() noexcept override { case_.leave(); }
  bool claimed() const noexcept override { return case_.claimed(); }
  decltype(auto) result() { return case_.result(); }

 private:
  decltype(std::declval<Operation&>().make_case()) case_;
};

template <>
class selected<sleep> final : public select_case {
 public:
  explicit selected(const sleep& operation) noexcept : until_(operation.until()) {}
  bool take_now() override { return until_ <= clock::now(); }
  bool enlist(suspension& /*who*/) noexcept override { return true; }  // See select_wait.
  void leave() noexcept override {}
  bool claimed() const noexcept override { return false; }
  clock::time_point due() const noexcept override { return until_; }
  static void result() noexcept {}

 private:
  const clock::time_point until_;
};

template <>
class selected<task_end> final : public select_case, private end_observer {
 public:
  explicit selected(task_end& operation) noexcept : task_(std::move(operation.task)) {}
  bool take_now() override { return task_->done(); }
  bool enlist(suspension& who) noexcept override;
  void leave() noexcept override { task_->remove_observer(*this); }
  bool claimed() const noexcept override { return claimed_; }
  static void result() noexcept {}

 private:
  void task_ended(ready_list& ready) noexcept override;

  const task_reference task_;
  suspension* who_ = nullptr;  // Fixed before it is listed.
  bool claimed_ = false;       // Under the task's lock, until the suspension is resumed.
};

// From what select() is given to what it keeps.
template <class Operation>
  requires(!std::is_reference_v<Operation>) &&
          requires(Operation& operation) { operation.make_case(); }
Operation operation_of(Operation&& operation) {
  return std::forward<Operation>(operation);
}
inline sleep operation_of(const sleep& operation) noexcept {
  return operation;
}
struct select_access {
  template <class T>
  static oneshot_operation<T> operation_of(const oneshot_receiver<T>& from) {
    return from.operation();
  }
};
template <class T>
oneshot_operation<T> operation_of(const oneshot_receiver<T>& from) {
  return select_access::operation_of(from);
}
template <class T>
future_operation<T, settled_case> operation_of(const future<T>& from) {
  return future_operation<T, settled_case>(future_access::state(from));
}
template <class T>
task_end operation_of(const join_handle<T>& handle) {
  task_record& task = spawn_access::record(handle);
  task.add_reference();
  return {task_reference(&task)};
}
template <class T>
void operation_of(const oneshot_receiver<T>&& temporary) = delete;
template <class T>
void operation_of(const join_handle<T>&& temporary) = delete;

template <class What>
concept selectable = requires(What&& what) { operation_of(std::forward<What>(what)); };

// As an alternative of the variant.
template <class T>
using selected_value =
    std::conditional_t<std::is_void_v<T>, std::monostate, std::remove_cvref_t<T>>;

template <class... Operations>
class select_awaiter final : select_awaiter_base {
  using cases = std::tuple<selected<Operations>...>;
  using result_type =
      std::variant<selected_value<decltype(std::declval<selected<Operations>&>().result())>...>;

 public:
  explicit select_awaiter(std::tuple<Operations...>& operations)
      : select_awaiter(operations, std::index_sequence_for<Operations...>()) {}

  bool await_ready() { return ready(); }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> who) {
    return start(who.promise());
  }
  result_type await_resume() { return result(finish()); }

 private:
  template <std::size_t... I>
  select_awaiter(std::tuple<Operations...>& operations, std::index_sequence<I...> /*places*/)
      : select_awaiter_base(places_),
        cases_(std::get<I>(operations)...),
        places_{&std::get<I>(cases_)...} {}

  // From the I-th on.
  template <std::size_t I = 0>
  result_type result(std::size_t taken) {
    if constexpr (I + 1 < sizeof...(Operations)) {
      if (taken != I) return result<I + 1>(taken);
    }
    auto& done = std::get<I>(cases_);
    if constexpr (std::is_void_v<decltype(done.result())>) {
      done.result();
      return result_type(std::in_place_index<I>);
    } else {
      return result_type(std::in_place_index<I>, done.result());
    }
  }

  cases cases_;
  std::array<select_case*, sizeof...(Operations)> places_;
};

template <class... Operations>
class [[nodiscard("select does nothing until it is awaited")]] select_operation {
 public:
  explicit select_operation(Operations&&... operations) : operations_(std::move(operations)...) {}
  select_awaiter<Operations...> operator co_await() && {
    return select_awaiter<Operations...>(operations_);
  }

 private:
  std::tuple<Operations...> operations_;
};

}  // namespace internal

// co_await select(operations...): suspends until one of them is possible, does that one, and gives
// what it gives: a std::variant, whose index says which (std::monostate for those that give
// nothing). The others have no effect: no item is taken or sent, and what was to be sent has not
// been moved from. If several are possible at once, any of them is done, so that none has to wait
// for ever.
//
// The operations:
//   receive(), send(item)      of a channel, a broadcast
//   get(), put(item)           of a queue
//   receiver                   of a oneshot
//   changed()                  of a watch
//   wait()                     of an event
//   sleep_for(), sleep_until() of which the first that is due counts; when its time has come, what
//                              else is possible goes first, so sleep_for(0s) asks without waiting
//   handle                     of a spawned task: until it has ended, whose outcome is not taken
//   future                     until it has a result, which is not taken
//
// Throws what the one that takes effect throws (channel_closed, queue_shut_down), `cancelled`, and
// then none has taken effect, std::bad_alloc, usage_error for an empty handle. Sources and handles
// have to stay meanwhile, except that a join_handle may be moved or dropped. Allocates nothing.
//
// Semantics are those of Go's select statement.
template <class... Operations>
auto select(Operations&&... operations) {
  static_assert(sizeof...(Operations) > 0, "select() of nothing would wait for ever");
  static_assert((internal::selectable<Operations> && ...),
                "select() takes receive(), send(), get(), put(), changed(), wait(), sleep_for(), a "
                "future, and a oneshot_receiver or join_handle that is no temporary; spawn() a "
                "task, or use first_of()");
  return internal::select_operation(
      internal::operation_of(std::forward<Operations>(operations))...);
}

}  // namespace magpie

#endif  // MAGPIE_RUNTIME_SELECT_H_
