// Locks and limits under very many schedules (many_schedules.h).
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "magpie/runtime/clock.h"
#include "magpie/runtime/condition.h"
#include "magpie/runtime/mutex.h"
#include "magpie/runtime/rate_limiter.h"
#include "magpie/runtime/semaphore.h"
#include "magpie/runtime/shared_mutex.h"
#include "magpie/runtime/task.h"
#include "magpie/tests/runtime/leftovers.h"
#include "magpie/tests/runtime/many_schedules.h"

namespace magpie::testing {
namespace locks_schedules_test {

using namespace std::chrono_literals;

// ---------------------------------------------------------------------------------------- mutex

class mutex_scene : public scene {
 public:
  using scene::scene;

  task<> act(std::size_t /*who*/) {
    const counted frame;
    for (int i = 0; i < 3; ++i) {
      co_await pause();
      std::optional<mutex_guard> guard;
      if (random.one_in(4)) {
        guard = door_.try_lock();
        if (!guard) continue;
      } else {
        guard.emplace(co_await door_.lock());
      }
      const stay here(inside_);
      EXPECT_EQ(inside_, 1U);
      co_await pause_for_short_or_long();
    }
  }

  // Somebody may stay for long, and then others wait.
  void at_rest(std::size_t left) const { EXPECT_TRUE(left == 0 || resting == 1); }
  void check() const {
    EXPECT_EQ(inside_, 0U);
    EXPECT_FALSE(door_.locked());
  }

 private:
  magpie::mutex door_;
  std::size_t inside_ = 0;
};

TEST(mutex_schedules_test, one_at_a_time_and_nobody_is_forgotten) {
  search_schedules<mutex_scene>();
}

// --------------------------------------------------------------------------------- shared_mutex

class shared_mutex_scene : public scene {
 public:
  using scene::scene;

  task<> act(std::size_t /*who*/) {
    const counted frame;
    for (int i = 0; i < 3; ++i) {
      co_await pause();
      if (random.one_in(3)) {
        std::optional<exclusive_guard> guard;
        if (random.one_in(4)) {
          guard = table_.try_lock();
          if (!guard) continue;
        } else {
          const waiting_line<bool>::seat here(line_, true);
          guard.emplace(co_await table_.lock());
        }
        const stay here(writers_);
        co_await look_and_pause();
      } else {
        std::optional<shared_guard> guard;
        if (random.one_in(4)) {
          guard = table_.try_lock_shared();
          if (!guard) continue;
        } else {
          const waiting_line<bool>::seat here(line_, false);
          guard.emplace(co_await table_.lock_shared());
        }
        const stay here(readers_);
        co_await look_and_pause();
      }
    }
  }

  // Those who stay for long keep others out: a writer everybody, a reader the writer who is next.
  void at_rest(std::size_t left) const {
    EXPECT_EQ(left, resting + line_.size());
    EXPECT_EQ(resting, readers_ + writers_);
    const bool* const next_writes = line_.front();
    EXPECT_TRUE(next_writes == nullptr || writers_ == 1 || (*next_writes && readers_ > 0));
  }
  void check() const {
    EXPECT_EQ(readers_ + writers_, 0U);
    EXPECT_EQ(table_.readers(), 0U);
    EXPECT_FALSE(table_.locked());
  }

 private:
  task<> look_and_pause() {
    EXPECT_TRUE(writers_ == 0 || (writers_ == 1 && readers_ == 0));
    co_await pause_for_short_or_long();
  }

  magpie::shared_mutex table_;
  waiting_line<bool> line_;  // Whether it writes.
  std::size_t readers_ = 0;
  std::size_t writers_ = 0;
};

TEST(shared_mutex_schedules_test, one_writer_or_readers_and_nobody_is_forgotten) {
  search_schedules<shared_mutex_scene>();
}

// ------------------------------------------------------------------------------------ condition

// A store with room for two.
class condition_scene : public scene {
 public:
  using scene::scene;

  task<> act(std::size_t who) { return who % 2 == 0 ? fill() : drain(); }

  // Those who take wait for nothing but an empty store, those who bring for nothing but a full one.
  void at_rest(std::size_t /*left*/) const {
    EXPECT_TRUE(takers_ == 0 || stored_ == 0);
    EXPECT_TRUE(bringers_ == 0 || stored_ == most);
    EXPECT_FALSE(lock_.locked());
  }
  void check() const {
    EXPECT_EQ(brought_, taken_ + stored_);
    EXPECT_FALSE(lock_.locked());
  }

 private:
  static constexpr std::size_t most = 2;

  // Also of a wait that is cancelled.
  struct locked_at_the_end {
    explicit locked_at_the_end(const mutex_guard& by) : guard(by) {}
    locked_at_the_end(const locked_at_the_end&) = delete;
    locked_at_the_end& operator=(const locked_at_the_end&) = delete;
    ~locked_at_the_end() { EXPECT_TRUE(guard.owns_lock()); }
    const mutex_guard& guard;
  };

  task<> fill() {
    const counted frame;
    for (int i = 0; i < 4; ++i) {
      co_await pause();
      mutex_guard guard = co_await lock_.lock();
      {
        const stay here(bringers_);
        const locked_at_the_end same(guard);
        co_await not_full_.wait(guard, [&] { return stored_ < most; });
      }
      ++stored_;
      ++brought_;
      not_empty_.notify_one();
      co_await look_and_pause();
    }
  }
  task<> drain() {
    const counted frame;
    for (int i = 0; i < 4; ++i) {
      co_await pause();
      mutex_guard guard = co_await lock_.lock();
      {
        const stay here(takers_);
        const locked_at_the_end same(guard);
        co_await not_empty_.wait(guard, [&] { return stored_ > 0; });
      }
      --stored_;
      ++taken_;
      not_full_.notify_one();
      co_await look_and_pause();
    }
  }

  // With the lock.
  task<> look_and_pause() {
    const stay here(inside_);
    EXPECT_EQ(inside_, 1U);
    co_await pause();
  }

  magpie::mutex lock_;
  condition not_empty_;
  condition not_full_;
  std::size_t stored_ = 0;
  std::size_t brought_ = 0;
  std::size_t taken_ = 0;
  std::size_t inside_ = 0;
  std::size_t bringers_ = 0;
  std::size_t takers_ = 0;
};

TEST(condition_schedules_test, no_notification_is_lost) {
  search_schedules<condition_scene>();
}

// ------------------------------------------------------------------------------------ semaphore

class semaphore_scene : public scene {
 public:
  semaphore_scene(dice& with, std::size_t count)
      : scene(with, count), all_(with.below(3) + 1), permits_(all_, all_) {}

  task<> act(std::size_t /*who*/) {
    const counted frame;
    for (int i = 0; i < 3; ++i) {
      co_await pause();
      const std::uint64_t wanted = random.below(all_) + 1;
      semaphore_permit mine;
      if (random.one_in(4)) {
        std::optional<semaphore_permit> got = permits_.try_acquire(wanted);
        if (!got) continue;
        mine = std::move(*got);
      } else {
        const waiting_line<std::uint64_t>::seat here(line_, wanted);
        mine = co_await permits_.acquire(wanted);
      }
      const stay here(held_, wanted);
      EXPECT_LE(held_, all_);
      co_await pause_for_short_or_long();
    }
  }

  // Some may stay for long; who is next waits for more than is left.
  void at_rest(std::size_t left) const {
    EXPECT_EQ(left, resting + line_.size());
    EXPECT_EQ(permits_.available() + held_, all_);
    EXPECT_TRUE(line_.size() == 0 || *line_.front() > permits_.available());
  }
  void check() const {
    EXPECT_EQ(held_, 0U);
    EXPECT_EQ(permits_.available(), all_);
  }

 private:
  const std::size_t all_;
  semaphore permits_;
  waiting_line<std::uint64_t> line_;
  std::size_t held_ = 0;
};

TEST(semaphore_schedules_test, no_permit_is_lost_and_nobody_is_forgotten) {
  search_schedules<semaphore_scene>();
}

// --------------------------------------------------------------------------------- rate_limiter

class rate_limiter_scene : public scene {
 public:
  using scene::scene;

  task<> act(std::size_t /*who*/) {
    const counted frame;
    for (int i = 0; i < 3; ++i) {
      co_await pause();
      const auto wanted = static_cast<std::uint32_t>(random.below(burst) + 1);
      if (random.one_in(3)) {
        const bool got = limit_.try_acquire(wanted);
        if (!got) continue;
      } else {
        co_await limit_.acquire(wanted);
      }
      take(wanted);
    }
  }

  static void at_rest(std::size_t left) { EXPECT_EQ(left, 0U); }
  static void check() {}

 private:
  static constexpr std::uint32_t burst = 3;
  static constexpr clock::duration interval = 1ms;

  // A bucket that knows when it will be full.
  void take(std::uint32_t tokens) {
    const clock::duration now = clock::now().time_since_epoch();
    full_at_ = std::max(full_at_, now) + tokens * interval;
    EXPECT_LE(full_at_ - now, burst * interval);
  }

  rate_limiter limit_{1, interval, burst};
  clock::duration full_at_{0};
};

TEST(rate_limiter_schedules_test, never_more_than_the_bucket_holds) {
  search_schedules<rate_limiter_scene>();
}

}  // namespace locks_schedules_test
}  // namespace magpie::testing
