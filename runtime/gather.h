// gather: several tasks at once, and all their results.
//
//   auto [user, cart] = co_await gather(load_user(id), load_cart(id));
//   std::vector<page> pages = co_await gather(std::move(fetches));
#ifndef MAGPIE_RUNTIME_GATHER_H_
#define MAGPIE_RUNTIME_GATHER_H_

#include <array>
#include <atomic>
#include <concepts>
#include <cstddef>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include "magpie/runtime/as_task.h"
#include "magpie/runtime/error.h"
#include "magpie/runtime/internal/context.h"
#include "magpie/runtime/internal/gathered.h"
#include "magpie/runtime/internal/own_context.h"
#include "magpie/runtime/internal/result.h"
#include "magpie/runtime/outcome.h"
#include "magpie/runtime/task.h"

namespace magpie {
namespace internal {

template <class List>
void reserve(List& list, std::size_t size) {
  if constexpr (requires { list.reserve(size); }) list.reserve(size);
}

// An element of what is given as `List&&`: it is moved from if the list is.
template <list List>
using forwarded_element =
    std::conditional_t<std::is_lvalue_reference_v<List>, element_of<List>&, element_of<List>>;

template <class List>
concept list_of_operations = list<List> && operation<forwarded_element<List>>;

template <list_of_operations List>
auto as_tasks(List&& whats) {
  using what = forwarded_element<List>;
  list_of<List, decltype(as_task(std::declval<what>()))> tasks;
  reserve(tasks, whats.size());
  for (auto& each : whats)
    tasks.push_back(as_task(std::forward<what>(each)));
  return tasks;
}

}  // namespace internal

// Runs the tasks concurrently, on this worker and on any that are idle, and resumes when all have
// ended. Gives their results in the order of the arguments: a tuple (std::monostate for void), or
// nothing if all are void.
//
// If one fails, the others are cancelled, all are awaited, and the first failure is thrown; they
// may refer to the frame of the caller, so none outlives it. Cancelling the caller cancels all of
// them. Allocates nothing. Throws usage_error if a task is empty.
template <class... Ts>
internal::gathered_tuple<Ts...> gather(task<Ts>... tasks MAGPIE_LIFETIMEBOUND) {
  return internal::gathered_tuple<Ts...>(std::move(tasks)...);
}

// The same if some of them are no tasks, but something else that can be awaited: a sleep, the end
// of a spawned task (and not that task: if one of the others fails, only the wait for it is
// cancelled), another gather, a read. What has a name is referred to. Allocates a frame for each of
// those.
template <class... Whats>
  requires(internal::task_or_operation<Whats> && ...) && (internal::operation<Whats> || ...)
auto gather(Whats&&... whats) {
  return gather(as_task(std::forward<Whats>(whats))...);
}

// The same for an array of tasks. Gives an array (of std::reference_wrapper for references), or
// nothing for void. Allocates nothing.
template <class T, std::size_t Size>
auto gather(std::array<task<T>, Size>&& tasks) {
  return internal::gather_array(tasks, std::make_index_sequence<Size>());
}

// The same for what f(0), f(1), ... f(Count - 1) return:
//
//   const std::array<int, 4> loads = co_await gather_n<4>([&](auto i) { return load(id[i]); });
//
// f is called at once. If it is a coroutine itself, it has to outlive the await, as it does where
// it has a name or stands in the same expression.
template <std::size_t Count, std::invocable<std::size_t> Function>
auto gather_n(Function&& f MAGPIE_LIFETIMEBOUND) {
  using called = std::invoke_result_t<Function&, std::size_t>;
  static_assert(internal::task_or_operation<called>,
                "magpie: gather_n<n>(f) gathers what f(0), f(1), ... return, which has to be tasks "
                "or what else can be awaited");
  return internal::gather_calls(f, std::make_index_sequence<Count>());
}

// The same for a list of tasks, a std::vector or an inplace_vector, as an rvalue. Gives a list of
// the same kind (of std::reference_wrapper for references), or nothing for void. A vector allocates
// room for the results.
template <internal::list_of_tasks List>
internal::gathered_many<std::remove_cvref_t<List>> gather(List&& tasks) {
  static_assert(!std::is_lvalue_reference_v<List>,
                "magpie: a task runs once, so gather takes the list; "
                "write gather(std::move(tasks))");
  return internal::gathered_many<std::remove_cvref_t<List>>(std::forward<List>(tasks));
}

// The same for a list of anything else that can be awaited: the handles of spawned tasks, say. An
// lvalue is referred to, with its elements.
template <internal::list_of_operations List>
auto gather(List&& whats) {
  return gather(internal::as_tasks(std::forward<List>(whats)));
}

// gather(return_exceptions, ...): no failure cancels the others; all run to their ends. Gives an
// outcome for each. Cancelling the caller cancels all of them, and throws `cancelled`. Allocates a
// frame for each.
struct return_exceptions_t {
  explicit return_exceptions_t() = default;
};
inline constexpr return_exceptions_t return_exceptions{};

template <class... Ts>
internal::gathered_tuple<outcome<Ts>...> gather(return_exceptions_t /*how*/, task<Ts>... tasks) {
  return gather(outcome_of(std::move(tasks))...);
}

template <class... Whats>
  requires(internal::task_or_operation<Whats> && ...) && (internal::operation<Whats> || ...)
auto gather(return_exceptions_t /*how*/, Whats&&... whats) {
  return gather(outcome_of(std::forward<Whats>(whats))...);
}

template <internal::list_of_tasks List>
auto gather(return_exceptions_t /*how*/, List&& tasks) {
  static_assert(!std::is_lvalue_reference_v<List>,
                "magpie: a task runs once, so gather takes the list; "
                "write gather(return_exceptions, std::move(tasks))");
  using value = typename internal::element_of<List>::value_type;
  internal::list_of<List, task<outcome<value>>> wrapped;
  internal::reserve(wrapped, tasks.size());
  for (task<value>& each : tasks) {
    if (!each.valid()) internal::refuse_empty_task();
    wrapped.push_back(outcome_of(std::move(each)));
  }
  return gather(std::move(wrapped));
}

template <internal::list_of_operations List>
auto gather(return_exceptions_t how, List&& whats) {
  return gather(how, internal::as_tasks(std::forward<List>(whats)));
}

// gather(at_most(n), tasks): the same as gather(tasks) for a vector, with no more than n of them
// begun and not ended at any moment. They begin in order.
struct at_most {
  // Throws usage_error for 0, with which nothing would ever begin.
  explicit at_most(std::size_t tasks) : count(tasks) {
    if (tasks == 0) throw usage_error("magpie: at_most(0) would never begin anything");
  }
  const std::size_t count;
};

namespace internal {

template <class T>
task<> gather_lane(std::vector<task<T>>& tasks, result<T>* results,
                   std::atomic<std::size_t>& next) {
  own_context_awaiter own;
  const context& around = co_await own;
  for (;;) {
    const std::size_t mine = next.fetch_add(1);
    if (mine >= tasks.size()) break;
    if (around.cancelled()) throw cancelled();
    if constexpr (std::is_void_v<T>) {
      co_await std::move(tasks[mine]);
    } else if constexpr (std::is_reference_v<T>) {
      T value = co_await std::move(tasks[mine]);
      results[mine].emplace(value);
    } else {
      T value = co_await std::move(tasks[mine]);
      results[mine].emplace(std::move(value));
    }
  }
}

template <class T>
struct gathered_values {
  using type = std::vector<typename vector_element<T>::type>;
};
template <>
struct gathered_values<void> {
  using type = void;
};

}  // namespace internal

template <class T>
auto gather(at_most limit, std::vector<task<T>> tasks)
    -> task<typename internal::gathered_values<T>::type> {
  for (const task<T>& each : tasks) {
    if (!each.valid()) internal::refuse_empty_task();
  }
  const auto results = std::make_unique<internal::result<T>[]>(tasks.size());
  std::atomic<std::size_t> next{0};
  try {
    std::vector<task<>> lanes;
    const std::size_t most = limit.count < tasks.size() ? limit.count : tasks.size();
    for (std::size_t i = most; i > 0; --i)
      lanes.push_back(internal::gather_lane(tasks, results.get(), next));
    co_await gather(std::move(lanes));
  } catch (...) {
    for (task<T>& each : tasks)
      each.discard();  // What has not begun never will.
    throw;
  }
  if constexpr (!std::is_void_v<T>) {
    typename internal::gathered_values<T>::type values;
    values.reserve(tasks.size());
    for (std::size_t i = 0; i < tasks.size(); ++i)
      values.push_back(results[i].take());
    co_return values;
  }
}

template <internal::operation What>
MAGPIE_COROUTINE_WRAPPER auto gather(at_most limit, std::vector<What>&& whats) {
  return gather(limit, internal::as_tasks(std::move(whats)));
}
template <class What>
  requires internal::operation<What&>
MAGPIE_COROUTINE_WRAPPER auto gather(at_most limit, std::vector<What>& whats) {
  return gather(limit, internal::as_tasks(whats));
}

namespace internal {

// Among them one that is meant for gather(), but not what it takes.
template <class... Things>
concept not_gatherable =
    (!task_or_operation<Things> || ...) &&
    ((task_or_operation<Things> || like_function<std::remove_cvref_t<Things>>) || ...);

}  // namespace internal

// Anything else: does not compile, and says what to write.
template <class... Things>
  requires(!std::is_same_v<std::remove_cvref_t<Things>, return_exceptions_t> && ...) &&
          (!std::is_same_v<std::remove_cvref_t<Things>, at_most> && ...) &&
          internal::not_gatherable<Things...>
void gather(Things&&... /*things*/) {
  static_assert((!internal::like_function<std::remove_cvref_t<Things>> && ...),
                "magpie: gather() was given a function and not what it returns; call it: "
                "gather(f(), g())");
  static_assert((internal::task_or_operation<Things> && ...),
                "magpie: gather() takes tasks and what else can be awaited, or one std::vector of "
                "them");
}

}  // namespace magpie

#endif  // MAGPIE_RUNTIME_GATHER_H_
