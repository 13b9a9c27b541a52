#include "magpie/runtime/internal/frame_cache.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <random>
#include <thread>
#include <vector>

#include "magpie/tests/runtime/allocations.h"

namespace magpie::testing {
namespace frame_cache_test {

using internal::frame_cache;
using internal::frame_depot;

constexpr int too_many = 10'000;  // Of 64 bytes: more than a cache keeps and a depot takes.

std::vector<void*> allocate_from(frame_cache& from, int count) {
  std::vector<void*> frames(static_cast<std::size_t>(count));
  for (void*& frame : frames)
    frame = from.allocate(64);
  return frames;
}

void deallocate_in(frame_cache& in, const std::vector<void*>& frames) {
  for (void* frame : frames)
    in.deallocate(frame, 64);
}

TEST(frame_cache_test, hands_out_again_what_came_back) {
  frame_cache cache;
  void* first = cache.allocate(100);
  cache.deallocate(first, 100);
  EXPECT_EQ(cache.allocate(100), first);
  cache.deallocate(first, 100);
}

TEST(frame_cache_test, the_newest_first) {
  frame_cache cache;
  void* a = cache.allocate(64);
  void* b = cache.allocate(64);
  cache.deallocate(a, 64);
  cache.deallocate(b, 64);
  EXPECT_EQ(cache.allocate(64), b);
  EXPECT_EQ(cache.allocate(64), a);
  cache.deallocate(a, 64);
  cache.deallocate(b, 64);
}

TEST(frame_cache_test, sizes_of_one_class_share_blocks_and_others_do_not) {
  frame_cache cache;
  void* block = cache.allocate(33);
  cache.deallocate(block, 33);
  void* larger = cache.allocate(65);
  EXPECT_NE(larger, block);
  void* same_class = cache.allocate(64);
  EXPECT_EQ(same_class, block);
  cache.deallocate(same_class, 64);
  cache.deallocate(larger, 65);
}

TEST(frame_cache_test, every_size_is_writable_from_end_to_end) {
  frame_cache cache;
  for (int round = 0; round < 2; ++round) {
    for (std::size_t bytes = 16; bytes <= 1200; ++bytes) {
      void* frame = cache.allocate(bytes);
      std::memset(frame, 0x5a, bytes);
      cache.deallocate(frame, bytes);
    }
  }
}

TEST(frame_cache_test, large_frames_are_not_kept) {
  MAGPIE_NEEDS_COUNTED_ALLOCATIONS();
  const std::ptrdiff_t before = allocations::live();
  frame_cache cache;
  void* large = cache.allocate(1025);
  EXPECT_EQ(allocations::live(), before + 1);
  cache.deallocate(large, 1025);
  EXPECT_EQ(allocations::live(), before);
}

TEST(frame_cache_test, takes_blocks_from_outside) {
  frame_cache cache;
  for (const std::size_t bytes : {1U, 40U, 1024U}) {
    void* outside = frame_cache::allocate_outside(bytes);
    cache.deallocate(outside, bytes);
    // As large as every other of its class.
    const std::size_t rounded = (bytes + 31) / 32 * 32;
    void* again = cache.allocate(rounded);
    EXPECT_EQ(again, outside);
    std::memset(again, 0x5a, rounded);
    frame_cache::deallocate_outside(again);
  }
}

TEST(frame_cache_test, trim_keeps_what_is_below_the_limit) {
  MAGPIE_NEEDS_COUNTED_ALLOCATIONS();
  frame_cache cache;
  std::vector<void*> frames(4096);  // Of 64 bytes: 256 KiB, the limit.
  for (void*& frame : frames)
    frame = cache.allocate(64);
  for (void* frame : frames)
    cache.deallocate(frame, 64);
  const std::ptrdiff_t before = allocations::live();
  cache.trim();
  EXPECT_EQ(allocations::live(), before);
}

TEST(frame_cache_test, trim_gives_back_what_exceeds_the_limit) {
  MAGPIE_NEEDS_COUNTED_ALLOCATIONS();
  const std::ptrdiff_t empty = allocations::live();
  frame_cache cache;
  {
    std::vector<void*> frames(10000);
    for (void*& frame : frames)
      frame = cache.allocate(64);
    for (void* frame : frames)
      cache.deallocate(frame, 64);
  }
  EXPECT_EQ(allocations::live(), empty + 10000);
  cache.trim();
  EXPECT_EQ(allocations::live(), empty + 2048);
  // The rest is still whole.
  std::vector<void*> frames(2048);
  for (void*& frame : frames)
    frame = cache.allocate(64);
  EXPECT_EQ(allocations::live(), empty + 2048 + 1);
  for (void* frame : frames)
    cache.deallocate(frame, 64);
}

TEST(frame_cache_test, the_destructor_gives_everything_back) {
  MAGPIE_NEEDS_COUNTED_ALLOCATIONS();
  const std::ptrdiff_t before = allocations::live();
  {
    frame_cache cache;
    for (std::size_t bytes = 1; bytes <= 2000; bytes += 7)
      cache.deallocate(cache.allocate(bytes), bytes);
  }
  EXPECT_EQ(allocations::live(), before);
}

TEST(frame_cache_test, refused_memory_changes_nothing) {
  MAGPIE_NEEDS_COUNTED_ALLOCATIONS();
  frame_cache cache;
  const frame_cache::census before = frame_cache::count();
  {
    const allocations::limit none(0);
    EXPECT_EQ(cache.allocate(64), nullptr);
    EXPECT_EQ(cache.allocate(2000), nullptr);
    EXPECT_EQ(frame_cache::allocate_outside(64), nullptr);
  }
  EXPECT_EQ(frame_cache::count().frames, before.frames);
  void* frame = cache.allocate(64);
  cache.deallocate(frame, 64);
}

// No two frames that live at once overlap.
TEST(frame_cache_test, random_frames_keep_their_contents) {
  struct frame {
    unsigned char* bytes;
    std::size_t size;
    unsigned char pattern;
  };
  std::mt19937 random(1);  // NOLINT(cert-msc51-cpp): a fixed seed.
  std::vector<frame> live;
  frame_cache cache;
  for (int i = 0; i < 50000; ++i) {
    if (live.size() < 100 && random() % 2 == 0) {
      const std::size_t size = 1 + random() % 1500;
      const auto pattern = static_cast<unsigned char>(random());
      auto* bytes = static_cast<unsigned char*>(cache.allocate(size));
      std::fill_n(bytes, size, pattern);
      live.push_back({bytes, size, pattern});
    } else if (!live.empty()) {
      std::swap(live[random() % live.size()], live.back());
      const frame ended = live.back();
      live.pop_back();
      const auto intact = std::count(ended.bytes, ended.bytes + ended.size, ended.pattern);
      ASSERT_EQ(static_cast<std::size_t>(intact), ended.size);
      cache.deallocate(ended.bytes, ended.size);
    }
    if (i % 1000 == 0) cache.trim();
  }
  for (const frame& ended : live)
    cache.deallocate(ended.bytes, ended.size);
}

TEST(frame_depot_test, what_one_cache_has_too_much_of_another_gets) {
  MAGPIE_NEEDS_COUNTED_ALLOCATIONS();
  frame_depot depot;
  frame_cache makes(&depot);
  frame_cache ends(&depot);
  const std::vector<void*> frames = allocate_from(makes, 5000);
  deallocate_in(ends, frames);
  const std::ptrdiff_t before = allocations::live();
  ends.trim();
  EXPECT_EQ(allocations::live(), before);
  // It keeps 2,048 at most, and the others wait for whoever has none.
  const std::vector<void*> again = allocate_from(makes, 5000 - 2048 - 256);
  EXPECT_EQ(allocations::live(), before + 1);  // The vector.
  for (void* frame : again)
    std::memset(frame, 0x5a, 64);
  deallocate_in(ends, again);
}

TEST(frame_depot_test, what_it_does_not_take_is_freed) {
  MAGPIE_NEEDS_COUNTED_ALLOCATIONS();
  frame_depot depot;
  const std::ptrdiff_t empty = allocations::live();
  frame_cache cache(&depot);
  deallocate_in(cache, allocate_from(cache, too_many));
  EXPECT_EQ(allocations::live(), empty + too_many);
  cache.trim();
  // 16 lists of 256 there, and 2,048 here; 2,048 is a whole number of lists, too.
  EXPECT_LE(allocations::live(), empty + 2048 + 16 * 256);
  EXPECT_GE(allocations::live(), empty + 2048 + 16 * 256 - 256);
  // All are whole, wherever they lie, and no frame is given twice.
  std::vector<void*> all = allocate_from(cache, too_many);
  std::ranges::sort(all);
  EXPECT_EQ(std::ranges::adjacent_find(all), all.end());
  deallocate_in(cache, all);
}

TEST(frame_depot_test, sizes_do_not_mix) {
  frame_depot depot;
  frame_cache cache(&depot);
  deallocate_in(cache, allocate_from(cache, too_many));
  cache.trim();
  frame_cache other(&depot);
  void* const larger = other.allocate(1024);
  std::memset(larger, 0x5a, 1024);
  other.deallocate(larger, 1024);
}

TEST(frame_depot_test, it_gives_everything_back) {
  MAGPIE_NEEDS_COUNTED_ALLOCATIONS();
  const std::ptrdiff_t before = allocations::live();
  const frame_cache::census counted = frame_cache::count();
  {
    frame_depot depot;
    frame_cache makes(&depot);
    frame_cache ends(&depot);
    for (int round = 0; round < 3; ++round) {
      deallocate_in(ends, allocate_from(makes, too_many));
      ends.trim();
    }
  }
  EXPECT_EQ(allocations::live(), before);
  EXPECT_EQ(frame_cache::count().frames, counted.frames);
}

// For ThreadSanitizer: both ends at once.
TEST(frame_depot_test, caches_of_two_threads) {
  frame_depot depot;
  const auto use = [&depot] {
    frame_cache cache(&depot);
    for (int round = 0; round < 20; ++round) {
      std::vector<void*> frames = allocate_from(cache, 6000);
      for (void* frame : frames)
        std::memset(frame, round, 64);
      deallocate_in(cache, frames);
      cache.trim();
    }
  };
  std::thread other(use);
  use();
  other.join();
}

// Wherever they are made and end. Exact when there is no cache.
TEST(frame_cache_test, frames_are_counted) {
  const frame_cache::census before = frame_cache::count();
  EXPECT_EQ(before.caches, 0);
  std::vector<void*> left;
  {
    frame_cache one;
    frame_cache other;
    EXPECT_EQ(frame_cache::count().caches, 2);
    for (const std::size_t bytes : {40U, 400U, 4000U}) {
      for (int i = 0; i < 10; ++i) {
        other.deallocate(one.allocate(bytes), bytes);
        one.deallocate(frame_cache::allocate_outside(bytes), bytes);
        frame_cache::deallocate_outside(one.allocate(bytes));
      }
      left.push_back(one.allocate(bytes));
    }
    left.push_back(other.allocate(40));  // A record.
    other.count_other(1);
  }
  EXPECT_EQ(frame_cache::count().caches, 0);
  EXPECT_EQ(frame_cache::count().frames, before.frames + 3);
  for (void* each : left)
    frame_cache::deallocate_outside(each);
  frame_cache::count_other_outside(-1);
  EXPECT_EQ(frame_cache::count().frames, before.frames);
}

}  // namespace frame_cache_test
}  // namespace magpie::testing
