#include "magpie/runtime/internal/mutex.h"

namespace magpie::internal {

template class basic_mutex<std::atomic<std::uint32_t>, std_futex>;

}  // namespace magpie::internal
