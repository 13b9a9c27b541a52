// task_group: tasks that are started one by one, and end together.
//
//   co_await with_task_group([&](task_group& group) -> task<> {
//     for (const std::string& url : urls)
//       group.spawn(fetch(url)).detach();  // The group waits for it all the same.
//   });
#ifndef MAGPIE_RUNTIME_TASK_GROUP_H_
#define MAGPIE_RUNTIME_TASK_GROUP_H_

#include <concepts>
#include <coroutine>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <source_location>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "magpie/runtime/error.h"
#include "magpie/runtime/internal/group.h"
#include "magpie/runtime/spawn.h"
#include "magpie/runtime/task.h"

namespace magpie {

// What a group throws when its body or children have failed: all their errors. Copying it neither
// allocates nor throws.
class task_group_error : public std::exception {
 public:
  explicit task_group_error(std::vector<std::exception_ptr> errors);

  // Never empty. The body's first, then the children's in the order of their ends.
  const std::vector<std::exception_ptr>& errors() const noexcept { return said_->errors; }

  // How many there are, and their messages.
  const char* what() const noexcept override { return said_->message.c_str(); }

 private:
  struct contents {
    std::vector<std::exception_ptr> errors;
    std::string message;
  };
  std::shared_ptr<const contents> said_;
};

class task_group;

namespace internal {

template <class Body>
using body_of_group = std::invoke_result_t<Body&, task_group&>;

template <class T>
class group_runner;

}  // namespace internal

// What the body of with_task_group() is given. Any thread may use it while the body or a child
// runs: so a child may spawn siblings.
class task_group {
 public:
  task_group(const task_group&) = delete;
  task_group& operator=(const task_group&) = delete;

  // Starts `what` as a child, on the runtime of the group. It may refer to what outlives the group.
  // The handle can be used as that of any spawned task, and dropped: the group waits for the child
  // and throws what it throws. Once the group is cancelled, so is a new child from its start: it
  // runs until it suspends. Throws usage_error for an empty task, `stopped` when the runtime is
  // shutting down, std::bad_alloc.
  template <class T>
  join_handle<T> spawn(task<T> what MAGPIE_LIFETIMEBOUND, std::string name = {},
                       std::source_location where = std::source_location::current()) {
    return internal::spawn_access::spawn(*this, std::move(what), std::move(name), where);
  }
  // The same for anything else that can be awaited (as_task.h).
  template <internal::operation What>
  auto spawn(What&& what, std::string name = {},
             std::source_location where = std::source_location::current()) {
    return spawn(internal::own_task(std::forward<What>(what)), std::move(name), where);
  }

  template <class What, class... Others>
    requires(!internal::task_or_operation<What>)
  join_handle<> spawn(What&& /*what*/, Others&&... /*others*/) {
    internal::say_what_spawn_takes<What>();
    return {};
  }

  // Cancels the body and all children. Does not wait for them.
  void cancel() noexcept { group_.cancel(); }
  bool cancel_requested() const noexcept { return group_.cancel_requested(); }

  // Children that have not ended.
  std::size_t size() const noexcept { return group_.size(); }

 private:
  friend internal::spawn_access;
  template <class T>
  friend class internal::group_runner;

  task_group() = default;
  ~task_group() = default;

  internal::group group_;
};

namespace internal {

template <class T>
join_handle<T> spawn_access::spawn(task_group& into, task<T> what, std::string&& name,
                                   std::source_location where, const std::shared_ptr<place>* at) {
  group& of = into.group_;
  return spawn(of.owner(), std::move(what), std::move(name), where, {&of, at});
}

// The body runs under the scope of the group.
template <class T>
class group_body_awaiter {
 public:
  group_body_awaiter(group& around, task<T> body)
      : around_(around), child_(task_access::release(body)) {}

  static bool await_ready() noexcept { return false; }
  template <class Parent>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<Parent> parent) noexcept {
    return child_.start(parent.promise(), around_.body_scope());
  }
  T await_resume() { return child_.await_resume(); }

 private:
  group& around_;
  task_awaiter<T> child_;
};

struct group_opening {
  group& opened;
  static bool await_ready() noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> who) noexcept {
    opened.open(who.promise());
    return false;
  }
  static void await_resume() noexcept {}
};

template <class T>
class group_runner {
 public:
  template <class Body>
  static task<T> run(Body body) {
    task_group all;
    group& children = all.group_;
    group_opening opening{children};
    co_await opening;
    result<T> value;
    try {
      group_body_awaiter<T> running(children, body(all));
      if constexpr (std::is_void_v<T>) {
        co_await running;
        value.emplace();
      } else {
        value.emplace(co_await running);
      }
    } catch (...) {
      children.body_failed(std::current_exception());
    }
    group_join first(children, true);
    const bool undisturbed = co_await first;
    if (!undisturbed) {
      children.cancel();
      group_join second(children, false);
      co_await second;
    }
    check(children, undisturbed);
    if constexpr (std::is_void_v<T>) {
      co_return;
    } else {
      co_return value.take();
    }
  }

 private:
  static void check(group& ended, bool undisturbed);
};

void throw_if_group_failed(group& ended, bool undisturbed, bool needs_value);

template <class T>
void group_runner<T>::check(group& ended, bool undisturbed) {
  throw_if_group_failed(ended, undisturbed, !std::is_void_v<T>);
}

}  // namespace internal

// co_await with_task_group(body): calls body(group), which makes a task, runs that in the place of
// the caller, and waits until it and all children have ended. Gives what the body returns.
//
// If the body or a child fails, the body and all children are cancelled, all are awaited, and
// task_group_error is thrown, also for a single error. A child that ends with `cancelled` because
// its handle was cancelled is no failure. After task_group::cancel() a group without a value
// returns normally; one that lacks its value, because the body has let `cancelled` pass, throws
// `cancelled`. If the caller is cancelled, the body is, and when it has ended, all children; if
// nothing has failed meanwhile, throws `cancelled`. A child may refer to the frame of the caller.
template <class Body>
  requires std::invocable<Body&, task_group&>
MAGPIE_COROUTINE_WRAPPER auto with_task_group(Body body) -> internal::body_of_group<Body> {
  using value = typename internal::body_of_group<Body>::value_type;
  return internal::group_runner<value>::run(std::move(body));
}

}  // namespace magpie

#endif  // MAGPIE_RUNTIME_TASK_GROUP_H_
