// What gather() returns, until it is awaited and while it is.
#ifndef MAGPIE_RUNTIME_INTERNAL_GATHERED_H_
#define MAGPIE_RUNTIME_INTERNAL_GATHERED_H_

#include <array>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "magpie/runtime/error.h"
#include "magpie/runtime/internal/fork_scope.h"
#include "magpie/runtime/internal/not_awaitable.h"
#include "magpie/runtime/internal/worker.h"
#include "magpie/runtime/task.h"

namespace magpie::internal {

// What a slot of a gathered tuple holds: void has no values.
template <class T>
using gathered = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

// What it holds in a vector: neither void nor references have vectors.
template <class T>
struct vector_element {
  using type = T;
};
template <class T>
struct vector_element<T&> {
  using type = std::reference_wrapper<T>;
};

template <class T>
gathered<T> take_gathered(result<T>& from) {
  if constexpr (std::is_void_v<T>) {
    from.take();
    return {};
  } else {
    return from.take();
  }
}

// Ties a child to its fork; then it can be queued.
template <class T>
promise_base& prepare_child(task_handle<T> child, fork_scope& joined, result<T>& place) noexcept {
  task_promise<T>& promise = child.promise();
  promise.continuation = continuation(joined);
  promise.context = &joined.scope;
  promise.set_result(place);
  return promise;
}

// Throws what the first child to fail has thrown, if one has. What the others threw after being
// cancelled for its sake says nothing more.
inline void throw_first_failure(const fork_scope& joined) {
  if (joined.scope.failed()) [[unlikely]]
    std::rethrow_exception(joined.first_failure->error());
}

[[noreturn]] inline void refuse_empty_task() {
  throw usage_error("magpie: gather was given an empty task: it was moved from, or awaited before");
}

// How the results of several children are given: the type, for which they are written one after the
// other in braces, or void.
template <class... Ts>
using values_in_tuple =
    std::conditional_t<(std::is_void_v<Ts> && ...), void, std::tuple<gathered<Ts>...>>;
template <class T, std::size_t Size>
struct values_in_array {
  using type = std::array<typename vector_element<T>::type, Size>;
};
template <std::size_t Size>
struct values_in_array<void, Size> {
  using type = void;
};

// co_await gather(a, b), from when it begins: the fork, and the results.
//
// The children run when the parent asks whether it has to suspend. So if all of them end by that,
// it does not, and what it knows stays in registers. Inlined, and so are the few calls of a fork:
// fork_join/fib.
template <class Values, class... Ts>
class gather_few {
 public:
  // All children end by themselves, before the parent goes on. If one is empty, none starts, and
  // await_resume() throws usage_error.
  [[gnu::always_inline]] gather_few(promise_base& parent,
                                    std::tuple<task<Ts>...>& children) noexcept {
    run(parent, children, std::index_sequence_for<Ts...>());
  }
  gather_few(const gather_few&) = delete;
  gather_few& operator=(const gather_few&) = delete;

  bool await_ready() const noexcept { return arrived_ >= sizeof...(Ts); }
  bool await_suspend(std::coroutine_handle<> /*parent*/) noexcept {
    return !(*fork_).join.leave(arrived_);
  }
  [[gnu::always_inline]] Values await_resume() { return take(std::index_sequence_for<Ts...>()); }

 private:
  template <std::size_t... I>
  [[gnu::always_inline]] void run(promise_base& parent, std::tuple<task<Ts>...>& children,
                                  std::index_sequence<I...>) noexcept {
    fork_scope& joined = fork_.begin(parent, sizeof...(Ts));
    arrived_ = 0;
    if constexpr (sizeof...(Ts) == 0) return;
    if (!(std::get<I>(children).valid() && ...)) [[unlikely]] {
      arrived_ = one_was_empty;
      (std::get<I>(children).discard(), ...);
      return;
    }
    const std::array<promise_base*, sizeof...(Ts)> prepared{&prepare_child<Ts>(
        task_access::release_any(std::get<I>(children)), joined, std::get<I>(results_))...};
    arrived_ = current_worker()->fork(joined, prepared);
  }

  template <std::size_t... I>
  [[gnu::always_inline]] Values take(std::index_sequence<I...>) {
    if (!(std::get<I>(results_).has_value() && ...)) [[unlikely]] {
      if (arrived_ == one_was_empty) refuse_empty_task();
      throw_first_failure(*fork_);
    }
    if constexpr (!std::is_void_v<Values>) {
      return Values{take_gathered(std::get<I>(results_))...};
    }
  }

  static constexpr std::uint32_t one_was_empty = std::numeric_limits<std::uint32_t>::max();

  fork_place fork_;
  std::tuple<result<Ts>...> results_;
  std::uint32_t arrived_;  // Not counted by the join.
};

// The places of what any number of children give. The memory comes from where frames come from:
// malloc takes longer than a fork (fork_join/nqueens).
template <class T>
class result_array {
 public:
  // Throws std::bad_alloc.
  explicit result_array(std::size_t size) : size_(size) {
    if (size_ == 0) return;
    first_ = static_cast<result<T>*>(allocate_frame(size_ * sizeof(result<T>)));
    count_other_block(1);
    std::uninitialized_default_construct_n(first_, size_);
  }
  result_array(const result_array&) = delete;
  result_array& operator=(const result_array&) = delete;
  ~result_array() {
    if (size_ == 0) return;
    std::destroy_n(first_, size_);
    count_other_block(-1);
    deallocate_frame(first_, size_ * sizeof(result<T>));
  }

  result<T>& operator[](std::size_t i) noexcept { return first_[i]; }

 private:
  const std::size_t size_;
  result<T>* first_ = nullptr;
};

template <class T>
class gather_range {
 public:
  explicit gather_range(std::vector<task<T>>&& children)
      : children_(std::move(children)), results_(children_.size()) {
    if (children_.size() > std::numeric_limits<std::int32_t>::max()) {
      throw usage_error("magpie: gather takes at most 2^31 - 1 tasks");
    }
    for (const task<T>& child : children_) {
      if (!child.valid()) refuse_empty_task();
    }
  }
  gather_range(const gather_range&) = delete;
  gather_range& operator=(const gather_range&) = delete;

  bool await_ready() const noexcept { return children_.empty(); }

  template <class Parent>
  bool await_suspend(std::coroutine_handle<Parent> parent) noexcept {
    const auto count = static_cast<std::uint32_t>(children_.size());
    fork_.emplace(parent.promise(), count);
    const std::uint32_t arrived = current_worker()->fork(*fork_, prepared_children{*this});
    return arrived != count && !fork_->join.leave(arrived);
  }

  auto await_resume() {
    if (fork_) throw_first_failure(*fork_);
    if constexpr (!std::is_void_v<T>) {
      std::vector<typename vector_element<T>::type> values;
      values.reserve(children_.size());
      for (std::size_t i = 0; i < children_.size(); ++i)
        values.push_back(results_[i].take());
      return values;
    }
  }

 private:
  struct prepared_children {
    gather_range& of;

    std::size_t size() const noexcept { return of.children_.size(); }
    promise_base* operator[](std::size_t i) const noexcept {
      return &prepare_child<T>(task_access::release(of.children_[i]), *of.fork_, of.results_[i]);
    }
  };

  std::vector<task<T>> children_;
  result_array<T> results_;
  std::optional<fork_scope> fork_;
};

// What gather() returns: the tasks, until they are awaited.
template <class Values, class... Ts>
class [[nodiscard("gather does nothing until it is awaited")]] MAGPIE_TRIVIAL_ABI gathered_few {
 public:
  explicit gathered_few(task<Ts>&&... children) noexcept : children_(std::move(children)...) {}
  gathered_few(gathered_few&&) noexcept = default;
  // co_await of one that has a name: does not compile, and says what to write.
  gathered_few(const gathered_few& /*other*/) { say_why_not_awaitable<gathered_few>(); }
  ~gathered_few() = default;
  gathered_few& operator=(const gathered_few&) = delete;

  // Runs what it can of the children.
  [[gnu::always_inline]] gather_few<Values, Ts...> begin_in(promise_base& parent) && noexcept {
    return gather_few<Values, Ts...>(parent, children_);
  }

 private:
  std::tuple<task<Ts>...> children_;
};

template <class... Ts>
using gathered_tuple = gathered_few<values_in_tuple<Ts...>, Ts...>;

template <class T, std::size_t>
using same_for_each = T;
template <class T, std::size_t Size, std::size_t... I>
auto gather_array(std::array<task<T>, Size>& tasks, std::index_sequence<I...> /*indices*/) {
  using values = typename values_in_array<T, Size>::type;
  return gathered_few<values, same_for_each<T, I>...>(std::move(tasks[I])...);
}

template <class T>
class [[nodiscard("gather does nothing until it is awaited")]] gathered_range {
 public:
  explicit gathered_range(std::vector<task<T>>&& children) noexcept
      : children_(std::move(children)) {}

  gather_range<T> operator co_await() && {
    if (std::exchange(awaited_, true)) refuse_empty_task();
    return gather_range<T>(std::move(children_));
  }

 private:
  std::vector<task<T>> children_;
  bool awaited_ = false;  // No empty vector tells: one may be gathered.
};

}  // namespace magpie::internal

#endif  // MAGPIE_RUNTIME_INTERNAL_GATHERED_H_
