// Where coroutine frames come from: each worker keeps the frames that ended on it, by size, and
// hands them out again. fork_join/fib takes 1.8 times as long with malloc alone.
//
// Every block is one allocation of the global operator new. So a frame may end on any thread,
// a block that one worker has too many of simply goes back, and nothing has to be replaced in
// malloc.
#ifndef MAGPIE_RUNTIME_INTERNAL_FRAME_CACHE_H_
#define MAGPIE_RUNTIME_INTERNAL_FRAME_CACHE_H_

#include <array>
#include <cstddef>
#include <new>

namespace magpie::internal {

// Not synchronised: belongs to one worker.
class frame_cache {
 public:
  frame_cache() noexcept;
  frame_cache(const frame_cache&) = delete;
  frame_cache& operator=(const frame_cache&) = delete;
  ~frame_cache();

  void* allocate(std::size_t bytes) {
    const std::size_t size = size_class(bytes);
    if (size >= classes) [[unlikely]]
      return take(bytes);
    block* first = free_[size];
    if (first == nullptr) [[unlikely]]
      return take(rounded(size));
    free_[size] = first->next;
    return first;
  }

  void deallocate(void* frame, std::size_t bytes) noexcept {
    const std::size_t size = size_class(bytes);
    if (size >= classes) [[unlikely]]
      return give_back(frame);
    block* next = free_[size];
    // The length of each list is kept in its blocks: counting in the cache itself would add a
    // read-modify-write to every allocation as well.
    free_[size] = new (frame) block{next, next == nullptr ? 1 : next->length + 1};
  }

  // The same, and nothing is kept.
  void* take(std::size_t bytes);
  void give_back(void* frame) noexcept;

  // Gives back what exceeds the limit. Called by the worker's loop now and then, not per frame.
  void trim() noexcept;

  // What a thread that is no worker allocates must fit what a worker takes into its lists.
  static void* allocate_outside(std::size_t bytes);
  static void deallocate_outside(void* frame) noexcept;

  // A block that was made or has gone is not a frame.
  void count_other(std::ptrdiff_t change) noexcept { others_ += change; }
  static void count_other_outside(std::ptrdiff_t change) noexcept;

  // Any thread. How many frames there are in the whole process; for leak checks. While caches
  // exist, what they hold is not in it: nothing is counted where a frame is made.
  struct census {
    std::ptrdiff_t frames = 0;
    std::ptrdiff_t caches = 0;
  };
  static census count() noexcept;

 private:
  struct block {
    block* next;
    std::size_t length;  // Of the list that starts here.
  };

  static constexpr std::size_t granularity = 32;
  static constexpr std::size_t classes = 33;  // Up to 1,024 bytes; class 0 is not used.
  static constexpr std::size_t most_kept_bytes = std::size_t{256} * 1024;  // Of each class.

  static constexpr std::size_t size_class(std::size_t bytes) {
    return (bytes + granularity - 1) / granularity;
  }
  static constexpr std::size_t rounded(std::size_t size) { return size * granularity; }

  block* release(block* first, std::size_t count) noexcept;

  std::array<block*, classes> free_{};
  std::ptrdiff_t taken_ = 0;   // Blocks from operator new, without those that went back there.
  std::ptrdiff_t others_ = 0;  // Of all blocks.
};

}  // namespace magpie::internal

#endif  // MAGPIE_RUNTIME_INTERNAL_FRAME_CACHE_H_
