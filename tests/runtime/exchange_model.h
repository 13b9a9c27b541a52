// Random requests to a channel or a queue, against what plain lists say.
#ifndef MAGPIE_TESTS_RUNTIME_EXCHANGE_MODEL_H_
#define MAGPIE_TESTS_RUNTIME_EXCHANGE_MODEL_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <vector>

#include "magpie/runtime/sleep.h"
#include "magpie/runtime/spawn.h"

namespace magpie::testing {

class exchange_model {
 public:
  // What one waiting task has been told.
  struct outcome {
    bool ended = false;  // And not with an exception.
    std::optional<int> got;
  };

  // The object under test.
  std::function<task<>(int value, std::shared_ptr<outcome> result)> put;
  std::function<task<>(std::shared_ptr<outcome> result)> get;
  std::function<bool(int value)> try_put;
  std::function<std::optional<int>()> try_get;
  std::function<std::size_t()> size;

  // How the model behaves.
  std::size_t capacity = 1;
  // Which of the items is next.
  std::function<std::size_t(const std::deque<int>&)> next = [](const std::deque<int>&) {
    return std::size_t{0};
  };

  task<> play(std::uint64_t seed, int steps) {
    std::mt19937_64 random(seed);
    for (int i = 0; i < steps && !::testing::Test::HasFailure(); ++i) {
      const int value = static_cast<int>(random() % 50);
      switch (random() % 6) {
        case 0:
          begin_put(value);
          break;
        case 1:
          begin_get();
          break;
        case 2:
          EXPECT_EQ(try_put(value), accept(value));
          break;
        case 3:
          EXPECT_EQ(try_get(), provide());
          break;
        case 4:
          cancel_one(putting_, random());
          break;
        default:
          cancel_one(getting_, random());
      }
      using namespace std::chrono_literals;
      co_await sleep_for(1s);  // All who can go on do.
      compare();
    }
    for (waiter& w : putting_)
      w.handle.cancel();
    for (waiter& w : getting_)
      w.handle.cancel();
  }

 private:
  struct waiter {
    int value;
    std::shared_ptr<outcome> result;
    join_handle<> handle;
  };

  void begin_put(int value) {
    auto result = std::make_shared<outcome>();
    waiter w{value, result, spawn(put(value, result))};
    if (accept(value)) {
      ended_.push_back({std::nullopt, result});
    } else {
      putting_.push_back(std::move(w));
    }
  }

  void begin_get() {
    auto result = std::make_shared<outcome>();
    waiter w{0, result, spawn(get(result))};
    if (const std::optional<int> value = provide()) {
      ended_.push_back({value, result});
    } else {
      getting_.push_back(std::move(w));
    }
  }

  bool accept(int value) {
    if (!getting_.empty()) {
      ended_.push_back({value, getting_.front().result});
      getting_.pop_front();
      return true;
    }
    if (items_.size() >= capacity) return false;
    items_.push_back(value);
    return true;
  }

  std::optional<int> provide() {
    std::optional<int> value;
    if (!items_.empty()) {
      const auto at = items_.begin() + static_cast<std::ptrdiff_t>(next(items_));
      value = *at;
      items_.erase(at);
    }
    if (putting_.empty()) return value;
    const waiter& first = putting_.front();
    if (value) {
      items_.push_back(first.value);
    } else {
      value = first.value;
    }
    ended_.push_back({std::nullopt, first.result});
    putting_.pop_front();
    return value;
  }

  static void cancel_one(std::deque<waiter>& waiting, std::uint64_t which) {
    if (waiting.empty()) return;
    const auto at = waiting.begin() + static_cast<std::ptrdiff_t>(which % waiting.size());
    at->handle.cancel();
    waiting.erase(at);
  }

  void compare() {
    for (const expectation& e : ended_) {
      EXPECT_TRUE(e.result->ended);
      EXPECT_EQ(e.result->got, e.got);
    }
    ended_.clear();
    for (const std::deque<waiter>* waiting : {&putting_, &getting_}) {
      for (const waiter& w : *waiting)
        EXPECT_FALSE(w.handle.done());
    }
    EXPECT_EQ(size(), items_.size());
  }

  struct expectation {
    std::optional<int> got;
    std::shared_ptr<outcome> result;
  };

  std::deque<int> items_;
  std::deque<waiter> putting_;
  std::deque<waiter> getting_;
  std::vector<expectation> ended_;
};

}  // namespace magpie::testing

#endif  // MAGPIE_TESTS_RUNTIME_EXCHANGE_MODEL_H_
