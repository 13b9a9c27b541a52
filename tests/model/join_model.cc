// The join: exactly one party sees a fork complete, after all of its children, and sees what each
// of them wrote; after that nobody touches the join.
//
// A worker runs a task that forks {a, b} and, inside a, {c, d}, as worker::fork() does: each child
// on top of its parent, and the rest through its deque. It leaves a fork when its children are not
// all its own. Two thieves steal and run what they can. Whoever completes a fork goes on with its
// parent, and frees the fork, also between the moments in which the worker leaves the inner fork
// and the outer one.
#include "magpie/runtime/internal/join.h"

#include <array>
#include <cstddef>
#include <cstdint>

#include "magpie/runtime/internal/deque.h"
#include "magpie/tests/model/model.h"

namespace {

using namespace magpie::model;

// What happens on the way; a mutant changes one of the last three.
struct rules {
  static constexpr bool a_child_suspends = false;
  static constexpr bool too_deep_inside = false;
  static constexpr bool counts_only_its_own = true;
  static constexpr bool tells_what_it_ran = true;
  static constexpr bool leaves_outer_forks = true;
};

struct with_suspension : rules {
  static constexpr bool a_child_suspends = true;
};

// The children of the inner fork are left to the loop of the outer one (worker::fork_later).
struct too_deep : rules {
  static constexpr bool too_deep_inside = true;
};

// A child of another fork, found in the deque, is taken for one's own.
struct counts_any_child : too_deep {
  static constexpr bool counts_only_its_own = false;
};

// The children that have ended on the worker are forgotten.
struct forgets_what_it_ran : rules {
  static constexpr bool tells_what_it_ran = false;
};

// Leaves the inner fork only.
struct leaves_inner_fork_only : rules {
  static constexpr bool leaves_outer_forks = false;
};

template <class Atomics, class Rules = rules>
class nested_forks : public rl::test_suite<nested_forks<Atomics, Rules>, 3> {
 public:
  void thread(unsigned index) {
    if (index == 0) {
      own();
      return;
    }
    for (int i = 0; i < 3; ++i) {
      if (child* stolen = deque_.steal()) take_turn(*stolen);
    }
  }

  void after() {
    expect(deque_.empty(), "a child is left over");
    expect(completed_ == 1, "the fork is complete, and nobody has resumed the parent");
  }

 private:
  struct fork_scope;

  struct child {
    typename Atomics::template plain<int> result{0};
    fork_scope* joined = nullptr;
    bool forked = false;  // Only `a` does; by whoever runs it.
  };

  struct fork_scope {
    fork_scope(child* forked_by, std::array<child*, 2> forked) : parent(forked_by), all(forked) {
      for (child* each : all)
        each->joined = this;
    }

    magpie::internal::join<Atomics> join{2};
    child* const parent;
    const std::array<child*, 2> all;
  };

  // The root, which forks.
  void own() {
    auto* outer = new fork_scope(nullptr, {&a_, &b_});
    if (fork(*outer, Rules::leaves_outer_forks)) finish(*outer);
    if (suspended_) take_turn(c_);
    while (child* left = deque_.pop())
      take_turn(*left);
  }

  // As worker::fork(), and the wait afterwards. True: all have ended; the parent goes on.
  bool fork(fork_scope& f, bool leaves) {
    deque_.push(f.all[1]);
    std::uint32_t arrived = 0;
    if (Rules::too_deep_inside && f.parent != nullptr) {
      deque_.push(f.all[0]);
    } else {
      arrived += run_child(f, *f.all[0]);
      if (child* next = deque_.pop()) arrived += run_child(f, *next);
    }
    if (arrived == 2) return true;
    if (!leaves) return false;
    return f.join.leave(Rules::tells_what_it_ran ? arrived : 0);
  }

  // As worker::run_child().
  std::uint32_t run_child(fork_scope& f, child& next) {
    fork_scope* const ended = run(next);
    if (ended == nullptr) return 0;
    if (ended == &f || !Rules::counts_only_its_own) return 1;
    settle(*ended);
    return 0;
  }

  // As worker::take_turn().
  void take_turn(child& next) {
    if (fork_scope* const ended = run(next)) settle(*ended);
  }

  // As worker::settle(); but the parent goes on at once.
  void settle(fork_scope& f) {
    if (!f.join.arrive()) return;
    child* const parent = finish(f);
    if (parent != nullptr) take_turn(*parent);
  }

  // The parent has been resumed.
  child* finish(fork_scope& f) {
    for (child* each : f.all)
      expect(each->result.get() == 1, "a fork is complete before its children");
    child* const parent = f.parent;
    delete &f;
    if (parent == nullptr) expect(++completed_ == 1, "a parent is resumed twice");
    return parent;
  }

  // Resumes a coroutine. Gives the fork whose child has ended by that; null if it has suspended.
  fork_scope* run(child& resumed) {
    if (&resumed == &a_ && !a_.forked) {
      a_.forked = true;
      auto* inner = new fork_scope(&a_, {&c_, &d_});
      if (!fork(*inner, true)) return nullptr;
      finish(*inner);
    }
    if (Rules::a_child_suspends && &resumed == &c_ && !suspended_) {
      suspended_ = true;
      return nullptr;
    }
    resumed.result.set(1);
    return resumed.joined;
  }

  child a_;
  child b_;
  child c_;
  child d_;
  bool suspended_ = false;  // The worker's: c is never stolen, but where nobody suspends.
  int completed_ = 0;
  magpie::internal::deque<child, Atomics> deque_{4};
};

// What they do wrong is in leave() and take_off() below.
struct counts_without_the_worker : relacy_atomics {};
struct late_read : relacy_atomics {};

}  // namespace

namespace magpie::internal {

// Others may see the fork as complete while the worker is still inside of it.
template <>
join<counts_without_the_worker>::join(std::uint32_t children) : awaited_(children) {}
template <>
bool join<counts_without_the_worker>::leave(std::uint32_t arrived) {
  return take_off(arrived);
}

// The last to arrive may have freed the join.
template <>
bool join<late_read>::take_off(std::uint32_t arrived) {
  awaited_.fetch_sub(arrived, std::memory_order_acq_rel);
  return awaited_.load(std::memory_order_relaxed) == 0;
}

}  // namespace magpie::internal

int main(int argc, char** argv) {
  program model(argc, argv);

  model.holds<nested_forks<relacy_atomics>>("nested", bounds::random(500'000));
  model.holds<nested_forks<membarrier_atomics>>("nested, membarrier", bounds::random(300'000));
  model.holds<nested_forks<relacy_atomics>>("nested, preemptions", bounds::preemptions(1));
  model.holds<nested_forks<relacy_atomics, with_suspension>>("suspension", bounds::random(500'000));
  model.holds<nested_forks<relacy_atomics, too_deep>>("too deep", bounds::random(500'000));

  model.fails<nested_forks<counts_without_the_worker, too_deep>>("counts_without_the_worker",
                                                                 bounds::random(100'000));
  model.fails<nested_forks<late_read>>("late_read", bounds::random(100'000));
  model.fails<nested_forks<relacy_atomics, counts_any_child>>("counts_any_child",
                                                              bounds::random(100'000));
  model.fails<nested_forks<relacy_atomics, forgets_what_it_ran>>("forgets_what_it_ran",
                                                                 bounds::random(100'000));
  model.fails<nested_forks<relacy_atomics, leaves_inner_fork_only>>("leaves_inner_fork_only",
                                                                    bounds::random(100'000));
  // Each half of the exchange that counts: without it the last to arrive does not see what the
  // children wrote, or frees the join under a child that still reads it.
  model.fails<nested_forks<basic_relacy_atomics<exchanges_without_release>>>(
      "exchanges_without_release", bounds::random(100'000));
  model.fails<nested_forks<basic_relacy_atomics<exchanges_without_acquire>>>(
      "exchanges_without_acquire", bounds::random(100'000));
  return model.exit_status();
}
