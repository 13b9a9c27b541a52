// The join: exactly one party sees a fork complete, after all of its children, and sees what each
// of them wrote; after that nobody touches the join.
//
// A worker runs a task that forks {A, B} and, inside A, {C, D}, all through its deque, and leaves
// the forks as worker::merge_forks() does when nothing is left to pop, or when a child suspends.
// Two thieves steal and complete what they can. Whoever completes a fork frees it and goes on with
// its parent, also between the merge of the inner fork and that of the outer one.
#include "magpie/runtime/internal/join.h"

#include <array>
#include <cstddef>
#include <cstdint>

#include "magpie/runtime/internal/deque.h"
#include "magpie/tests/model/model.h"

namespace {

using namespace magpie::model;

// How the worker uses the joins; a mutant changes one of these.
struct rules {
  static constexpr bool a_child_suspends = false;
  static constexpr bool heeds_merged = true;
  static constexpr bool merges_outer_forks = true;
};

struct with_suspension : rules {
  static constexpr bool a_child_suspends = true;
};

// A child that ends after the merge still counts in the plain field.
struct counts_plainly_for_ever : with_suspension {
  static constexpr bool heeds_merged = false;
};

// Leaves the innermost fork only.
struct merges_innermost_only : rules {
  static constexpr bool merges_outer_forks = false;
};

template <class Atomics, class Rules = rules>
class nested_forks : public rl::test_suite<nested_forks<Atomics, Rules>, 3> {
 public:
  void thread(unsigned index) {
    if (index == 0) {
      own();
    } else {
      for (int i = 0; i < 2; ++i) {
        if (child* stolen = deque_.steal()) run(*stolen, index);
      }
    }
  }

  void after() {
    expect(deque_.empty(), "a child is left over");
    expect(completed_ == 1, "the fork is complete, and nobody has resumed the parent");
  }

 private:
  struct scope;

  struct child {
    typename Atomics::template plain<int> result{0};
    scope* joined = nullptr;
  };

  struct scope {
    scope(unsigned by, scope* around, child* forked_by, std::array<child*, 2> forked)
        : owner(by), outer(around), parent(forked_by), children(forked) {
      for (child* each : children)
        each->joined = this;
    }

    magpie::internal::join<Atomics> join{2};
    const unsigned owner;
    typename Atomics::template plain<bool> merged{false};  // Owner only.
    scope* const outer;
    child* const parent;
    const std::array<child*, 2> children;
  };

  void own() {
    innermost_ = new scope(0, nullptr, nullptr, {&a_, &b_});
    deque_.push(&b_);
    innermost_ = new scope(0, innermost_, &a_, {&c_, &d_});
    deque_.push(&c_);
    deque_.push(&d_);
    bool suspended = false;
    while (child* next = deque_.pop()) {
      if (Rules::a_child_suspends && next == &d_) {
        merge_forks();
        suspended = true;
      } else {
        run(*next, 0);
      }
    }
    if (innermost_ != nullptr) merge_forks();
    if (suspended) run(d_, 0);
  }

  void run(child& ended, unsigned by) {
    ended.result.set(1);
    arrive(*ended.joined, by);
  }

  // As worker::arrive().
  void arrive(scope& f, unsigned by) {
    bool last = false;
    if (f.owner == by && !(Rules::heeds_merged && f.merged.get())) {
      last = f.join.arrive_owned();
      if (last) innermost_ = f.outer;
    } else {
      last = f.join.arrive();
    }
    if (last) resume_parent(f, by);
  }

  void resume_parent(scope& f, unsigned by) {
    for (child* each : f.children)
      expect(each->result.get() == 1, "a fork is complete before its children");
    child* parent = f.parent;
    delete &f;
    if (parent != nullptr) {
      run(*parent, by);
    } else {
      expect(++completed_ == 1, "a parent is resumed twice");
    }
  }

  // As worker::merge_forks(), with the ready queue in `ready`.
  void merge_forks() {
    std::array<scope*, 2> ready{};
    std::size_t count = 0;
    scope* f = innermost_;
    innermost_ = nullptr;
    while (f != nullptr) {
      scope* const outer = f->outer;
      f->merged.set(true);
      if (f->join.merge()) ready[count++] = f;
      f = Rules::merges_outer_forks ? outer : nullptr;
    }
    for (std::size_t i = 0; i < count; ++i)
      resume_parent(*ready[i], 0);
  }

  child a_;
  child b_;
  child c_;
  child d_;
  scope* innermost_ = nullptr;  // Owner only.
  int completed_ = 0;
  magpie::internal::deque<child, Atomics> deque_{4};
};

// What they do wrong is in merge() and arrive() below.
struct count_not_added : relacy_atomics {};
struct complete_before_merge : relacy_atomics {};
struct late_read : relacy_atomics {};

}  // namespace

namespace magpie::internal {

// The children that ended on the owner are forgotten.
template <>
bool join<count_not_added>::merge() {
  const std::uint32_t complete = children_.get() | merged_bit;
  return arrived_.fetch_add(merged_bit, std::memory_order_acq_rel) + merged_bit == complete;
}

// Others may see the fork as complete while the owner is still inside of it.
template <>
bool join<complete_before_merge>::arrive() {
  const std::uint32_t complete = children_.get();
  const std::uint32_t arrived = arrived_.fetch_add(1, std::memory_order_acq_rel) + 1;
  return (arrived & ~merged_bit) == complete;
}

// The last to arrive may have freed the join.
template <>
bool join<late_read>::arrive() {
  const std::uint32_t arrived = arrived_.fetch_add(1, std::memory_order_acq_rel) + 1;
  return arrived == (children_.get() | merged_bit);
}

}  // namespace magpie::internal

int main(int argc, char** argv) {
  program model(argc, argv);

  model.holds<nested_forks<relacy_atomics>>("nested", bounds::random(500'000));
  model.holds<nested_forks<membarrier_atomics>>("nested, membarrier", bounds::random(300'000));
  model.holds<nested_forks<relacy_atomics>>("nested, preemptions", bounds::preemptions(1));
  model.holds<nested_forks<relacy_atomics, with_suspension>>("suspension", bounds::random(500'000));

  model.fails<nested_forks<count_not_added>>("count_not_added", bounds::random(100'000));
  model.fails<nested_forks<complete_before_merge>>("complete_before_merge",
                                                   bounds::random(100'000));
  model.fails<nested_forks<late_read>>("late_read", bounds::random(100'000));
  model.fails<nested_forks<relacy_atomics, counts_plainly_for_ever>>("counts_plainly_for_ever",
                                                                     bounds::random(100'000));
  model.fails<nested_forks<relacy_atomics, merges_innermost_only>>("merges_innermost_only",
                                                                   bounds::random(100'000));
  // Each half of the exchange that counts: without it the last to arrive does not see what the
  // children wrote, or frees the join under a child that still reads it.
  model.fails<nested_forks<basic_relacy_atomics<exchanges_without_release>>>(
      "exchanges_without_release", bounds::random(100'000));
  model.fails<nested_forks<basic_relacy_atomics<exchanges_without_acquire>>>(
      "exchanges_without_acquire", bounds::random(100'000));
  return model.exit_status();
}
