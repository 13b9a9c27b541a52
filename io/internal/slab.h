// Objects that never move and are found by number, made in growing blocks.
#ifndef MAGPIE_IO_INTERNAL_SLAB_H_
#define MAGPIE_IO_INTERNAL_SLAB_H_

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace magpie::io::internal {

template <class T>
class slab {
 public:
  slab() = default;
  slab(const slab&) = delete;
  slab& operator=(const slab&) = delete;
  ~slab() {
    for (auto& block : blocks_)
      delete[] block.load();
  }

  // Any thread; `number` is one that grow() has returned.
  T& operator[](std::uint32_t number) const noexcept {
    const std::size_t block = block_of(number);
    return blocks_[block].load()[number - first_of(block)];
  }

  // One thread at a time. The number of a new object. Throws std::bad_alloc.
  std::uint32_t grow() {
    const std::size_t block = block_of(size_);
    if (blocks_[block].load() == nullptr) blocks_[block].store(new T[first_block << block]);
    return size_++;
  }

  // What grow() will return; for the thread that may call it.
  std::uint32_t size() const noexcept { return size_; }

 private:
  static constexpr std::uint32_t first_block = 64;
  static constexpr std::size_t most_blocks = 24;  // 64 * (2^24 - 1), more than a process may open.

  static std::size_t block_of(std::uint32_t number) noexcept {
    return static_cast<std::size_t>(std::bit_width(number / first_block + 1)) - 1;
  }
  static std::uint32_t first_of(std::size_t block) noexcept {
    return first_block * ((std::uint32_t{1} << block) - 1);
  }

  std::array<std::atomic<T*>, most_blocks> blocks_{};
  std::uint32_t size_ = 0;
};

}  // namespace magpie::io::internal

#endif  // MAGPIE_IO_INTERNAL_SLAB_H_
