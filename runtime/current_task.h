// What a task can learn about itself.
//
//   const task_info self = co_await current_task();
//   log(self.name, self.deadline - clock::now());
#ifndef MAGPIE_RUNTIME_CURRENT_TASK_H_
#define MAGPIE_RUNTIME_CURRENT_TASK_H_

#include <cstdint>
#include <source_location>
#include <string>

#include "magpie/runtime/clock.h"
#include "magpie/runtime/internal/own_context.h"

namespace magpie {

struct task_info {
  // Of the spawned task that the caller belongs to; children of a gather belong to the task of
  // their parent. Those of run() are called "main".
  std::uint64_t id = 0;
  std::string name;
  std::source_location spawned_at;
  // The earliest of the time limits around the caller, inherited ones among them;
  // time_point::max() if there is none.
  clock::time_point deadline = clock::time_point::max();
  // Whether the next suspension will throw `cancelled`, and what join_handle::cancel() was told.
  bool cancelled = false;
  std::string cancel_reason;
};

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

}  // namespace magpie

#endif  // MAGPIE_RUNTIME_CURRENT_TASK_H_
