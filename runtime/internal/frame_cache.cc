#include "magpie/runtime/internal/frame_cache.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <new>

namespace magpie::internal {
namespace {

// Of threads that are no workers, and of the caches that have gone.
std::atomic<std::ptrdiff_t> blocks_outside{0};
std::atomic<std::ptrdiff_t> others_outside{0};
std::atomic<std::ptrdiff_t> caches{0};  // And depots.

void free_all(free_frame* list) noexcept {
  while (list->length != 0) {
    free_frame* const next = list->next;
    ::operator delete(list);
    list = next;
  }
}

// The first `count` of a list that has more, as a list of their own.
free_frame* cut(free_frame*& list, std::size_t count) noexcept {
  free_frame* const first = list;
  free_frame* last = first;
  for (;;) {
    last->length = count--;
    if (count == 0) break;
    last = last->next;
  }
  list = last->next;
  last->next = &no_frame;
  return first;
}

}  // namespace

frame_depot::frame_depot() noexcept {
  ++caches;
}

frame_depot::~frame_depot() {
  std::size_t freed = 0;
  for (const shelf& each : shelves_) {
    for (std::uint32_t i = 0; i < each.count.load(); ++i) {
      freed += each.lists[i]->length;
      free_all(each.lists[i]);
    }
  }
  blocks_outside -= static_cast<std::ptrdiff_t>(freed);
  --caches;
}

bool frame_depot::put(std::size_t size, free_frame* list) noexcept {
  shelf& own = shelves_[size];
  const std::lock_guard lock(lock_);
  const std::uint32_t count = own.count.load();
  if (count == most_lists) return false;
  own.lists[count] = list;
  own.count.store(count + 1);
  return true;
}

free_frame* frame_depot::take(std::size_t size) noexcept {
  shelf& own = shelves_[size];
  // Mostly there is none, and no lock to be taken.
  if (own.count.load() == 0) return nullptr;
  const std::lock_guard lock(lock_);
  const std::uint32_t count = own.count.load();
  if (count == 0) return nullptr;
  own.count.store(count - 1);
  return own.lists[count - 1];
}

frame_cache::frame_cache(frame_depot* depot) noexcept : depot_(depot) {
  free_.fill(&no_frame);
  ++caches;
}

frame_cache::~frame_cache() {
  for (std::size_t size = 1; size < frame_classes::count; ++size) {
    taken_ -= static_cast<std::ptrdiff_t>(free_[size]->length);
    free_all(free_[size]);
  }
  blocks_outside += taken_;
  others_outside += others_;
  --caches;
}

void* frame_cache::refill(std::size_t size) noexcept {
  free_frame* const list = depot_ == nullptr ? nullptr : depot_->take(size);
  if (list == nullptr) return take(frame_classes::bytes(size));
  free_[size] = list->next;
  return list;
}

void* frame_cache::take(std::size_t bytes) noexcept {
  void* const taken = ::operator new(bytes, std::nothrow);
  if (taken != nullptr) ++taken_;
  return taken;
}

void frame_cache::give_back(void* frame) noexcept {
  ::operator delete(frame);
  --taken_;
}

void* frame_cache::allocate_outside(std::size_t bytes) noexcept {
  const std::size_t size = frame_classes::of(bytes);
  void* const taken = ::operator new(
      size >= frame_classes::count ? bytes : frame_classes::bytes(size), std::nothrow);
  if (taken != nullptr) ++blocks_outside;
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
  for (std::size_t size = 1; size < frame_classes::count; ++size) {
    const free_frame* const first = free_[size];
    // Most are empty, and the first frame of a list may not be in the processor's cache.
    if (first == &no_frame) continue;
    // Down to about half, so that a worker at the limit does not come back for one frame each time.
    if (first->length * frame_classes::bytes(size) > most_kept_bytes) [[unlikely]]
      give_away(size, most_kept_bytes / frame_classes::bytes(size) / 2);
  }
}

void frame_cache::give_away(std::size_t size, std::size_t kept) noexcept {
  free_frame*& list = free_[size];
  const std::size_t length = frame_depot::list_length(size);
  while (list->length > kept) {
    const bool whole = depot_ != nullptr && list->length > length;
    const std::size_t count = whole ? length : list->length - kept;
    free_frame* const given = cut(list, count);
    if (whole && depot_->put(size, given)) continue;
    taken_ -= static_cast<std::ptrdiff_t>(count);
    free_all(given);
  }
}

}  // namespace magpie::internal
