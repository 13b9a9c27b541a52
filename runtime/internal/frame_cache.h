// Where coroutine frames come from: each worker keeps the frames that ended on it, by size, and
// hands them out again. fork_join/fib takes 1.8 times as long with malloc alone.
//
// Every block is one allocation of the global operator new. So a frame may end on any thread,
// a block that nobody wants simply goes back, and nothing has to be replaced in malloc.
//
// Where frames are made on one worker and end on another, the second has ever more of them and the
// first has none. They flow back in lists of many, through a depot: in malloc, whose lock both
// would take for each frame, that takes twice as long (spawn/join_million). The idea is the depot
// of magazines of Bonwick and Adams, "Magazines and Vmem" (2001).
#ifndef MAGPIE_RUNTIME_INTERNAL_FRAME_CACHE_H_
#define MAGPIE_RUNTIME_INTERNAL_FRAME_CACHE_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <new>

#include "magpie/runtime/internal/mutex.h"

namespace magpie::internal {

struct frame_classes {
  static constexpr std::size_t granularity = 32;
  static constexpr std::size_t count = 33;  // Up to 1,024 bytes; class 0 is not used.

  static constexpr std::size_t of(std::size_t bytes) {
    return (bytes + granularity - 1) / granularity;
  }
  static constexpr std::size_t bytes(std::size_t size) { return size * granularity; }
};

// A frame that nobody uses, or the end of a list of them.
struct free_frame {
  free_frame* next;
  std::size_t length;  // Of the list that starts here; 0 at the end.
};

// All lists end here, and not at null, so that a frame that comes back need not ask
// (fork_join/fib). Never written.
inline constinit free_frame no_frame{nullptr, 0};

// Lists of free frames, all of one size, from the caches that have too many for those that have
// none. Any thread.
class frame_depot {
 public:
  frame_depot() noexcept;
  frame_depot(const frame_depot&) = delete;
  frame_depot& operator=(const frame_depot&) = delete;
  ~frame_depot();

  // How many frames a list has.
  static constexpr std::size_t list_length(std::size_t size) {
    return list_bytes / frame_classes::bytes(size);
  }

  // False: there are too many already, and the list is still the caller's.
  bool put(std::size_t size, free_frame* list) noexcept;
  // Null if there is none.
  free_frame* take(std::size_t size) noexcept;

 private:
  static constexpr std::size_t list_bytes = std::size_t{16} * 1024;
  static constexpr std::size_t most_lists = 16;  // Of each size: as much as a worker keeps.

  struct shelf {
    std::atomic<std::uint32_t> count{0};  // Written under the lock.
    std::array<free_frame*, most_lists> lists{};
  };

  mutex lock_;
  std::array<shelf, frame_classes::count> shelves_;
};

// Not synchronised: belongs to one worker.
class frame_cache {
 public:
  // The depot outlives the cache. Without one, what is too much goes back at once.
  explicit frame_cache(frame_depot* depot = nullptr) noexcept;
  frame_cache(const frame_cache&) = delete;
  frame_cache& operator=(const frame_cache&) = delete;
  ~frame_cache();

  // Null if there is no memory.
  void* allocate(std::size_t bytes) noexcept {
    if (void* kept = reuse(bytes)) return kept;
    const std::size_t size = frame_classes::of(bytes);
    return size < frame_classes::count ? refill(size) : take(bytes);
  }

  // Null if there is none here.
  void* reuse(std::size_t bytes) noexcept {
    const std::size_t size = frame_classes::of(bytes);
    if (size >= frame_classes::count) [[unlikely]]
      return nullptr;
    free_frame* const first = free_[size];
    if (first->length == 0) [[unlikely]]
      return nullptr;
    free_[size] = first->next;
    return first;
  }

  void deallocate(void* frame, std::size_t bytes) noexcept {
    const std::size_t size = frame_classes::of(bytes);
    if (size >= frame_classes::count) [[unlikely]]
      return give_back(frame);
    free_frame* const next = free_[size];
    // The length of each list is kept in its blocks: counting in the cache itself would add a
    // read-modify-write to every allocation as well.
    free_[size] = new (frame) free_frame{next, next->length + 1};
  }

  // As allocate() and deallocate(), and nothing is kept.
  void* take(std::size_t bytes) noexcept;
  void give_back(void* frame) noexcept;

  // Gives away what exceeds the limit. Called by the worker's loop now and then, not per frame.
  void trim() noexcept;

  // The same on a thread that is no worker. What it allocates must fit what a worker takes into its
  // lists.
  static void* allocate_outside(std::size_t bytes) noexcept;
  static void deallocate_outside(void* frame) noexcept;

  // A block that was made or has gone is not a frame.
  void count_other(std::ptrdiff_t change) noexcept { others_ += change; }
  static void count_other_outside(std::ptrdiff_t change) noexcept;

  // Any thread. How many frames there are in the whole process; for leak checks. While caches
  // exist, depots among them, what they hold is not in it: nothing is counted where a frame is
  // made.
  struct census {
    std::ptrdiff_t frames = 0;
    std::ptrdiff_t caches = 0;
  };
  static census count() noexcept;

 private:
  static constexpr std::size_t most_kept_bytes = std::size_t{256} * 1024;  // Of each class.

  void* refill(std::size_t size) noexcept;
  void give_away(std::size_t size, std::size_t kept) noexcept;

  std::array<free_frame*, frame_classes::count> free_;
  frame_depot* const depot_;
  std::ptrdiff_t taken_ = 0;   // Blocks from operator new, without those that went back there.
  std::ptrdiff_t others_ = 0;  // Of all blocks.
};

}  // namespace magpie::internal

#endif  // MAGPIE_RUNTIME_INTERNAL_FRAME_CACHE_H_
