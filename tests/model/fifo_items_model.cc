// fifo_items in an exchange of two items: what each thread puts in comes out once, in its order;
// and in the end nobody waits for room where there is some, or for an item where there is one.
//
// Four threads: two that put in two items each, two that get one or two each. Nobody blocks: who
// has to wait leaves its item, or its wish for one, under the lock of the exchange, as a task does.
#include "magpie/runtime/internal/fifo_items.h"

#include <array>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "magpie/tests/model/model.h"

namespace {

using namespace magpie::model;
using magpie::internal::popped_early;

template <class Atomics>
using two_ended = magpie::internal::fifo_items<int, Atomics, 1>;

template <class Atomics>
class putters_and_getters : public rl::test_suite<putters_and_getters<Atomics>, 4> {
 public:
  void thread(unsigned index) {
    if (index < 2) {
      const int thread = static_cast<int>(index);
      put(thread * 10);
      put(thread * 10 + 1);
    } else {
      get(got_[index - 2]);
      if (rl::rand(2) == 0) get(got_[index - 2]);
    }
  }

  void after() {
    expect(putters_.empty() || !items_.has_room(capacity), "somebody waits for room beside some");
    expect(wishes_ == 0 || items_.size() == 0, "somebody waits for an item beside one");
    std::vector<int> rest;
    std::optional<int> item;
    while (take(item))
      rest.push_back(*std::exchange(item, std::nullopt));
    for (const int thread : {0, 1}) {
      int times = 0;
      for (const std::vector<int>* some : {&got_[0], &got_[1], &handed_, &rest}) {
        int last = -1;
        for (const int each : *some) {
          if (each / 10 != thread) continue;
          expect(last < each, "overtaken");
          last = each;
          ++times;
        }
      }
      expect(times == 2, "an item is lost, or there twice");
    }
  }

 private:
  static constexpr std::size_t capacity = 2;

  // As exchange::put(), get_early(), get() and admit().
  void put(int item) {
    const std::lock_guard lock(lock_);
    if (wishes_ > 0) {
      --wishes_;
      handed_.push_back(item);
    } else if (putters_.empty() && items_.has_room(capacity)) {
      items_.push(std::move(item));
    } else {
      putters_.push_back(item);
    }
  }

  void get(std::vector<int>& got) {
    std::optional<int> item;
    const popped_early how = items_.pop_early(item);
    if (how != popped_early::item) {
      const std::lock_guard lock(lock_);
      if (how == popped_early::item_and_room_is_wanted) {
        admit();
      } else if (!take(item)) {
        ++wishes_;
        return;
      }
    }
    got.push_back(*item);
  }

  bool take(std::optional<int>& item) {
    if (items_.pop(item)) {
      admit();
      return true;
    }
    if (putters_.empty()) return false;
    item = putters_.front();
    putters_.pop_front();
    return true;
  }

  void admit() {
    while (!putters_.empty() && items_.has_room(capacity)) {
      int item = putters_.front();
      putters_.pop_front();
      items_.push(std::move(item));
    }
  }

  typename Atomics::mutex_type lock_;
  two_ended<Atomics> items_;
  // Under lock_.
  std::deque<int> putters_;
  int wishes_ = 0;
  std::vector<int> handed_;  // To who had a wish.

  std::array<std::vector<int>, 2> got_;
};

struct wants_no_room : relacy_atomics {};
struct trusts_the_hint : relacy_atomics {};
struct pops_the_back_first : relacy_atomics {};

}  // namespace

namespace magpie::internal {

// The getter that makes room is not told.
template <>
void two_ended<wants_no_room>::want_room() noexcept {}

// What is seen without the lock is taken for true.
template <>
popped_early two_ended<trusts_the_hint>::pop_early(std::optional<int>& into) noexcept {
  if (front_.size() == 0) return popped_early::nothing;
  pop_front(into);
  const bool wanted = room_is_wanted_.get();
  room_is_wanted_.set(false);
  return wanted ? popped_early::item_and_room_is_wanted : popped_early::item;
}

template <>
bool two_ended<pops_the_back_first>::pop(std::optional<int>& into) noexcept {
  if (back_.size() == 0) {
    const lock_guard lock(front_lock_);
    most_at_front_.set(front_.size());
    if (front_.size() == 0) return false;
    pop_front(into);
    return true;
  }
  back_.pop_front(into);
  if (most_at_front_.get() == 0 && back_.size() > 0) move_to_front();
  return true;
}

}  // namespace magpie::internal

int main(int argc, char** argv) {
  program model(argc, argv);
  model.holds<putters_and_getters<relacy_atomics>>("preemptions", bounds::preemptions(1));
  model.holds<putters_and_getters<relacy_atomics>>("random", bounds::random(2'000'000));
  model.fails<putters_and_getters<wants_no_room>>("wants_no_room", bounds::random(100'000));
  model.fails<putters_and_getters<trusts_the_hint>>("trusts_the_hint", bounds::random(100'000));
  model.fails<putters_and_getters<pops_the_back_first>>("pops_the_back_first",
                                                        bounds::random(100'000));
  return model.exit_status();
}
