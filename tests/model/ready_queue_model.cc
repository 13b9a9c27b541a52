// The ready queue: every item that was pushed is taken exactly once, at the front, by the owner or
// by a thief, who sees what the owner wrote to it before the push; each taker sees the items in the
// order in which they were pushed.
//
// One owner and two thieves on a queue of capacity 2, which grows to 4 in the middle.
#include "magpie/runtime/internal/ready_queue.h"

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
  int number = 0;
  int taken = 0;
};

template <class Atomics, std::uint64_t FirstIndex = 0>
class owner_and_thieves : public rl::test_suite<owner_and_thieves<Atomics, FirstIndex>, 3> {
 public:
  void thread(unsigned index) {
    int last = 0;
    if (index == 0) {
      own(last);
    } else {
      take(queue_.pop(), last);
      take(queue_.pop(), last);
    }
  }

  void after() {
    int last = 0;
    while (item_type* left = queue_.pop())
      take(left, last);
    for (int i = 0; i < pushed_; ++i)
      expect(items_[static_cast<std::size_t>(i)].taken == 1, "an item is lost");
  }

 private:
  using item_type = item<Atomics>;

  void own(int& last) {
    push();
    push();
    take(queue_.pop(), last);
    push();  // Into the slot that has become free.
    push();  // Grows, unless thieves were quick.
    push();
    take(queue_.pop(), last);
    take(queue_.pop(), last);
  }

  void push() {
    item_type& next = items_[static_cast<std::size_t>(pushed_)];
    next.number = ++pushed_;
    next.written.set(1);
    queue_.push(&next);
  }

  static void take(item_type* taken, int& last) {
    if (taken == nullptr) return;
    expect(taken->written.get() == 1, "an item is taken before it was written");
    expect(++taken->taken == 1, "an item is taken twice");
    expect(taken->number > last, "items are taken out of order");
    last = taken->number;
  }

  std::array<item_type, 5> items_;
  int pushed_ = 0;
  magpie::internal::ready_queue<item_type, Atomics> queue_{2, FirstIndex};
};

// One that was pushed before, and nobody else takes: an empty-handed pop would leave it waiting.
template <class Atomics>
class no_false_empty : public rl::test_suite<no_false_empty<Atomics>, 2> {
 public:
  void before() { queue_.push(&items_[0]); }

  void thread(unsigned index) {
    if (index == 0) {
      queue_.push(&items_[1]);
    } else {
      expect(queue_.pop() == &items_[0], "the queue seems empty, or its items changed places");
    }
  }

  void after() { expect(queue_.pop() == &items_[1], "an item is lost"); }

 private:
  using item_type = item<Atomics>;

  std::array<item_type, 2> items_;
  magpie::internal::ready_queue<item_type, Atomics> queue_{1};
};

// What it does wrong is in grow() below.
struct reused_old_array : relacy_atomics {};

// What they do wrong is in pop() below.
struct taken_without_exchange : relacy_atomics {};
struct read_after_exchange : relacy_atomics {};

}  // namespace

namespace magpie::internal {

// The old array is used for something else at once, while a thief may still read it.
template <>
void ring<item<reused_old_array>, reused_old_array>::grow(std::unique_ptr<ring>& current,
                                                          std::uint64_t front, std::uint64_t back) {
  auto larger = std::make_unique<ring>(current->capacity() * 2);
  for (std::uint64_t i = front; i != back; ++i) {
    larger->set(i, current->get(i));
    current->set(i, nullptr);
  }
  larger->smaller_ = std::move(current);
  current = std::move(larger);
}

// Two takers that read the same front both take the item.
template <>
item<taken_without_exchange>*
ready_queue<item<taken_without_exchange>, taken_without_exchange>::pop() {
  const std::uint64_t front = front_.load(std::memory_order_acquire);
  const std::uint64_t back = back_.load(std::memory_order_acquire);
  if (static_cast<std::int64_t>(back - front) <= 0) return nullptr;
  item<taken_without_exchange>* taken = ring_.load(std::memory_order_acquire)->get(front);
  front_.store(front + 1, std::memory_order_release);
  return taken;
}

// Once front_ has passed the slot, the owner may write it again.
template <>
item<read_after_exchange>* ready_queue<item<read_after_exchange>, read_after_exchange>::pop() {
  std::uint64_t front = front_.load(std::memory_order_acquire);
  for (;;) {
    const std::uint64_t back = back_.load(std::memory_order_acquire);
    if (static_cast<std::int64_t>(back - front) <= 0) return nullptr;
    if (front_.compare_exchange_weak(front, front + 1, std::memory_order_acq_rel,
                                     std::memory_order_acquire)) {
      return ring_.load(std::memory_order_acquire)->get(front);
    }
  }
}

}  // namespace magpie::internal

int main(int argc, char** argv) {
  constexpr std::uint64_t before_wrap = UINT64_MAX - 1;
  program model(argc, argv);

  model.holds<no_false_empty<relacy_atomics>>("no_false_empty", bounds::preemptions(5));
  model.holds<owner_and_thieves<relacy_atomics>>("growth", bounds::random(1'000'000));
  model.holds<owner_and_thieves<relacy_atomics, before_wrap>>("wrap", bounds::random(500'000));

  // push() publishes the index with release and pop() reads it with acquire: without either, a
  // thief takes an item that it has not seen written.
  model.fails<owner_and_thieves<basic_relacy_atomics<relaxed_stores>>>("relaxed_stores",
                                                                       bounds::random(100'000));
  model.fails<owner_and_thieves<basic_relacy_atomics<relaxed_loads>>>("relaxed_loads",
                                                                      bounds::random(100'000));
  model.fails<owner_and_thieves<reused_old_array>>("reused_old_array", bounds::random(100'000));
  model.fails<owner_and_thieves<taken_without_exchange>>("taken_without_exchange",
                                                         bounds::random(100'000));
  model.fails<owner_and_thieves<read_after_exchange>>("read_after_exchange",
                                                      bounds::random(100'000));
  return model.exit_status();
}
