#include "magpie/runtime/resource_pool.h"

namespace magpie {

resource_pool_options& resource_pool_options::max_size(std::size_t most) {
  if (most == 0) throw usage_error("magpie: a resource_pool has room for at least one resource");
  limits_.max_size = most;
  return *this;
}

resource_pool_options& resource_pool_options::set(clock::duration& which, clock::duration limit) {
  if (limit <= clock::duration::zero()) {
    throw usage_error("magpie: the times of a resource_pool are more than zero");
  }
  which = limit;
  return *this;
}

}  // namespace magpie
