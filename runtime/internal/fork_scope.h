// Several children that one coroutine waits for together: the heart of gather.
#ifndef MAGPIE_RUNTIME_INTERNAL_FORK_SCOPE_H_
#define MAGPIE_RUNTIME_INTERNAL_FORK_SCOPE_H_

#include <atomic>
#include <cstdint>

#include "magpie/runtime/internal/context.h"
#include "magpie/runtime/internal/join.h"
#include "magpie/runtime/internal/promise.h"
#include "magpie/runtime/internal/result.h"

namespace magpie::internal {

// Lives in the frame of the parent, which does not go on before all children have arrived.
struct fork_scope {
  fork_scope(promise_base& who, worker& here, fork_scope* around, std::uint32_t children)
      : parent(&who), owner(&here), outer(around), join(children), scope(*who.context) {}

  promise_base* const parent;
  worker* const owner;      // The worker that forked.
  fork_scope* const outer;  // The fork of the same worker that this one runs inside.
  bool merged = false;      // Owner only. Whether the owner has left it.
  internal::join<> join;
  context scope;  // What the children run under.
  // Any thread. The first child that failed; its failure cancels the others.
  std::atomic<const result_base*> first_failed{nullptr};
};

}  // namespace magpie::internal

#endif  // MAGPIE_RUNTIME_INTERNAL_FORK_SCOPE_H_
