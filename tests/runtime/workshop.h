// What the tests of resource pools lend: numbered tools, and who makes them.
#ifndef MAGPIE_TESTS_RUNTIME_WORKSHOP_H_
#define MAGPIE_TESTS_RUNTIME_WORKSHOP_H_

#include <atomic>
#include <chrono>
#include <functional>
#include <stdexcept>
#include <utility>

#include "magpie/runtime/resource_pool.h"
#include "magpie/runtime/sleep.h"
#include "magpie/runtime/task.h"
#include "magpie/tests/runtime/leftovers.h"

namespace magpie::testing {

class workshop;

// Moves only. Known to its workshop until it is destroyed.
class tool {
 public:
  tool(workshop& from, int number) noexcept : from_(&from), number_(number) {}
  tool(tool&& other) noexcept
      : from_(std::exchange(other.from_, nullptr)), number_(other.number_), sharp_(other.sharp_) {}
  tool& operator=(tool&&) = delete;
  ~tool();

  int number() const noexcept { return number_; }
  bool sharp() const noexcept { return sharp_; }
  void blunt() noexcept { sharp_ = false; }

 private:
  workshop* from_;
  int number_;
  bool sharp_ = true;
  counted alive_;
};

// Any thread. Makes tools 1, 2, 3, ...
class workshop {
 public:
  // For a pool. It takes `turns` turns to make one.
  std::function<task<tool>()> make(int turns = 0) {
    return [this, turns] { return make_one(*this, turns); };
  }
  // Whether one is sharp, which takes one turn to see.
  std::function<task<bool>(tool&)> check() {
    return [this](tool& what) { return check_one(*this, what); };
  }

  // So many of the next ones cannot be made.
  void fail_next(int count) noexcept { failures_ = count; }

  int made() const noexcept { return made_; }
  int checked() const noexcept { return checked_; }
  int existing() const noexcept { return existing_; }
  int most_existing() const noexcept { return most_; }

 private:
  friend tool;

  static task<tool> make_one(workshop& here, int turns) {
    const counted frame;
    for (int i = 0; i < turns; ++i)
      co_await yield();
    if (here.failures_ > 0) {
      --here.failures_;
      throw std::runtime_error("no wood");
    }
    here.begin();
    co_return tool(here, ++here.made_);
  }
  static task<bool> check_one(workshop& here, const tool& what) {
    const counted frame;
    ++here.checked_;
    co_await yield();
    co_return what.sharp();
  }
  void begin() noexcept {
    const int now = ++existing_;
    int most = most_;
    while (now > most && !most_.compare_exchange_weak(most, now)) {
    }
  }

  std::atomic<int> failures_ = 0;
  std::atomic<int> made_ = 0;
  std::atomic<int> checked_ = 0;
  std::atomic<int> existing_ = 0;
  std::atomic<int> most_ = 0;
};

inline tool::~tool() {
  if (from_ != nullptr) --from_->existing_;
}

inline resource_pool_options at_most_tools(std::size_t count) {
  return resource_pool_options().max_size(count);
}

// Has a tool for some turns; the number of the tool.
inline task<int> use_one(resource_pool<tool>& pool, int turns) {
  const counted frame;
  const pool_lease<tool> lease = co_await pool.acquire();
  for (int i = 0; i < turns; ++i)
    co_await yield();
  co_return lease->number();
}

// The same in time.
inline task<int> use_for(resource_pool<tool>& pool, clock::duration length) {
  const pool_lease<tool> lease = co_await pool.acquire();
  co_await sleep_for(length);
  co_return lease->number();
}

}  // namespace magpie::testing

#endif  // MAGPIE_TESTS_RUNTIME_WORKSHOP_H_
