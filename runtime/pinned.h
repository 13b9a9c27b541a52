// spawn_pinned: a task that stays on one worker, for code that needs one thread: a library that
// keeps its state in thread-locals, or asks who calls.
//
//   join_handle<> frame = spawn_pinned(draw(), "draw");   // All of it on the caller's thread.
//
// Tasks that are pinned to the same worker never run at the same time; strand.h has that without
// the thread. No other worker runs them, so a task that keeps this one delays all of them; one that
// steals them hands them back, which costs both something.
#ifndef MAGPIE_RUNTIME_PINNED_H_
#define MAGPIE_RUNTIME_PINNED_H_

#include <cstddef>
#include <memory>
#include <source_location>
#include <string>
#include <utility>

#include "magpie/runtime/internal/place.h"
#include "magpie/runtime/spawn.h"
#include "magpie/runtime/task.h"

namespace magpie {

class runtime;

// The number of the worker that the caller runs on, below runtime::workers(). A task that is not
// pinned may go on on another one after each suspension. Throws usage_error on a thread that is no
// worker.
std::size_t current_worker_number();

namespace internal {

// The worker with this number, which the scheduler keeps. Throws std::out_of_range.
std::shared_ptr<place> place_of_worker(scheduler& of, std::size_t number);

}  // namespace internal

// As runtime::spawn(), on any thread: starts a task all of whose turns run on the thread of that
// worker, with the children of its gather(), its calls of on_end() and what it awaits; but not what
// it spawns, the children of its task groups, and the functions that it gives to cpu() and
// blocking(). Throws std::out_of_range if there is no such worker.
template <internal::task_or_operation What>
auto spawn_pinned(runtime& on, std::size_t worker, What&& what, std::string name = {},
                  std::source_location where = std::source_location::current()) {
  internal::scheduler& owner = internal::scheduler_of(on);
  const auto place = internal::place_of_worker(owner, worker);
  return internal::spawn_access::spawn(owner, internal::own_task(std::forward<What>(what)),
                                       std::move(name), where, {.at = &place});
}

// The same on a worker, in its own runtime. Throws usage_error on another thread.
template <internal::task_or_operation What>
auto spawn_pinned(std::size_t worker, What&& what, std::string name = {},
                  std::source_location where = std::source_location::current()) {
  internal::scheduler& owner = internal::scheduler_for_spawn();
  const auto place = internal::place_of_worker(owner, worker);
  return internal::spawn_access::spawn(owner, internal::own_task(std::forward<What>(what)),
                                       std::move(name), where, {.at = &place});
}

// The same, pinned to the worker that the caller runs on now.
template <internal::task_or_operation What>
auto spawn_pinned(What&& what, std::string name = {},
                  std::source_location where = std::source_location::current()) {
  return spawn_pinned(current_worker_number(), std::forward<What>(what), std::move(name), where);
}

}  // namespace magpie

#endif  // MAGPIE_RUNTIME_PINNED_H_
