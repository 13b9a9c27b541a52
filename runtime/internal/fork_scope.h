// Several children that one coroutine waits for together: the heart of gather.
#ifndef MAGPIE_RUNTIME_INTERNAL_FORK_SCOPE_H_
#define MAGPIE_RUNTIME_INTERNAL_FORK_SCOPE_H_

#include <cstdint>
#include <memory>

#include "magpie/runtime/internal/context.h"
#include "magpie/runtime/internal/join.h"
#include "magpie/runtime/internal/promise.h"
#include "magpie/runtime/internal/result.h"

namespace magpie::internal {

// Lives in the frame of the parent, which does not go on before all children have arrived.
struct fork_scope {
  fork_scope(promise_base& who, std::uint32_t children)
      : parent(&who), join(children), scope(*who.context) {}

  promise_base* const parent;
  internal::join<> join;
  context scope;  // What the children run under.
  // Set by the first child that fails, whose failure cancels the others (scope.fail()); then fixed.
  const result_base* first_failure;
};

// Where the scope of a fork is made when it begins. An std::optional that is always set: to ask
// whether it is costs more than to make it (fork_join/fib).
class fork_place {
 public:
  fork_place() noexcept {}
  fork_place(const fork_place&) = delete;
  fork_place& operator=(const fork_place&) = delete;
  ~fork_place() { std::destroy_at(&fork_); }

  fork_scope& begin(promise_base& parent, std::uint32_t children) noexcept {
    return *std::construct_at(&fork_, parent, children);
  }
  fork_scope& operator*() noexcept { return fork_; }

 private:
  union {
    fork_scope fork_;
  };
};

}  // namespace magpie::internal

#endif  // MAGPIE_RUNTIME_INTERNAL_FORK_SCOPE_H_
