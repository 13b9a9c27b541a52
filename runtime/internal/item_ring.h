// Items in a growing circular array.
#ifndef MAGPIE_RUNTIME_INTERNAL_ITEM_RING_H_
#define MAGPIE_RUNTIME_INTERNAL_ITEM_RING_H_

#include <cstddef>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

namespace magpie::internal {

// Not synchronised. Keeps the memory of its largest size. Items move only, and only forwards: T
// need not be assignable.
template <class T>
class item_ring {
 public:
  static_assert(std::is_object_v<T> && std::is_nothrow_move_constructible_v<T>,
                "magpie: what is handed from task to task is moved under a lock, so its move "
                "constructor has to be noexcept; send a std::unique_ptr to it instead");

  item_ring() = default;
  item_ring(const item_ring&) = delete;
  item_ring& operator=(const item_ring&) = delete;
  ~item_ring() {
    for (; size_ > 0; --size_)
      std::destroy_at(at(size_ - 1));
    if (items_ != nullptr) std::allocator<T>().deallocate(items_, capacity_);
  }

  std::size_t size() const noexcept { return size_; }

  // Throws std::bad_alloc, and then changes nothing, also not the item. Does not allocate if it has
  // had this size before.
  void push_back(T&& item) {
    reserve_one();
    std::construct_at(at(size_), std::move(item));
    ++size_;
  }

  // The next push_back() does not throw. Throws itself as that would.
  void reserve_one() {
    if (size_ == capacity_) grow();
  }

  // Not empty.
  void pop_front(std::optional<T>& into) noexcept {
    take(at(0), into);
    first_ = (first_ + 1) & (capacity_ - 1);
  }
  void pop_back(std::optional<T>& into) noexcept { take(at(size_ - 1), into); }

  void swap(item_ring& other) noexcept {
    std::swap(items_, other.items_);
    std::swap(capacity_, other.capacity_);
    std::swap(first_, other.first_);
    std::swap(size_, other.size_);
  }

 private:
  T* at(std::size_t index) const noexcept { return items_ + ((first_ + index) & (capacity_ - 1)); }

  void take(T* item, std::optional<T>& into) noexcept {
    into.emplace(std::move(*item));
    std::destroy_at(item);
    --size_;
  }

  void grow() {
    const std::size_t larger = capacity_ == 0 ? 4 : capacity_ * 2;
    T* const items = std::allocator<T>().allocate(larger);
    for (std::size_t i = 0; i < size_; ++i) {
      std::construct_at(items + i, std::move(*at(i)));
      std::destroy_at(at(i));
    }
    if (items_ != nullptr) std::allocator<T>().deallocate(items_, capacity_);
    items_ = items;
    capacity_ = larger;
    first_ = 0;
  }

  T* items_ = nullptr;
  std::size_t capacity_ = 0;  // A power of two, or 0.
  std::size_t first_ = 0;
  std::size_t size_ = 0;
};

}  // namespace magpie::internal

#endif  // MAGPIE_RUNTIME_INTERNAL_ITEM_RING_H_
