// inplace_vector: a vector with room for a fixed number of elements inside of itself, so that it
// never allocates.
//
//   magpie::inplace_vector<magpie::task<int>, 8> tasks;
//   for (int id : wanted) tasks.push_back(load(id));  // At most 8.
//   const magpie::inplace_vector<int, 8> values = co_await gather(std::move(tasks));
//
// What is here of std::inplace_vector (C++26) is used like it: what a list of tasks needs, and one
// of what they give. It is never trivially copyable, and has room for at least one.
#ifndef MAGPIE_RUNTIME_INPLACE_VECTOR_H_
#define MAGPIE_RUNTIME_INPLACE_VECTOR_H_

#include <concepts>
#include <cstddef>
#include <iterator>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace magpie {

// Threads: as the standard containers. push_back() and emplace_back() throw std::bad_alloc if there
// is no room, and what the element throws; after that it holds what it held.
template <class T, std::size_t Capacity>
class inplace_vector {
  static_assert(Capacity > 0);

 public:
  using value_type = T;
  using size_type = std::size_t;
  using difference_type = std::ptrdiff_t;
  using reference = T&;
  using const_reference = const T&;
  using pointer = T*;
  using const_pointer = const T*;
  using iterator = T*;
  using const_iterator = const T*;

  inplace_vector() noexcept {}
  inplace_vector(const inplace_vector& other)
    requires std::copy_constructible<T>
  {
    fill(other.items_, other.size_);
  }
  // Leaves as many elements, which have been moved from.
  inplace_vector(inplace_vector&& other) noexcept(std::is_nothrow_move_constructible_v<T>)
    requires std::move_constructible<T>
  {
    fill(std::make_move_iterator(other.items_), other.size_);
  }
  // What the elements throw leaves it empty.
  inplace_vector& operator=(const inplace_vector& other)
    requires std::copy_constructible<T>
  {
    if (this != &other) fill(other.items_, other.size_);
    return *this;
  }
  inplace_vector& operator=(inplace_vector&& other) noexcept(
      std::is_nothrow_move_constructible_v<T>)
    requires std::move_constructible<T>
  {
    if (this != &other) fill(std::make_move_iterator(other.items_), other.size_);
    return *this;
  }
  ~inplace_vector() { clear(); }

  static constexpr size_type capacity() noexcept { return Capacity; }
  static constexpr size_type max_size() noexcept { return Capacity; }
  size_type size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }

  T* data() noexcept { return items_; }
  const T* data() const noexcept { return items_; }
  T& operator[](size_type i) noexcept { return items_[i]; }
  const T& operator[](size_type i) const noexcept { return items_[i]; }
  T& front() noexcept { return items_[0]; }
  const T& front() const noexcept { return items_[0]; }
  T& back() noexcept { return items_[size_ - 1]; }
  const T& back() const noexcept { return items_[size_ - 1]; }

  iterator begin() noexcept { return items_; }
  const_iterator begin() const noexcept { return items_; }
  iterator end() noexcept { return items_ + size_; }
  const_iterator end() const noexcept { return items_ + size_; }

  template <class... Args>
  T& emplace_back(Args&&... args) {
    if (size_ == Capacity) [[unlikely]]
      throw std::bad_alloc();
    T* const added = std::construct_at(items_ + size_, std::forward<Args>(args)...);
    ++size_;
    return *added;
  }
  T& push_back(const T& item) { return emplace_back(item); }
  T& push_back(T&& item) { return emplace_back(std::move(item)); }
  void pop_back() noexcept { std::destroy_at(items_ + --size_); }
  void clear() noexcept { std::destroy_n(items_, std::exchange(size_, 0)); }

  friend bool operator==(const inplace_vector& left, const inplace_vector& right)
    requires std::equality_comparable<T>
  {
    if (left.size() != right.size()) return false;
    // Without <algorithm>, which every file that gathers would read.
    for (size_type i = 0; i < left.size(); ++i) {
      if (!(left[i] == right[i])) return false;
    }
    return true;
  }

 private:
  // Instead of what it holds.
  template <class Iterator>
  void fill(Iterator first, size_type count) {
    clear();
    std::uninitialized_copy_n(first, count, items_);
    size_ = count;
  }

  size_type size_ = 0;
  union {
    T items_[Capacity];
  };
};

}  // namespace magpie

#endif  // MAGPIE_RUNTIME_INPLACE_VECTOR_H_
