// The policies under which the lock-free parts of the runtime run in relacy, instead of
// std_atomics: every atomic operation is a point where another thread may go on, a load may yield
// any value that the memory model allows, and plain data is watched for races.
#ifndef MAGPIE_TESTS_MODEL_RELACY_ATOMICS_H_
#define MAGPIE_TESTS_MODEL_RELACY_ATOMICS_H_

#include <relacy/relacy.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <source_location>

// relacy redefines these for programs written against it; the sources that are checked here say
// what they mean themselves.
#undef new
#undef delete
#undef malloc
#undef calloc
#undef realloc
#undef free
#undef assert
#undef errno
#undef memory_order_relaxed
#undef memory_order_consume
#undef memory_order_acquire
#undef memory_order_release
#undef memory_order_acq_rel
#undef memory_order_seq_cst

namespace magpie::model {

inline rl::debug_info as_debug_info(const std::source_location& where) {
  return {"", where.file_name(), where.line()};
}

// Fails the execution that relacy explores.
inline void expect(bool condition, const char* what,
                   const std::source_location& where = std::source_location::current()) {
  if (condition) return;
  rl::ctx().fail_test(what, rl::test_result_user_assert_failed, as_debug_info(where));
}

inline rl::memory_order as_relacy(std::memory_order order) {
  switch (order) {
    case std::memory_order_relaxed:
      return rl::mo_relaxed;
    case std::memory_order_consume:
      return rl::mo_consume;
    case std::memory_order_acquire:
      return rl::mo_acquire;
    case std::memory_order_release:
      return rl::mo_release;
    case std::memory_order_acq_rel:
      return rl::mo_acq_rel;
    default:
      return rl::mo_seq_cst;
  }
}

// What becomes of the order that the source asks for. A mutant hides one of these.
struct orders_as_written {
  static constexpr std::memory_order load(std::memory_order order) { return order; }
  static constexpr std::memory_order store(std::memory_order order) { return order; }
  static constexpr std::memory_order exchange(std::memory_order order) { return order; }
};

struct relaxed_loads : orders_as_written {
  static constexpr std::memory_order load(std::memory_order) { return std::memory_order_relaxed; }
};

struct relaxed_stores : orders_as_written {
  static constexpr std::memory_order store(std::memory_order) { return std::memory_order_relaxed; }
};

// Every read-modify-write.
struct relaxed_exchanges : orders_as_written {
  static constexpr std::memory_order exchange(std::memory_order) {
    return std::memory_order_relaxed;
  }
};

// Takes one half from those that have both.
struct exchanges_without_release : orders_as_written {
  static constexpr std::memory_order exchange(std::memory_order order) {
    if (order == std::memory_order_release) return std::memory_order_relaxed;
    return order == std::memory_order_relaxed ? order : std::memory_order_acquire;
  }
};

struct exchanges_without_acquire : orders_as_written {
  static constexpr std::memory_order exchange(std::memory_order order) {
    if (order == std::memory_order_acquire) return std::memory_order_relaxed;
    return order == std::memory_order_relaxed ? order : std::memory_order_release;
  }
};

template <class T, class Orders>
class checked_atomic {
 public:
  using where = std::source_location;

  checked_atomic() : checked_atomic(T{}) {}
  // NOLINTNEXTLINE(google-explicit-constructor): as std::atomic.
  checked_atomic(T value) : value_(value) {}
  ~checked_atomic() { alive_ = 0; }
  checked_atomic(const checked_atomic&) = delete;
  checked_atomic& operator=(const checked_atomic&) = delete;

  T load(std::memory_order order = std::memory_order_seq_cst,
         const where& at = where::current()) const {
    check_alive(at);
    return value_.load(as_relacy(Orders::load(order)), as_debug_info(at));
  }

  void store(T value, std::memory_order order = std::memory_order_seq_cst,
             const where& at = where::current()) {
    check_alive(at);
    value_.store(value, as_relacy(Orders::store(order)), as_debug_info(at));
  }

  T exchange(T value, std::memory_order order = std::memory_order_seq_cst,
             const where& at = where::current()) {
    check_alive(at);
    return value_.exchange(value, as_relacy(Orders::exchange(order)), as_debug_info(at));
  }

  T fetch_add(T value, std::memory_order order = std::memory_order_seq_cst,
              const where& at = where::current()) {
    check_alive(at);
    return value_.fetch_add(value, as_relacy(Orders::exchange(order)), as_debug_info(at));
  }

  T fetch_sub(T value, std::memory_order order = std::memory_order_seq_cst,
              const where& at = where::current()) {
    check_alive(at);
    return value_.fetch_sub(value, as_relacy(Orders::exchange(order)), as_debug_info(at));
  }

  bool compare_exchange_strong(T& expected, T value, std::memory_order success,
                               std::memory_order failure, const where& at = where::current()) {
    check_alive(at);
    const rl::debug_info info = as_debug_info(at);
    const auto orders = paired(success, failure);
    return value_.compare_exchange_strong(expected, value, orders.success, info, orders.failure,
                                          info);
  }

  bool compare_exchange_weak(T& expected, T value, std::memory_order success,
                             std::memory_order failure, const where& at = where::current()) {
    check_alive(at);
    const rl::debug_info info = as_debug_info(at);
    const auto orders = paired(success, failure);
    return value_.compare_exchange_weak(expected, value, orders.success, info, orders.failure,
                                        info);
  }

  // futex(2): nothing comes between the comparison and the sleep.
  void futex_wait(T expected, const where& at) {
    check_alive(at);
    if (value_.debug_value() != expected) return;
    value_.wait(rl::ctx(), false, false, as_debug_info(at));
  }
  void futex_wake(const where& at) { value_.wake(rl::ctx(), 1, as_debug_info(at)); }

 private:
  struct order_pair {
    rl::memory_order success;
    rl::memory_order failure;
  };

  static order_pair paired(std::memory_order success, std::memory_order failure) {
    const std::memory_order weakened = Orders::exchange(success);
    // relacy, like C++11, wants a failure that is no stronger than the success.
    const bool acquires =
        weakened != std::memory_order_relaxed && weakened != std::memory_order_release;
    return {as_relacy(weakened),
            as_relacy(acquires ? Orders::load(failure) : std::memory_order_relaxed)};
  }

  void check_alive(const where& at) const {
    if (alive_ != alive) {
      rl::ctx().fail_test("an atomic is used after its destruction",
                          rl::test_result_access_to_freed_memory, as_debug_info(at));
    }
  }

  static constexpr std::uint32_t alive = 0xa11ce;

  mutable rl::atomic<T> value_;
  // relacy's own mark is an ordinary member, whose last store compilers drop.
  volatile std::uint32_t alive_ = alive;
};

template <class T>
class checked_plain {
 public:
  using where = std::source_location;

  checked_plain() : checked_plain(T{}) {}
  explicit checked_plain(T value) : value_(value) {}
  // Destruction counts as a write: an access that is not ordered before it is a race.
  ~checked_plain() {
    value_(rl::debug_info("destructor", __FILE__, __LINE__)).store(T{});
    alive_ = 0;
  }
  checked_plain(const checked_plain&) = delete;
  checked_plain& operator=(const checked_plain&) = delete;

  T get(const where& at = where::current()) const {
    check_alive(at);
    return value_(as_debug_info(at)).load();
  }
  void set(T value, const where& at = where::current()) {
    check_alive(at);
    value_(as_debug_info(at)).store(value);
  }

 private:
  void check_alive(const where& at) const {
    if (alive_ != alive) {
      rl::ctx().fail_test("plain data is used after its destruction",
                          rl::test_result_access_to_freed_memory, as_debug_info(at));
    }
  }

  static constexpr std::uint32_t alive = 0xa11ce;

  rl::var<T> value_;
  volatile std::uint32_t alive_ = alive;
};

// Usable by std::lock_guard.
class checked_mutex {
 public:
  void lock() { mutex_.lock(rl::debug_info("lock", __FILE__, __LINE__)); }
  void unlock() { mutex_.unlock(rl::debug_info("unlock", __FILE__, __LINE__)); }

 private:
  rl::mutex mutex_;
};

inline void full_relacy_fence() {
  rl::atomic_thread_fence(rl::mo_seq_cst, rl::debug_info("fence", __FILE__, __LINE__));
}

// Where the kernel has no membarrier(2): both sides of the asymmetric fence are full fences.
template <class Orders = orders_as_written>
struct basic_relacy_atomics {
  template <class T>
  using atomic = checked_atomic<T, Orders>;
  template <class T>
  using plain = checked_plain<T>;
  using mutex_type = checked_mutex;

  static void light_fence() { full_relacy_fence(); }
  static void heavy_fence() { full_relacy_fence(); }
  static void full_fence() { full_relacy_fence(); }
};

using relacy_atomics = basic_relacy_atomics<>;

// With membarrier(2): the heavy side acts on all threads, the light side does nothing.
template <class Orders = orders_as_written>
struct basic_membarrier_atomics : basic_relacy_atomics<Orders> {
  static void light_fence() {}
  static void heavy_fence() {
    full_relacy_fence();
    rl::systemwide_fence(rl::debug_info("membarrier", __FILE__, __LINE__));
  }
};

using membarrier_atomics = basic_membarrier_atomics<>;

// Policies of mutants. Each derived type is one of its own, so that a mutant may also specialise
// a member of the template that it instantiates.
struct no_light_fence : relacy_atomics {
  static void light_fence() {}
};

struct no_heavy_fence : relacy_atomics {
  static void heavy_fence() {}
};

struct no_full_fence : membarrier_atomics {
  static void full_fence() {}
};

// A heavy side that is a fence of its own thread only, as if membarrier(2) had been left out.
struct local_heavy_fence : membarrier_atomics {
  static void heavy_fence() { full_relacy_fence(); }
};

// What blocks and what wakes.
struct relacy_futex {
  using time_point = std::chrono::steady_clock::time_point;

  template <class Word>
  static void wait(Word& word, std::uint32_t expected, time_point,
                   const std::source_location& at = std::source_location::current()) {
    word.futex_wait(expected, at);
  }
  template <class Word>
  static void wake(Word& word, const std::source_location& at = std::source_location::current()) {
    word.futex_wake(at);
  }
  static constexpr int fewest_pauses = 1;
  static constexpr int most_pauses = 1;
  static void pause() noexcept {}
};

// A wait that sometimes ends without a wake: a deadline, a signal, a wake meant for another.
struct restless_futex : relacy_futex {
  template <class Word>
  static void wait(Word& word, std::uint32_t expected, time_point until,
                   const std::source_location& at = std::source_location::current()) {
    if (rl::rand(4) == 0) return;
    relacy_futex::wait(word, expected, until, at);
  }
};

// Mutant: something comes between the comparison and the sleep.
struct futex_without_comparison : relacy_futex {
  template <class Word>
  static void wait(Word& word, std::uint32_t, time_point until,
                   const std::source_location& at = std::source_location::current()) {
    const std::uint32_t now = word.load(std::memory_order_relaxed, at);
    relacy_futex::wait(word, now, until, at);
  }
};

}  // namespace magpie::model

#endif  // MAGPIE_TESTS_MODEL_RELACY_ATOMICS_H_
