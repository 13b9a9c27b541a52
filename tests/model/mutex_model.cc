// The mutex: one thread at a time, each sees what those before it wrote, and none sleeps for ever.
//
// Three threads: two that lock, one that tries to.
#include "magpie/runtime/internal/mutex.h"

#include <chrono>
#include <cstdint>
#include <mutex>

#include "magpie/tests/model/model.h"

namespace {

using namespace magpie::model;

template <class Mutex>
class three_threads : public rl::test_suite<three_threads<Mutex>, 3> {
 public:
  void thread(unsigned index) {
    if (index == 2 && rl::rand(2) == 0) {
      if (!mutex_.try_lock()) return;
      count();
      mutex_.unlock();
    } else {
      const std::lock_guard lock(mutex_);
      count();
    }
  }

  void after() {
    expect(counted_.get() == entered_, "an increment is lost");
    expect(mutex_.try_lock(), "the mutex is still held");
    mutex_.unlock();
  }

 private:
  void count() {
    ++entered_;
    counted_.set(counted_.get() + 1);
  }

  Mutex mutex_;
  int entered_ = 0;
  checked_plain<int> counted_{0};
};

template <class Orders = orders_as_written, class Futex = relacy_futex>
using model_mutex = magpie::internal::basic_mutex<checked_atomic<std::uint32_t, Orders>, Futex>;

// What they do wrong is in lock_contended() and wake_one() below.
struct taken_as_held : relacy_futex {};
struct no_wake : relacy_futex {};

}  // namespace

namespace magpie::internal {

// The thread that was woken forgets that others still wait.
template <>
void model_mutex<orders_as_written, taken_as_held>::lock_contended() noexcept {
  for (;;) {
    std::uint32_t expected = free;
    if (state_.compare_exchange_strong(expected, held, std::memory_order_acquire,
                                       std::memory_order_relaxed)) {
      return;
    }
    expected = held;
    state_.compare_exchange_strong(expected, contended, std::memory_order_relaxed,
                                   std::memory_order_relaxed);
    relacy_futex::wait(state_, contended, std::chrono::steady_clock::time_point::max());
  }
}

template <>
void model_mutex<orders_as_written, no_wake>::wake_one() noexcept {}

}  // namespace magpie::internal

int main(int argc, char** argv) {
  program model(argc, argv);

  model.holds<three_threads<model_mutex<>>>("preemptions", bounds::preemptions(4));
  model.holds<three_threads<model_mutex<>>>("random", bounds::random(500'000));
  model.holds<three_threads<model_mutex<orders_as_written, restless_futex>>>(
      "restless", bounds::random(500'000));

  // unlock() releases what lock() acquires: without either, a thread does not see what the one
  // before it wrote.
  model.fails<three_threads<model_mutex<exchanges_without_release>>>("exchanges_without_release",
                                                                     bounds::random(100'000));
  model.fails<three_threads<model_mutex<exchanges_without_acquire>>>("exchanges_without_acquire",
                                                                     bounds::random(100'000));
  // Each of these leaves a thread asleep beside a free mutex.
  model.fails<three_threads<model_mutex<orders_as_written, futex_without_comparison>>>(
      "futex_without_comparison", bounds::random(100'000));
  model.fails<three_threads<model_mutex<orders_as_written, taken_as_held>>>(
      "taken_as_held", bounds::random(100'000));
  model.fails<three_threads<model_mutex<orders_as_written, no_wake>>>("no_wake",
                                                                      bounds::random(100'000));
  return model.exit_status();
}
