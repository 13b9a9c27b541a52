#include "magpie/runtime/internal/frame_cache.h"

#include <atomic>

namespace magpie::internal {
namespace {

// Of threads that are no workers, and of the caches that have gone.
std::atomic<std::ptrdiff_t> blocks_outside{0};
std::atomic<std::ptrdiff_t> others_outside{0};
std::atomic<std::ptrdiff_t> caches{0};

}  // namespace

frame_cache::frame_cache() noexcept {
  ++caches;
}

frame_cache::~frame_cache() {
  for (block* first : free_) {
    if (first != nullptr) release(first, first->length);
  }
  blocks_outside += taken_;
  others_outside += others_;
  --caches;
}

void* frame_cache::take(std::size_t bytes) {
  void* const taken = ::operator new(bytes);
  ++taken_;
  return taken;
}

void frame_cache::give_back(void* frame) noexcept {
  ::operator delete(frame);
  --taken_;
}

void* frame_cache::allocate_outside(std::size_t bytes) {
  const std::size_t size = size_class(bytes);
  void* const taken = ::operator new(size >= classes ? bytes : rounded(size));
  ++blocks_outside;
  return taken;
}

void frame_cache::deallocate_outside(void* frame) noexcept {
  ::operator delete(frame);
  --blocks_outside;
}

void frame_cache::count_other_outside(std::ptrdiff_t change) noexcept {
  others_outside += change;
}

frame_cache::census frame_cache::count() noexcept {
  // Caches first: one that goes meanwhile has its blocks counted.
  const std::ptrdiff_t existing = caches.load();
  return {blocks_outside.load() - others_outside.load(), existing};
}

void frame_cache::trim() noexcept {
  for (std::size_t size = 1; size < classes; ++size) {
    block*& first = free_[size];
    if (first == nullptr) continue;
    const std::size_t limit = most_kept_bytes / rounded(size);
    // Down to half, so that a worker at the limit does not come back for one block each time.
    if (first->length > limit) [[unlikely]]
      first = release(first, first->length - limit / 2);
  }
}

// Frees the first `count` blocks and returns the rest.
frame_cache::block* frame_cache::release(block* first, std::size_t count) noexcept {
  while (count-- > 0) {
    block* next = first->next;
    give_back(first);
    first = next;
  }
  return first;
}

}  // namespace magpie::internal
