// The atomics that the lock-free pieces are written against. The relacy models in tests/model
// replace them by their own, and so check the very source that runs here.
#ifndef MAGPIE_RUNTIME_INTERNAL_ATOMICS_H_
#define MAGPIE_RUNTIME_INTERNAL_ATOMICS_H_

#include <atomic>

#include "magpie/runtime/internal/asymmetric_fence.h"
#include "magpie/runtime/internal/mutex.h"

namespace magpie::internal {

struct std_atomics {
  template <class T>
  using atomic = std::atomic<T>;

  // Data that is not atomic, but that the model watches for races.
  template <class T>
  class plain {
   public:
    plain() = default;
    explicit plain(T value) : value_(value) {}
    T get() const { return value_; }
    void set(T value) { value_ = value; }

   private:
    T value_{};
  };

  using mutex_type = mutex;

  // The two sides of one store-load barrier: cheap for the side that runs often, dear for the
  // other. Each pairs with the other, never with itself.
  static void light_fence() noexcept { asymmetric_fence::light(); }
  static void heavy_fence() noexcept { asymmetric_fence::heavy(); }
  static void full_fence() noexcept { std::atomic_thread_fence(std::memory_order_seq_cst); }
};

// A value that any thread may read, out of date at once, and that nothing but speed depends on.
template <class T>
class hint {
 public:
  explicit hint(T value) noexcept : value_(value) {}
  T get() const noexcept { return value_.load(std::memory_order_relaxed); }
  void set(T value) noexcept { value_.store(value, std::memory_order_relaxed); }

 private:
  std::atomic<T> value_;
};

}  // namespace magpie::internal

#endif  // MAGPIE_RUNTIME_INTERNAL_ATOMICS_H_
