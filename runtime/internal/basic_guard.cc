#include "magpie/runtime/internal/basic_guard.h"

#include "magpie/runtime/error.h"

namespace magpie::internal {

void refuse_unlock() {
  throw usage_error(
      "magpie: unlock() of a guard that holds no lock: it has been unlocked or moved");
}

}  // namespace magpie::internal
