// The limit of every wake-up: one thread sleeps on a futex, another sets it and wakes the first.
#ifndef MAGPIE_BENCHMARKS_HAND_OVER_H_
#define MAGPIE_BENCHMARKS_HAND_OVER_H_

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <thread>
#include <utility>

namespace magpie::benchmarks {

class hand_over {
 public:
  void give() noexcept {
    word_.store(1);
    ::syscall(SYS_futex, &word_, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
  }

  // Blocks until give().
  void take() noexcept {
    while (word_.exchange(0) == 0)
      ::syscall(SYS_futex, &word_, FUTEX_WAIT_PRIVATE, 0, nullptr, nullptr, 0);
  }

 private:
  std::atomic<std::uint32_t> word_{0};
};

// A thread that sleeps and, when it is woken, calls a function and wakes its waker.
class sleeping_thread {
 public:
  explicit sleeping_thread(std::function<void()> function)
      : function_(std::move(function)), thread_([this] { serve(); }) {}
  sleeping_thread(const sleeping_thread&) = delete;
  sleeping_thread& operator=(const sleeping_thread&) = delete;
  ~sleeping_thread() {
    stopping_.store(true);
    work_.give();
    thread_.join();
  }

  // Blocks until the function has returned.
  void call() noexcept {
    work_.give();
    done_.take();
  }

 private:
  void serve() {
    for (;;) {
      work_.take();
      if (stopping_.load()) return;
      function_();
      done_.give();
    }
  }

  const std::function<void()> function_;
  hand_over work_;
  hand_over done_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace magpie::benchmarks

#endif  // MAGPIE_BENCHMARKS_HAND_OVER_H_
