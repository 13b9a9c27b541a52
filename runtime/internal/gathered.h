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
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "magpie/runtime/as_task.h"
#include "magpie/runtime/error.h"
#include "magpie/runtime/inplace_vector.h"
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

// Of a child that has not failed.
template <class T>
gathered<T> take_gathered(result<T>& from) {
  if constexpr (std::is_void_v<T>) {
    return {};
  } else {
    return from.take_value();
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

// Those that are not null. By value: what nobody has the address of stays in registers
// (fork_join/fib).
template <class... Handles>
void discard_coroutines(std::tuple<Handles...> children) noexcept {
  const auto discard = [](std::coroutine_handle<> child) {
    if (child) discard_coroutine(child);
  };
  std::apply([=](auto... each) { (discard(each), ...); }, children);
}
// The same for tasks that have been dropped.
template <class... Handles>
void drop_coroutines(std::tuple<Handles...> children) noexcept {
  const auto drop = [](auto child) {
    if (child) drop_never_awaited(child.promise());
  };
  std::apply([=](auto... each) { (drop(each), ...); }, children);
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
                                    std::tuple<task_handle<Ts>...> children) noexcept {
    std::construct_at(&results_);
    run(parent, children, std::index_sequence_for<Ts...>());
  }
  gather_few(const gather_few&) = delete;
  gather_few& operator=(const gather_few&) = delete;
  // Mostly nothing is left in the results, and they need not be asked (fork_join/skynet).
  [[gnu::always_inline]] ~gather_few() {
    constexpr bool trivial = (std::is_trivially_destructible_v<gathered<Ts>> && ...);
    if (!trivial || (*fork_).scope.failed()) [[unlikely]]
      std::destroy_at(&results_);
  }

  bool await_ready() const noexcept { return arrived_ >= sizeof...(Ts); }
  bool await_suspend(std::coroutine_handle<> /*parent*/) noexcept {
    return !(*fork_).join.leave(arrived_);
  }
  [[gnu::always_inline]] Values await_resume() { return take(std::index_sequence_for<Ts...>()); }

 private:
  template <std::size_t... I>
  [[gnu::always_inline]] void run(promise_base& parent,
                                  const std::tuple<task_handle<Ts>...>& children,
                                  std::index_sequence<I...>) noexcept {
    fork_scope& joined = fork_.begin(parent, sizeof...(Ts));
    arrived_ = 0;
    if constexpr (sizeof...(Ts) == 0) return;
    if (!(std::get<I>(children) && ...)) [[unlikely]] {
      arrived_ = one_was_empty;
      discard_coroutines(children);
      return;
    }
    const std::array<promise_base*, sizeof...(Ts)> prepared{
        &prepare_child<Ts>(std::get<I>(children), joined, std::get<I>(results_))...};
    arrived_ = current_worker()->fork(joined, prepared);
  }

  template <std::size_t... I>
  [[gnu::always_inline]] Values take(std::index_sequence<I...>) {
    if (!(std::get<I>(results_).has_value() && ...)) [[unlikely]] {
      if (arrived_ == one_was_empty) refuse_empty_task();
      throw_first_failure(*fork_);
      throw_no_result();
    }
    if constexpr (!std::is_void_v<Values>) {
      return Values{take_gathered(std::get<I>(results_))...};
    }
  }

  static constexpr std::uint32_t one_was_empty = std::numeric_limits<std::uint32_t>::max();

  fork_place fork_;
  union {
    std::tuple<result<Ts>...> results_;
  };
  std::uint32_t arrived_;  // Not counted by the join.
};

// Room for what any number of children give; gather_many makes and destroys the results in it. The
// memory comes from where frames come from: malloc takes longer than a fork (fork_join/nqueens).
template <class T>
class result_array {
 public:
  // Throws std::bad_alloc.
  explicit result_array(std::size_t size) : size_(size) {
    if (size_ == 0) return;
    first_ = static_cast<result<T>*>(allocate_frame(size_ * sizeof(result<T>)));
    count_other_block(1);
  }
  result_array(const result_array&) = delete;
  result_array& operator=(const result_array&) = delete;
  ~result_array() {
    if (size_ == 0) return;
    count_other_block(-1);
    deallocate_frame(first_, size_ * sizeof(result<T>));
  }

  result<T>* first() noexcept { return first_; }

 private:
  const std::size_t size_;
  result<T>* first_ = nullptr;
};

// The same for so many at most.
template <class T, std::size_t Most>
class inplace_results {
 public:
  explicit inplace_results(std::size_t /*size*/) noexcept {}
  inplace_results(const inplace_results&) = delete;
  inplace_results& operator=(const inplace_results&) = delete;
  ~inplace_results() {}

  result<T>* first() noexcept { return places_; }

 private:
  union {
    result<T> places_[Most];
  };
};

// What is gathered as a list: std::vector and inplace_vector. `of` is the same of something else.
template <class List>
struct list_traits;
template <class T>
struct list_traits<std::vector<T>> {
  using element = T;
  template <class U>
  using of = std::vector<U>;
  template <class U>
  using results_of = result_array<U>;
};
template <class T, std::size_t Capacity>
struct list_traits<inplace_vector<T, Capacity>> {
  using element = T;
  template <class U>
  using of = inplace_vector<U, Capacity>;
  template <class U>
  using results_of = inplace_results<U, Capacity>;
};

// A reference to one, or one. Not to a constant one, since its elements are awaited.
template <class List>
concept list = !std::is_const_v<std::remove_reference_t<List>> &&
               requires { typename list_traits<std::remove_cvref_t<List>>::element; };
template <class List>
using element_of = typename list_traits<std::remove_cvref_t<List>>::element;
template <class List, class U>
using list_of = typename list_traits<std::remove_cvref_t<List>>::template of<U>;

template <class List>
concept list_of_tasks = list<List> && is_task<element_of<List>>;

// Nothing for void, of which there are no lists.
template <class List, class T>
using values_in_list =
    std::conditional_t<std::is_void_v<T>, void, list_of<List, typename vector_element<T>::type>>;

// co_await gather(list), from when it begins. As gather_few, for a number that is not known before.
template <class List>
class gather_many {
  using value = typename element_of<List>::value_type;
  using results = typename list_traits<List>::template results_of<value>;
  using values = values_in_list<List, value>;

 public:
  // Throws usage_error if a task is empty, and std::bad_alloc; then none starts.
  [[gnu::always_inline]] gather_many(promise_base& parent, List& children)
      : count_(checked(children)), results_(count_) {
    fork_scope& joined = fork_.begin(parent, count_);
    if (count_ > 0)
      arrived_ = current_worker()->fork(joined, prepared_children{children, joined, results_});
  }
  gather_many(const gather_many&) = delete;
  gather_many& operator=(const gather_many&) = delete;
  [[gnu::always_inline]] ~gather_many() {
    constexpr bool trivial = std::is_trivially_destructible_v<gathered<value>>;
    if (!trivial || (*fork_).scope.failed()) [[unlikely]]
      std::destroy_n(results_.first(), count_);
  }

  bool await_ready() const noexcept { return arrived_ == count_; }
  bool await_suspend(std::coroutine_handle<> /*parent*/) noexcept {
    return !(*fork_).join.leave(arrived_);
  }

  [[gnu::always_inline]] values await_resume() {
    throw_first_failure(*fork_);
    if constexpr (!std::is_void_v<value>) {
      values given;
      if constexpr (requires { given.reserve(count_); }) given.reserve(count_);
      for (std::uint32_t i = 0; i < count_; ++i)
        given.push_back(results_.first()[i].take());
      return given;
    }
  }

 private:
  // A child and its place, when it is asked for: once.
  struct prepared_children {
    List& tasks;
    fork_scope& joined;
    gather_many::results& results;

    std::size_t size() const noexcept { return tasks.size(); }
    [[gnu::always_inline]] promise_base* operator[](std::size_t i) const noexcept {
      result<value>& place = *std::construct_at(results.first() + i);
      return &prepare_child<value>(task_access::release_any(tasks[i]), joined, place);
    }
  };

  static std::uint32_t checked(const List& children) {
    if (children.size() > std::numeric_limits<std::int32_t>::max()) {
      throw usage_error("magpie: gather takes at most 2^31 - 1 tasks");
    }
    for (const task<value>& child : children) {
      if (!child.valid()) [[unlikely]]
        refuse_empty_task();
    }
    return static_cast<std::uint32_t>(children.size());
  }

  const std::uint32_t count_;
  std::uint32_t arrived_ = 0;  // Not counted by the join.
  results results_;
  fork_place fork_;  // Behind everything that may throw.
};

// What gather() returns: the tasks, until they are awaited.
template <class Values, class... Ts>
class [[nodiscard("gather does nothing until it is awaited")]] MAGPIE_TRIVIAL_ABI gathered_few {
 public:
  explicit gathered_few(task<Ts>&&... children) noexcept
      : children_(task_access::release_any(children)...) {}
  gathered_few(gathered_few&& other) noexcept : children_(std::exchange(other.children_, {})) {}
  // co_await of one that has a name: does not compile, and says what to write.
  gathered_few(const gathered_few& /*other*/) { say_why_not_awaitable<gathered_few>(); }
  [[gnu::always_inline]] ~gathered_few() {
    if (std::apply([](auto... each) { return (static_cast<bool>(each) || ...); }, children_))
        [[unlikely]] {
      drop_coroutines(children_);
    }
  }
  gathered_few& operator=(const gathered_few&) = delete;

  // Runs what it can of the children.
  [[gnu::always_inline]] gather_few<Values, Ts...> begin_in(promise_base& parent) && noexcept {
    return gather_few<Values, Ts...>(parent, std::exchange(children_, {}));
  }

 private:
  std::tuple<task_handle<Ts>...> children_;
};

template <class... Ts>
using gathered_tuple = gathered_few<values_in_tuple<Ts...>, Ts...>;

template <class T, std::size_t>
using same_for_each = T;
template <class Function, std::size_t... I>
auto gather_calls(Function& f, std::index_sequence<I...> /*indices*/) {
  using value = gives<std::invoke_result_t<Function&, std::size_t>>;
  using values = typename values_in_array<value, sizeof...(I)>::type;
  return gathered_few<values, same_for_each<value, I>...>{as_task(f(I))...};
}
template <class T, std::size_t Size, std::size_t... I>
auto gather_array(std::array<task<T>, Size>& tasks, std::index_sequence<I...> /*indices*/) {
  using values = typename values_in_array<T, Size>::type;
  return gathered_few<values, same_for_each<T, I>...>(std::move(tasks[I])...);
}

template <class List>
class [[nodiscard("gather does nothing until it is awaited")]] gathered_many {
 public:
  explicit gathered_many(List&& children) noexcept : children_(std::move(children)) {}
  gathered_many(gathered_many&& other) noexcept
      : children_(std::move(other.children_)),
        moved_from_(std::exchange(other.moved_from_, true)) {}
  gathered_many(const gathered_many& /*other*/) { say_why_not_awaitable<gathered_many>(); }
  gathered_many& operator=(const gathered_many&) = delete;
  ~gathered_many() = default;

  // Runs what it can of the children. Throws usage_error if it has been awaited before.
  [[gnu::always_inline]] gather_many<List> begin_in(promise_base& parent) && {
    if (moved_from_) [[unlikely]]
      refuse_empty_task();
    return gather_many<List>(parent, children_);
  }

 private:
  List children_;
  bool moved_from_ = false;  // That it is empty does not tell: an empty list may be gathered.
};

}  // namespace magpie::internal

#endif  // MAGPIE_RUNTIME_INTERNAL_GATHERED_H_
