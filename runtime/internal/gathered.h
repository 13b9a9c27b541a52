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
  promise.parent = joined.parent;
  promise.fork = &joined;
  promise.context = &joined.scope;
  promise.set_result(place);
  return promise;
}

// Throws what the first child to fail has thrown. What the others threw after being cancelled for
// its sake says nothing more.
inline void throw_first_failure(const fork_scope& joined) {
  if (const result_base* failed = joined.first_failed.load()) [[unlikely]] {
    std::rethrow_exception(failed->error());
  }
}

[[noreturn]] inline void refuse_empty_task() {
  throw usage_error("magpie: gather was given an empty task: it was moved from, or awaited before");
}

template <class... Ts>
class gather_tuple {
 public:
  explicit gather_tuple(std::tuple<task_handle<Ts>...> children) noexcept : children_(children) {}
  gather_tuple(const gather_tuple&) = delete;
  gather_tuple& operator=(const gather_tuple&) = delete;
  ~gather_tuple() {
    // Children that have started end by themselves, before the parent goes on.
    if (!fork_) destroy_children(std::index_sequence_for<Ts...>());
  }

  static bool await_ready() noexcept { return sizeof...(Ts) == 0; }

  template <class Parent>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<Parent> parent) noexcept {
    return start(parent.promise(), std::index_sequence_for<Ts...>());
  }

  auto await_resume() {
    if (fork_) throw_first_failure(*fork_);
    return take(std::index_sequence_for<Ts...>());
  }

 private:
  template <std::size_t... I>
  std::coroutine_handle<> start(promise_base& parent, std::index_sequence<I...>) noexcept {
    worker& here = *current_worker();
    fork_scope& joined = fork_.emplace(parent, here, here.innermost_fork(),
                                       static_cast<std::uint32_t>(sizeof...(Ts)));
    here.enter_fork(joined);
    const std::array<promise_base*, sizeof...(Ts)> prepared{
        &prepare_child<Ts>(std::get<I>(children_), joined, std::get<I>(results_))...};
    // The last is pushed first, so that this worker runs them in order. The first needs no queue.
    for (std::size_t i = sizeof...(Ts); i-- > 1;)
      here.push_child(*prepared[i]);
    if constexpr (sizeof...(Ts) > 1) here.wake_for_children();
    return prepared[0]->handle();
  }

  template <std::size_t... I>
  auto take(std::index_sequence<I...>) {
    if constexpr ((std::is_void_v<Ts> && ...)) {
      return;
    } else {
      return std::tuple<gathered<Ts>...>{take_gathered(std::get<I>(results_))...};
    }
  }

  template <std::size_t... I>
  void destroy_children(std::index_sequence<I...>) noexcept {
    (std::get<I>(children_).destroy(), ...);
  }

  std::tuple<task_handle<Ts>...> children_;
  std::tuple<result<Ts>...> results_;
  std::optional<fork_scope> fork_;
};

template <class T>
class gather_range {
 public:
  explicit gather_range(std::vector<task<T>>&& children) : children_(std::move(children)) {
    if (children_.size() > std::numeric_limits<std::int32_t>::max()) {
      throw usage_error("magpie: gather takes at most 2^31 - 1 tasks");
    }
    for (const task<T>& child : children_) {
      if (!child.valid()) refuse_empty_task();
    }
    if (!children_.empty()) results_ = std::make_unique<result<T>[]>(children_.size());
  }
  gather_range(const gather_range&) = delete;
  gather_range& operator=(const gather_range&) = delete;

  bool await_ready() const noexcept { return children_.empty(); }

  template <class Parent>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<Parent> parent) noexcept {
    worker& here = *current_worker();
    const std::size_t count = children_.size();
    fork_scope& joined = fork_.emplace(parent.promise(), here, here.innermost_fork(),
                                       static_cast<std::uint32_t>(count));
    here.enter_fork(joined);
    for (std::size_t i = count; i-- > 1;)
      here.push_child(prepare(i));
    if (count > 1) here.wake_for_children();
    return prepare(0).handle();
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
  promise_base& prepare(std::size_t i) noexcept {
    return prepare_child<T>(task_access::release(children_[i]), *fork_, results_[i]);
  }

  std::vector<task<T>> children_;
  std::unique_ptr<result<T>[]> results_;
  std::optional<fork_scope> fork_;
};

// What gather() returns: the tasks, until they are awaited.
template <class... Ts>
class [[nodiscard("gather does nothing until it is awaited")]] gathered_tuple {
 public:
  explicit gathered_tuple(task<Ts>&&... children) : children_(std::move(children)...) {}

  gather_tuple<Ts...> operator co_await() && {
    // All of them before any is taken out: if one is empty, the others stay whole.
    const bool whole = std::apply([](auto&... child) { return (child.valid() && ...); }, children_);
    if (!whole) refuse_empty_task();
    return std::apply(
        [](auto&... child) {
          return gather_tuple<Ts...>(std::tuple(task_access::release(child)...));
        },
        children_);
  }

 private:
  std::tuple<task<Ts>...> children_;
};

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
