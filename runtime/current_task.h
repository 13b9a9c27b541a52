// What a task can learn about itself, and about the others.
//
//   const task_info self = co_await current_task();
//   log(self.name, self.deadline - clock::now());
//
//   for (const task_info& each : all_tasks())
//     if (each.waits_at) log(each.name, "waits at", each.waits_at->line());
#ifndef MAGPIE_RUNTIME_CURRENT_TASK_H_
#define MAGPIE_RUNTIME_CURRENT_TASK_H_

#include <cstdint>
#include <optional>
#include <source_location>
#include <string>
#include <vector>

#include "magpie/runtime/clock.h"
#include "magpie/runtime/internal/own_context.h"

namespace magpie {

struct task_info {
  // Of the spawned task that the caller belongs to; children of a gather belong to the task of
  // their parent. Those of run() are called "main".
  std::uint64_t id = 0;
  std::string name;
  std::source_location spawned_at;
  // Of the task whose task_group it is a child of; 0 if it is none.
  std::uint64_t parent_id = 0;
  // The earliest of the time limits around the caller, inherited ones among them;
  // time_point::max() if there is none. From outside: of those that the task has inherited.
  clock::time_point deadline = clock::time_point::max();
  // Whether the next suspension will throw `cancelled`, and what join_handle::cancel() was told.
  bool cancelled = false;
  std::string cancel_reason;
  // Where one of its coroutines waits for something outside the task, if one does.
  std::optional<std::source_location> waits_at;
};

class runtime;

namespace internal {

class task_info_awaiter : public own_context_awaiter {
 public:
  task_info await_resume() const;
};

class [[nodiscard("current_task does nothing until it is awaited")]] current_task_request {
 public:
  task_info_awaiter operator co_await() const noexcept { return {}; }
};

}  // namespace internal

// co_await current_task(): the task of the caller, as it is now. Never suspends, and is no point of
// cancellation. Allocates only for a long name.
inline internal::current_task_request current_task() noexcept {
  return {};
}

// The tasks that have been spawned on the runtime and have not ended, in no order; out of date at
// once. Takes the locks of all of them, one after the other. The first form: on a worker; throws
// usage_error elsewhere. The second: on any thread. Both throw std::bad_alloc.
std::vector<task_info> all_tasks();
std::vector<task_info> all_tasks(runtime& of);

}  // namespace magpie

#endif  // MAGPIE_RUNTIME_CURRENT_TASK_H_
