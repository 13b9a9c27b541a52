// strand: tasks that never run at the same time.
//
//   strand accounts;                       // What they share needs no lock, between two awaits.
//   accounts.spawn(transfer(a, b), "rent").detach();
//   accounts.spawn(transfer(b, c), "food").detach();
//
// Between two suspensions a task of a strand has the others of that strand to itself, as every task
// of asyncio has all others. At each suspension another may go on: what has to hold across a
// co_await needs a mutex, there as here. (Boost.Asio: strand.)
#ifndef MAGPIE_RUNTIME_STRAND_H_
#define MAGPIE_RUNTIME_STRAND_H_

#include <exception>
#include <memory>
#include <source_location>
#include <string>
#include <utility>

#include "magpie/runtime/internal/place.h"
#include "magpie/runtime/spawn.h"
#include "magpie/runtime/task.h"
#include "magpie/runtime/task_group.h"

namespace magpie {

class runtime;

// Any thread. A copy is the same strand, which lives as long as a copy or one of its tasks.
class strand {
 public:
  // Allocates.
  strand();
  strand(const strand&) = default;  // There is no empty one: a move is a copy.
  strand& operator=(const strand&) = default;
  ~strand() = default;

  // As magpie::spawn(): starts a task of this strand, on a worker. Turns are taken in the order in
  // which workers come to those that are ready. The children of its gather(), its calls of on_end()
  // and what it awaits belong to it; what it spawns, the children of its task groups, and the
  // functions that it gives to cpu() and blocking() do not.
  template <internal::task_or_operation What>
  auto spawn(What&& what, std::string name = {},
             std::source_location where = std::source_location::current()) const {
    return internal::spawn_access::spawn(internal::scheduler_for_spawn(),
                                         internal::own_task(std::forward<What>(what)),
                                         std::move(name), where, {.at = &place_});
  }

  // As runtime::spawn(), on any thread.
  template <internal::task_or_operation What>
  auto spawn(runtime& on, What&& what, std::string name = {},
             std::source_location where = std::source_location::current()) const {
    return internal::spawn_access::spawn(internal::scheduler_of(on),
                                         internal::own_task(std::forward<What>(what)),
                                         std::move(name), where, {.at = &place_});
  }

  // As task_group::spawn(): a child of that group.
  template <internal::task_or_operation What>
  auto spawn(task_group& into, What&& what, std::string name = {},
             std::source_location where = std::source_location::current()) const {
    return internal::spawn_access::spawn(into, internal::own_task(std::forward<What>(what)),
                                         std::move(name), where, &place_);
  }

  // Runs `what` as a task of this strand, waits for it, and gives its result or throws what it
  // throws. If the caller is cancelled, so is that task, and then awaited. Inside a task of the
  // same strand too, where it only costs time.
  template <internal::task_or_operation What>
  MAGPIE_KEEPING_WRAPPER auto run(
      What&& what, std::string name = {},
      std::source_location where = std::source_location::current()) const;

  // Whether the calling task is one of this strand. Any thread.
  bool running_here() const noexcept;

  friend bool operator==(const strand&, const strand&) = default;

 private:
  std::shared_ptr<internal::place> place_;
};

namespace internal {

// `kept` is a parameter, so that the strand lives as long as the call.
template <class T>
task<T> run_in_strand(strand kept, task<T> what, std::string name, std::source_location where) {
  auto body = [&](task_group& group) -> task<T> {
    join_handle<T> child = kept.spawn(group, std::move(what), std::move(name), where);
    co_return co_await child;
  };
  std::exception_ptr failed;
  try {
    co_return co_await with_task_group(std::move(body));
  } catch (const task_group_error& error) {
    failed = error.errors().front();
  }
  std::rethrow_exception(std::move(failed));
}

}  // namespace internal

template <internal::task_or_operation What>
MAGPIE_KEEPING_WRAPPER auto strand::run(What&& what, std::string name,
                                        std::source_location where) const {
  return internal::run_in_strand(*this, as_task(std::forward<What>(what)), std::move(name), where);
}

}  // namespace magpie

#endif  // MAGPIE_RUNTIME_STRAND_H_
