#include "magpie/runtime/budget.h"

#include "magpie/runtime/internal/current_worker.h"
#include "magpie/runtime/internal/worker.h"

namespace magpie {

bool spend_budget() noexcept {
  // 64 operations in a turn of 1024.
  constexpr int cost_of_operation = 16;
  internal::worker* here = internal::current_worker();
  return here == nullptr || here->spend(cost_of_operation);
}

}  // namespace magpie
