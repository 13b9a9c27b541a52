#include "magpie/runtime/internal/frame_cache.h"

namespace magpie::internal {

frame_cache::~frame_cache() {
  for (block* first : free_) {
    if (first != nullptr) release(first, first->length);
  }
}

void frame_cache::trim() noexcept {
  for (std::size_t size = 1; size < classes; ++size) {
    block*& first = free_[size];
    const std::size_t limit = most_kept_bytes / rounded(size);
    // Down to half, so that a worker at the limit does not come back for one block each time.
    if (first != nullptr && first->length > limit)
      first = release(first, first->length - limit / 2);
  }
}

// Frees the first `count` blocks and returns the rest.
frame_cache::block* frame_cache::release(block* first, std::size_t count) noexcept {
  while (count-- > 0) {
    block* next = first->next;
    ::operator delete(first);
    first = next;
  }
  return first;
}

}  // namespace magpie::internal
