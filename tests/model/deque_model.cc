// The deque: every item that was pushed is taken exactly once, by the owner or by a thief, who sees
// what the owner wrote to it before the push.
//
// One owner and two thieves on a deque of capacity 2, which grows to 8 in the middle.
#include "magpie/runtime/internal/deque.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "magpie/tests/model/model.h"

namespace {

using namespace magpie::model;

template <class Atomics>
struct item {
  typename Atomics::template plain<int> written{0};
  int taken = 0;
};

template <class Atomics, std::uint64_t FirstIndex = 0>
class owner_and_thieves : public rl::test_suite<owner_and_thieves<Atomics, FirstIndex>, 3> {
 public:
  void thread(unsigned index) {
    if (index == 0) {
      own();
    } else {
      steal();
      steal();
    }
  }

  void after() {
    while (item_type* left = deque_.pop())
      take(left);
    for (std::size_t i = 0; i < pushed_; ++i)
      expect(items_[i].taken == 1, "an item is lost");
  }

 private:
  using item_type = item<Atomics>;

  void own() {
    push();
    take(deque_.pop());  // The only item: owner and thieves meet.
    push_all(2);
    push();  // Grows, unless thieves were quick.
    take(deque_.pop());
    push();
    push();
    push();  // Grows again.
    take(deque_.pop());
    take(deque_.pop());
  }

  void push() {
    item_type& next = items_[pushed_++];
    next.written.set(1);
    deque_.push(&next);
  }

  // Or one after the other, where there is not room for all.
  void push_all(std::size_t count) {
    const std::size_t first = pushed_;
    const auto item = [&](std::uint64_t i) {
      items_[first + i].written.set(1);
      return &items_[first + i];
    };
    if (deque_.try_push_all(count, item)) {
      pushed_ += count;
    } else {
      while (pushed_ < first + count)
        push();
    }
  }

  void steal() { take(deque_.steal()); }

  static void take(item_type* taken) {
    if (taken == nullptr) return;
    expect(taken->written.get() == 1, "an item is taken before it was written");
    expect(++taken->taken == 1, "an item is taken twice");
  }

  std::array<item_type, 7> items_;
  std::size_t pushed_ = 0;
  magpie::internal::deque<item_type, Atomics> deque_{2, FirstIndex};
};

// Small enough to look at all schedules of a few preemptions: two items, of which the thief wants
// both and the owner the newer. A pop that sees an old top takes an item that is gone.
template <class Atomics>
class two_items : public rl::test_suite<two_items<Atomics>, 2> {
 public:
  void before() {
    for (item_type& each : items_)
      deque_.push(&each);
  }

  void thread(unsigned index) {
    if (index == 0) {
      take(deque_.pop());
    } else {
      take(deque_.steal());
      take(deque_.steal());
    }
  }

  void after() {
    while (item_type* left = deque_.pop())
      take(left);
    for (const item_type& each : items_)
      expect(each.taken == 1, "an item is lost");
  }

 private:
  using item_type = item<Atomics>;

  static void take(item_type* taken) {
    if (taken != nullptr) expect(++taken->taken == 1, "an item is taken twice");
  }

  std::array<item_type, 2> items_;
  magpie::internal::deque<item_type, Atomics> deque_{2};
};

// What they do wrong is in grow() below.
struct reused_old_array : relacy_atomics {};
struct copy_in_place : relacy_atomics {};

}  // namespace

namespace magpie::internal {

// The old array is used for something else at once, while a thief may still read it.
template <>
void ring<item<reused_old_array>, reused_old_array>::grow(std::unique_ptr<ring>& current,
                                                          std::uint64_t top, std::uint64_t bottom) {
  auto larger = std::make_unique<ring>(current->capacity() * 2);
  for (std::uint64_t i = top; i != bottom; ++i) {
    larger->set(i, current->get(i));
    current->set(i, nullptr);
  }
  larger->smaller_ = std::move(current);
  current = std::move(larger);
}

// Slots keep their place in the array instead of moving to their index modulo the new capacity.
template <>
void ring<item<copy_in_place>, copy_in_place>::grow(std::unique_ptr<ring>& current,
                                                    std::uint64_t top, std::uint64_t bottom) {
  auto larger = std::make_unique<ring>(current->capacity() * 2);
  for (std::uint64_t i = top; i != bottom; ++i)
    larger->set(i & (current->capacity() - 1), current->get(i));
  larger->smaller_ = std::move(current);
  current = std::move(larger);
}

}  // namespace magpie::internal

int main(int argc, char** argv) {
  constexpr std::uint64_t before_wrap = UINT64_MAX - 1;
  program model(argc, argv);

  model.holds<two_items<relacy_atomics>>("two_items", bounds::preemptions(5));
  model.holds<two_items<membarrier_atomics>>("two_items, membarrier", bounds::preemptions(5));
  model.holds<owner_and_thieves<relacy_atomics>>("growth", bounds::random(500'000));
  model.holds<owner_and_thieves<membarrier_atomics>>("growth, membarrier", bounds::random(500'000));
  model.holds<owner_and_thieves<relacy_atomics, before_wrap>>("wrap", bounds::random(300'000));
  model.holds<owner_and_thieves<membarrier_atomics, before_wrap>>("wrap, membarrier",
                                                                  bounds::random(300'000));

  // Both sides of the barrier between pop and steal are needed: without either, owner and thief
  // take the same last item.
  model.fails<two_items<no_light_fence>>("no_light_fence", bounds::preemptions(3));
  model.fails<two_items<no_heavy_fence>>("no_heavy_fence", bounds::preemptions(3));
  model.fails<two_items<local_heavy_fence>>("local_heavy_fence", bounds::preemptions(3));
  // push() publishes the index with release and steal() reads it with acquire: without either, a
  // thief takes an item that it has not seen written.
  model.fails<owner_and_thieves<basic_relacy_atomics<relaxed_stores>>>("relaxed_stores",
                                                                       bounds::random(100'000));
  model.fails<owner_and_thieves<basic_relacy_atomics<relaxed_loads>>>("relaxed_loads",
                                                                      bounds::random(100'000));
  model.fails<owner_and_thieves<reused_old_array>>("reused_old_array", bounds::random(100'000));
  model.fails<owner_and_thieves<copy_in_place, 1>>("copy_in_place", bounds::random(100'000));
  return model.exit_status();
}
