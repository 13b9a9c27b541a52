// The injection queue: every node that was pushed is taken exactly once; each taker sees the nodes
// of one producer in the order in which they were pushed, and what the producer wrote to them.
//
// Two producers that push two nodes each, one of them a pair at once, and two consumers that take
// everything there is, twice.
#include "magpie/runtime/internal/injection_queue.h"

#include <array>
#include <cstddef>
#include <cstdint>

#include "magpie/tests/model/model.h"

namespace {

using namespace magpie::model;

template <class Atomics>
class node {
 public:
  node* next() const { return next_.get(); }
  void set_next(node* next) { next_.set(next); }

  typename Atomics::template plain<int> written{0};
  unsigned producer = 0;
  int number = 0;
  int taken = 0;

 private:
  typename Atomics::template plain<node*> next_{nullptr};
};

template <class Atomics>
class producers_and_consumers : public rl::test_suite<producers_and_consumers<Atomics>, 4> {
 public:
  void thread(unsigned index) {
    if (index == 0) {
      queue_.push(&write(0, 1));
      queue_.push(&write(0, 2));
    } else if (index == 1) {
      node_type& oldest = write(1, 1);
      node_type& newest = write(1, 2);
      newest.set_next(&oldest);
      queue_.push_reversed(&newest, &oldest);
    } else {
      std::array<int, 2> last{};
      take(last);
      take(last);
    }
  }

  void after() {
    std::array<int, 2> last{};
    take(last);
    expect(queue_.empty(), "the queue is not empty after everything was taken");
    for (const auto& of_one : nodes_) {
      for (const node_type& each : of_one)
        expect(each.taken == 1, "a node is lost");
    }
  }

 private:
  using node_type = node<Atomics>;

  node_type& write(unsigned producer, int number) {
    node_type& result = nodes_[producer][static_cast<std::size_t>(number - 1)];
    result.producer = producer;
    result.number = number;
    result.written.set(1);
    return result;
  }

  void take(std::array<int, 2>& last) {
    for (node_type* each = queue_.take_all(); each != nullptr; each = each->next()) {
      expect(each->written.get() == 1, "a node is taken before it was written");
      expect(++each->taken == 1, "a node is taken twice");
      expect(each->number > last[each->producer], "the nodes of a producer changed places");
      last[each->producer] = each->number;
    }
  }

  std::array<std::array<node_type, 2>, 2> nodes_;
  magpie::internal::injection_queue<node_type, Atomics> queue_;
};

// What they do wrong is in push_reversed() and take_all() below.
struct pushed_without_exchange : relacy_atomics {};
struct emptied_without_exchange : relacy_atomics {};
struct not_reversed : relacy_atomics {};

}  // namespace

namespace magpie::internal {

// A node that another producer pushed between the load and the store is lost.
template <>
void injection_queue<node<pushed_without_exchange>, pushed_without_exchange>::push_reversed(
    node<pushed_without_exchange>* newest, node<pushed_without_exchange>* oldest) {
  oldest->set_next(head_.load(std::memory_order_acquire));
  head_.store(newest, std::memory_order_release);
}

// Two consumers take the same list, or a node that was pushed in between is lost.
template <>
node<emptied_without_exchange>*
injection_queue<node<emptied_without_exchange>, emptied_without_exchange>::take_all() {
  node<emptied_without_exchange>* newest = head_.load(std::memory_order_acquire);
  head_.store(nullptr, std::memory_order_relaxed);
  node<emptied_without_exchange>* oldest_first = nullptr;
  while (newest != nullptr) {
    node<emptied_without_exchange>* next = newest->next();
    newest->set_next(oldest_first);
    oldest_first = newest;
    newest = next;
  }
  return oldest_first;
}

// Newest first.
template <>
node<not_reversed>* injection_queue<node<not_reversed>, not_reversed>::take_all() {
  return head_.exchange(nullptr, std::memory_order_acquire);
}

}  // namespace magpie::internal

int main(int argc, char** argv) {
  program model(argc, argv);

  model.holds<producers_and_consumers<relacy_atomics>>("random", bounds::random(2'000'000));
  model.holds<producers_and_consumers<relacy_atomics>>("preemptions", bounds::preemptions(3));

  // push() publishes the node with release and take_all() reads it with acquire: without either,
  // a consumer follows links and reads tasks that it has not seen written.
  model.fails<producers_and_consumers<basic_relacy_atomics<exchanges_without_release>>>(
      "exchanges_without_release", bounds::random(100'000));
  model.fails<producers_and_consumers<basic_relacy_atomics<exchanges_without_acquire>>>(
      "exchanges_without_acquire", bounds::random(100'000));
  model.fails<producers_and_consumers<pushed_without_exchange>>("pushed_without_exchange",
                                                                bounds::random(100'000));
  model.fails<producers_and_consumers<emptied_without_exchange>>("emptied_without_exchange",
                                                                 bounds::random(100'000));
  model.fails<producers_and_consumers<not_reversed>>("not_reversed", bounds::random(100'000));
  return model.exit_status();
}
