// The growing circular array under the deque and the ready queue.
#ifndef MAGPIE_RUNTIME_INTERNAL_RING_H_
#define MAGPIE_RUNTIME_INTERNAL_RING_H_

#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <utility>

namespace magpie::internal {

// One array of slots. Index i lives in slot i modulo the capacity, in every array that holds it,
// so indices may wrap.
template <class T, class Atomics>
class ring {
 public:
  using slot = typename Atomics::template atomic<T*>;

  // The slots of one array, without a way to it over memory that others write. Owner only.
  class view {
   public:
    // Relaxed: the index that publishes a slot (bottom) or hands it out (top) orders it.
    T* get(std::uint64_t index) const {
      return slots_[index & mask_].load(std::memory_order_relaxed);
    }
    void set(std::uint64_t index, T* item) const {
      slots_[index & mask_].store(item, std::memory_order_relaxed);
    }

   private:
    friend ring;
    std::uint64_t mask_;
    slot* slots_;
  };

  explicit ring(std::size_t capacity) : slots_(new slot[capacity]) {
    if (!std::has_single_bit(capacity)) throw std::invalid_argument("ring: capacity must be 2^n");
    view_.mask_ = capacity - 1;
    view_.slots_ = slots_.get();
  }

  std::size_t capacity() const { return view_.mask_ + 1; }
  const view& items() const { return view_; }

  T* get(std::uint64_t index) const { return view_.get(index); }
  void set(std::uint64_t index, T* item) { view_.set(index, item); }

  // Owner only. Replaces `current` by a copy of twice the size, which keeps the old array alive: a
  // thief may still read it. Throws std::bad_alloc, and then changes nothing.
  static void grow(std::unique_ptr<ring>& current, std::uint64_t top, std::uint64_t bottom) {
    auto larger = std::make_unique<ring>(current->capacity() * 2);
    for (std::uint64_t i = top; i != bottom; ++i)
      larger->set(i, current->get(i));
    larger->smaller_ = std::move(current);
    current = std::move(larger);
  }

 private:
  view view_;
  const std::unique_ptr<slot[]> slots_;
  std::unique_ptr<ring> smaller_;
};

}  // namespace magpie::internal

#endif  // MAGPIE_RUNTIME_INTERNAL_RING_H_
