#include "magpie/tests/runtime/allocations.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <new>

namespace magpie::testing {
namespace {

std::atomic<std::ptrdiff_t> live_blocks{0};
constinit thread_local bool limited = false;
constinit thread_local std::size_t left = 0;
constinit thread_local std::size_t refusals_left = 0;
constinit thread_local bool refused = false;

void* take(std::size_t bytes, std::size_t alignment) noexcept {
  if (limited && left > 0) {
    --left;
  } else if (limited && refusals_left > 0) {
    --refusals_left;
    refused = true;
    return nullptr;
  }
  const std::size_t rounded = (std::max<std::size_t>(bytes, 1) + alignment - 1) & ~(alignment - 1);
  void* block = alignment <= alignof(std::max_align_t) ? std::malloc(rounded)
                                                       : std::aligned_alloc(alignment, rounded);
  if (block != nullptr) ++live_blocks;
  return block;
}

void* take_or_throw(std::size_t bytes, std::size_t alignment) {
  void* block = take(bytes, alignment);
  if (block == nullptr) throw std::bad_alloc();
  return block;
}

void give_back(void* block) noexcept {
  if (block != nullptr) --live_blocks;
  std::free(block);
}

}  // namespace

bool allocations::counts() {
  const std::ptrdiff_t before = live_blocks.load();
  void* block = ::operator new(1);
  const bool counted = live_blocks.load() != before;
  ::operator delete(block);
  return counted;
}

std::ptrdiff_t allocations::live() noexcept {
  return live_blocks.load();
}

allocations::limit::limit(std::size_t more, std::size_t refusals) noexcept {
  left = more;
  refusals_left = refusals;
  refused = false;
  limited = true;
}

allocations::limit::~limit() {
  limited = false;
}

bool allocations::limit::was_reached() const noexcept {
  return refused;
}

}  // namespace magpie::testing

using magpie::testing::give_back;
using magpie::testing::take;
using magpie::testing::take_or_throw;

// Weak, because ThreadSanitizer insists on its own.
// clang-format off
[[gnu::weak]] void* operator new(std::size_t n) { return take_or_throw(n, 1); }
[[gnu::weak]] void* operator new[](std::size_t n) { return take_or_throw(n, 1); }
[[gnu::weak]] void* operator new(std::size_t n, std::align_val_t a) { return take_or_throw(n, std::size_t(a)); }
[[gnu::weak]] void* operator new[](std::size_t n, std::align_val_t a) { return take_or_throw(n, std::size_t(a)); }
[[gnu::weak]] void* operator new(std::size_t n, const std::nothrow_t&) noexcept { return take(n, 1); }
[[gnu::weak]] void* operator new[](std::size_t n, const std::nothrow_t&) noexcept { return take(n, 1); }
[[gnu::weak]] void* operator new(std::size_t n, std::align_val_t a, const std::nothrow_t&) noexcept { return take(n, std::size_t(a)); }
[[gnu::weak]] void* operator new[](std::size_t n, std::align_val_t a, const std::nothrow_t&) noexcept { return take(n, std::size_t(a)); }
[[gnu::weak]] void operator delete(void* p) noexcept { give_back(p); }
[[gnu::weak]] void operator delete[](void* p) noexcept { give_back(p); }
[[gnu::weak]] void operator delete(void* p, std::size_t) noexcept { give_back(p); }
[[gnu::weak]] void operator delete[](void* p, std::size_t) noexcept { give_back(p); }
[[gnu::weak]] void operator delete(void* p, std::align_val_t) noexcept { give_back(p); }
[[gnu::weak]] void operator delete[](void* p, std::align_val_t) noexcept { give_back(p); }
[[gnu::weak]] void operator delete(void* p, std::size_t, std::align_val_t) noexcept { give_back(p); }
[[gnu::weak]] void operator delete[](void* p, std::size_t, std::align_val_t) noexcept { give_back(p); }
[[gnu::weak]] void operator delete(void* p, const std::nothrow_t&) noexcept { give_back(p); }
[[gnu::weak]] void operator delete[](void* p, const std::nothrow_t&) noexcept { give_back(p); }
[[gnu::weak]] void operator delete(void* p, std::align_val_t, const std::nothrow_t&) noexcept { give_back(p); }
[[gnu::weak]] void operator delete[](void* p, std::align_val_t, const std::nothrow_t&) noexcept { give_back(p); }
// clang-format on
