// What differs between compilers, sanitizers and processors, and nothing else.
#ifndef MAGPIE_RUNTIME_INTERNAL_PLATFORM_H_
#define MAGPIE_RUNTIME_INTERNAL_PLATFORM_H_

#include <cstddef>
#include <cstdint>

#if !defined(__cpp_impl_coroutine)
#error "magpie needs C++20 with coroutines: compile with -std=c++20"
#endif

#if defined(__SANITIZE_ADDRESS__)
#define MAGPIE_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MAGPIE_ASAN 1
#endif
#endif

#if defined(__SANITIZE_THREAD__)
#define MAGPIE_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define MAGPIE_TSAN 1
#endif
#endif

// A function whose own reads and writes are ordered by a library that is not instrumented.
#if defined(MAGPIE_TSAN)
extern "C" void __tsan_acquire(void*);
extern "C" void __tsan_release(void*);
#define MAGPIE_UNSEEN_BY_TSAN __attribute__((no_sanitize_thread, noinline))
#else
#define MAGPIE_UNSEEN_BY_TSAN
#endif

#if defined(__clang__)
#define MAGPIE_TRIVIAL_ABI [[clang::trivial_abi]]
#else
#define MAGPIE_TRIVIAL_ABI
#endif

// A function off the path that is taken: who calls it need not save its registers. It is noexcept,
// since they would be lost where an exception is caught; hidden, since a call that is bound lazily
// would lose some; and its name says whether it does so, for programs of two compilers.
#if defined(__clang__) && defined(__x86_64__)
#define MAGPIE_PRESERVE_MOST [[clang::preserve_most, gnu::noinline, gnu::visibility("hidden")]]
#else
#define MAGPIE_PRESERVE_MOST
#endif

// With -DMAGPIE_CHECK_LIFETIMES clang warns of temporaries that a task refers to and that are gone
// before it runs. Then it refuses functions that return a task and are no coroutines, unless they
// say so, and that they keep what they are given, if they do.
#if defined(MAGPIE_CHECK_LIFETIMES) && defined(__clang__)
#define MAGPIE_COROUTINE_TYPE [[clang::coro_return_type, clang::coro_lifetimebound]]
#define MAGPIE_COROUTINE_WRAPPER [[clang::coro_wrapper]]
#define MAGPIE_KEEPING_WRAPPER [[clang::coro_wrapper, clang::coro_disable_lifetimebound]]
#define MAGPIE_LIFETIMEBOUND [[clang::lifetimebound]]
#else
#define MAGPIE_COROUTINE_TYPE
#define MAGPIE_COROUTINE_WRAPPER
#define MAGPIE_KEEPING_WRAPPER
#define MAGPIE_LIFETIMEBOUND
#endif

// A deleted function that says why, where that is understood.
#if defined(__clang__) && __clang_major__ >= 19
#define MAGPIE_DELETED(reason)                                                                  \
  _Pragma("clang diagnostic push") _Pragma("clang diagnostic ignored \"-Wc++26-extensions\"") = \
      delete (reason)_Pragma("clang diagnostic pop")
#else
#define MAGPIE_DELETED(reason) = delete
#endif

namespace magpie::internal {

// Between two looks at what another thread is about to change.
inline void pause_processor() noexcept {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

// Two threads that write to different cache lines do not slow each other down. 128, because
// the prefetcher of x86-64 fetches lines in pairs.
inline constexpr std::size_t cache_line = 128;

// What a thread did before release_order(x) happened before what another does after
// acquire_order(x). For orders that are made inside a library which is not instrumented, and which
// ThreadSanitizer therefore cannot see; does nothing otherwise.
inline void release_order([[maybe_unused]] void* x) noexcept {
#if defined(MAGPIE_TSAN)
  __tsan_release(x);
#endif
}
inline void acquire_order([[maybe_unused]] void* x) noexcept {
#if defined(MAGPIE_TSAN)
  __tsan_acquire(x);
#endif
}

// Where the stack of this thread ends, about. Not the address of a frame, which would cost every
// coroutine that asks a register (fork_join/fib).
inline std::uintptr_t stack_pointer() noexcept {
#if defined(__x86_64__)
  std::uintptr_t here;
  asm volatile("movq %%rsp, %0" : "=r"(here));
  return here;
#else
  return reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
#endif
}

// A recycled frame would hide a use after free from the sanitizers. (What is counted of frames is
// counted by each worker for itself, there too: an atomic operation per frame would order what
// tasks do, and hide their data races from ThreadSanitizer.)
#if defined(MAGPIE_ASAN) || defined(MAGPIE_TSAN)
inline constexpr bool recycles_frames = false;
#else
inline constexpr bool recycles_frames = true;
#endif

// What MAGPIE_PRESERVE_MOST does.
#if defined(__clang__) && defined(__x86_64__)
inline constexpr bool preserves_most = true;
#else
inline constexpr bool preserves_most = false;
#endif

// Whether one coroutine resumes the next as a tail call, at every optimisation level. g++ does so
// from -O2 on, which no macro tells from -O1; without it the stack grows by a frame with each
// transfer, and the runtime bounds their number.
#if defined(__clang__)
inline constexpr bool transfer_is_tail_call = true;
#else
inline constexpr bool transfer_is_tail_call = false;
#endif

}  // namespace magpie::internal

#endif  // MAGPIE_RUNTIME_INTERNAL_PLATFORM_H_
