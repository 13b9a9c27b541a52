#include "magpie/runtime/budget.h"

#include "magpie/runtime/internal/current_worker.h"
#include "magpie/runtime/internal/worker.h"

namespace magpie {

bool spend_budget() noexcept {
  // 64 operations in a turn of 1024.
  constexpr int cost_of_operation = 16;
  internal::worker* here = internal::current_worker();
  if (here == nullptr) return true;
  // Not spent twice: a caller that does not listen must not bring it to overflow.
  return here->lasts() && here->spend(cost_of_operation);
}

namespace internal {

bool spend_little() noexcept {
  worker& here = *current_worker();
  return here.lasts() && here.spend(1);
}

}  // namespace internal
}  // namespace magpie
