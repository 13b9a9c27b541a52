// The lock of tasks: one holds it at a time, each sees what those before it wrote, and none waits
// for ever.
//
// Three tasks lock it as magpie::mutex does, on a thread each; one of them may give up while it
// waits. Who waits stands in a list, and waits for a word of its own, as a suspension does.
#include "magpie/runtime/internal/lock_word.h"

#include <array>
#include <chrono>
#include <cstdint>
#include <mutex>

#include "magpie/tests/model/model.h"

namespace {

using namespace magpie::model;

// How the word is used; a mutant changes one of these.
struct rules {
  static constexpr bool announces_itself = true;
  static constexpr bool remembers_none = false;
  static constexpr bool may_give_up = false;
};

struct with_cancellation : rules {
  static constexpr bool may_give_up = true;
};

// Enters the list without having said so.
struct waits_in_silence : rules {
  static constexpr bool announces_itself = false;
};

// Says that nobody waits although the list is not empty.
struct forgets_those_behind : rules {
  static constexpr bool remembers_none = true;
};

template <class Atomics, class Rules = rules>
class three_tasks : public rl::test_suite<three_tasks<Atomics, Rules>, 3> {
 public:
  void thread(unsigned index) {
    if (!lock(index)) return;
    ++entered_;
    counted_.set(counted_.get() + 1);
    unlock();
  }

  void after() {
    expect(counted_.get() == entered_, "an increment is lost");
    expect(word_.try_take(), "it is still held");
  }

 private:
  enum : std::uint32_t { waiting, owner, given_up };

  // False: it has given up.
  bool lock(unsigned index) {
    if (word_.try_take()) return true;
    {
      const std::lock_guard lock(list_);
      const bool taken = Rules::announces_itself ? word_.take_or_announce() : word_.try_take();
      if (taken) return true;
      waiters_[size_++] = index;
    }
    if (Rules::may_give_up && index == 2 && claim(index, given_up)) {
      const std::lock_guard lock(list_);
      remove(index);
      return false;
    }
    relacy_futex::wait(tasks_[index], waiting, std::chrono::steady_clock::time_point::max());
    return true;
  }

  // As mutex::unlock_contended() and hand_over().
  void unlock() {
    while (!word_.try_release()) {
      unsigned next = nobody;
      {
        const std::lock_guard lock(list_);
        while (size_ > 0 && next == nobody) {
          const unsigned first = waiters_[0];
          remove(first);
          if (claim(first, owner)) next = first;
        }
        if (size_ == 0 || Rules::remembers_none) word_.nobody_waits();
      }
      if (next == nobody) continue;
      relacy_futex::wake(tasks_[next]);
      return;
    }
  }

  // As suspension::claim().
  bool claim(unsigned task, std::uint32_t how) {
    std::uint32_t expected = waiting;
    return tasks_[task].compare_exchange_strong(expected, how, std::memory_order_seq_cst,
                                                std::memory_order_seq_cst);
  }

  void remove(unsigned task) {
    unsigned kept = 0;
    for (unsigned i = 0; i < size_; ++i) {
      if (waiters_[i] != task) waiters_[kept++] = waiters_[i];
    }
    size_ = kept;
  }

  static constexpr unsigned nobody = 3;

  magpie::internal::lock_word<Atomics> word_;
  checked_mutex list_;
  std::array<unsigned, 3> waiters_{};  // Under list_.
  unsigned size_ = 0;                  // Under list_.
  std::array<checked_atomic<std::uint32_t, orders_as_written>, 3> tasks_;
  int entered_ = 0;
  checked_plain<int> counted_{0};
};

}  // namespace

int main(int argc, char** argv) {
  program model(argc, argv);

  model.holds<three_tasks<relacy_atomics>>("random", bounds::random(300'000));
  model.holds<three_tasks<relacy_atomics>>("preemptions", bounds::preemptions(3));
  model.holds<three_tasks<relacy_atomics, with_cancellation>>("cancellation",
                                                              bounds::random(300'000));

  // Each of these leaves a task waiting for a lock that is free.
  model.fails<three_tasks<relacy_atomics, waits_in_silence>>("waits_in_silence",
                                                             bounds::random(100'000));
  model.fails<three_tasks<relacy_atomics, forgets_those_behind>>("forgets_those_behind",
                                                                 bounds::random(100'000));
  // Without either half a task does not see what the one before it wrote.
  model.fails<three_tasks<basic_relacy_atomics<exchanges_without_release>>>(
      "exchanges_without_release", bounds::random(100'000));
  model.fails<three_tasks<basic_relacy_atomics<exchanges_without_acquire>>>(
      "exchanges_without_acquire", bounds::random(100'000));
  return model.exit_status();
}
