// Tasks that may not run anywhere at any time, under very many schedules (many_schedules.h).
#include <gtest/gtest.h>

#include <cstddef>
#include <vector>

#include "magpie/runtime/gather.h"
#include "magpie/runtime/pinned.h"
#include "magpie/runtime/sleep.h"
#include "magpie/runtime/spawn.h"
#include "magpie/runtime/strand.h"
#include "magpie/runtime/task.h"
#include "magpie/tests/runtime/leftovers.h"
#include "magpie/tests/runtime/many_schedules.h"

namespace magpie::testing {
namespace places_schedules_test {

class places_schedules_test : public runtime_test {};

// --------------------------------------------------------------------------------------- strand

// Players that come and go, some by way of run().
class strand_scene : public scene {
 public:
  using scene::scene;

  task<> act(std::size_t who) {
    const counted frame;
    const strand& mine = strands_[who % strands_.size()];
    for (int i = 0; i < 3; ++i) {
      co_await pause();
      co_await mine.run(step(mine));
      ++returned_;
    }
  }
  static void at_rest(std::size_t left) { EXPECT_EQ(left, 0U); }
  void check() const { EXPECT_LE(returned_, ended_); }

 private:
  task<> step(strand own) {
    const counted frame;
    EXPECT_TRUE(own.running_here());
    co_await pause();
    EXPECT_TRUE(own.running_here());
    const std::size_t children = random.below(3);
    if (children == 1) co_await gather(pause(), pause());
    if (children == 2) co_await yield();
    ++ended_;
  }

  std::vector<strand> strands_ = std::vector<strand>(2);
  std::size_t returned_ = 0;
  std::size_t ended_ = 0;
};

TEST_F(places_schedules_test, strand) {
  search_schedules<strand_scene>();
}

// --------------------------------------------------------------------------------------- pinned

class pinned_scene : public scene {
 public:
  using scene::scene;

  task<> act(std::size_t /*who*/) {
    const counted frame;
    for (int i = 0; i < 3; ++i) {
      co_await pause();
      auto pinned = spawn_pinned(stay_here(current_worker_number()));
      co_await pause();
      co_await pinned;
    }
  }
  static void at_rest(std::size_t left) { EXPECT_EQ(left, 0U); }
  static void check() {}

 private:
  task<> stay_here(std::size_t home) {
    const counted frame;
    EXPECT_EQ(current_worker_number(), home);
    co_await pause();
    EXPECT_EQ(current_worker_number(), home);
    co_await gather(pause(), pause());
    EXPECT_EQ(current_worker_number(), home);
  }
};

TEST_F(places_schedules_test, pinned) {
  search_schedules<pinned_scene>();
}

}  // namespace places_schedules_test
}  // namespace magpie::testing
