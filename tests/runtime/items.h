// What the tests of the queues put into them: numbered items that count how often they come out.
#ifndef MAGPIE_TESTS_RUNTIME_ITEMS_H_
#define MAGPIE_TESTS_RUNTIME_ITEMS_H_

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <vector>

namespace magpie::testing {

struct item {
  std::size_t number = 0;
  std::size_t payload = 0;  // Not atomic: written before the push, read after the pop.
  std::atomic<int> taken{0};

  item* next() const noexcept { return next_; }
  void set_next(item* other) noexcept { next_ = other; }

 private:
  item* next_ = nullptr;
};

inline std::size_t payload_of(std::size_t number) {
  return number * 0x9e3779b9U + 1;
}

class items {
 public:
  explicit items(std::size_t count) : all_(count) {
    for (std::size_t i = 0; i < count; ++i)
      all_[i].number = i;
  }

  item* operator[](std::size_t i) { return &all_[i]; }
  std::size_t size() const { return all_.size(); }

  // By whoever pushes it.
  item* filled(std::size_t i) {
    all_[i].payload = payload_of(i);
    return &all_[i];
  }

  // By whoever has taken it. Whether it is what its producer has filled in.
  static bool take(item& taken) {
    taken.taken.fetch_add(1, std::memory_order_relaxed);
    return taken.payload == payload_of(taken.number);
  }

  void expect_each_taken_once() const {
    std::size_t lost = 0;
    std::size_t doubled = 0;
    for (const item& each : all_) {
      if (each.taken == 0) ++lost;
      if (each.taken > 1) ++doubled;
    }
    EXPECT_EQ(lost, 0U);
    EXPECT_EQ(doubled, 0U);
  }

 private:
  std::vector<item> all_;
};

}  // namespace magpie::testing

#endif  // MAGPIE_TESTS_RUNTIME_ITEMS_H_
