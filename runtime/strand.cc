#include "magpie/runtime/strand.h"

#include "magpie/runtime/internal/current_worker.h"
#include "magpie/runtime/internal/strand_place.h"
#include "magpie/runtime/internal/worker.h"

namespace magpie {

strand::strand() : place_(std::make_shared<internal::strand_place>()) {}

bool strand::running_here() const noexcept {
  const internal::worker* here = internal::current_worker();
  if (here == nullptr) return false;
  const internal::task_record* running = here->running();
  return running != nullptr && running->place() == place_.get();
}

}  // namespace magpie
