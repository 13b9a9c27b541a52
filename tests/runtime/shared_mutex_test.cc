#include "magpie/runtime/shared_mutex.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "magpie/runtime/error.h"
#include "magpie/runtime/gather.h"
#include "magpie/runtime/run.h"
#include "magpie/runtime/sleep.h"
#include "magpie/runtime/spawn.h"
#include "magpie/runtime/testing/cancel_sweep.h"
#include "magpie/runtime/testing/simulation.h"
#include "magpie/tests/runtime/disturbances.h"
#include "magpie/tests/runtime/leftovers.h"
#include "magpie/tests/runtime/schedules.h"
#include "magpie/tests/runtime/seeds.h"

namespace magpie::testing {
namespace shared_mutex_test {

using namespace std::chrono_literals;

class shared_mutex_test : public over_workers {};
MAGPIE_OVER_WORKERS(shared_mutex_test);

struct table {
  magpie::shared_mutex lock;
  int value = 0;  // Not atomic: that is what the mutex is for.
  std::atomic<int> reading{0};
  std::atomic<int> most_reading{0};
};

struct leaves {
  ~leaves() { --of.reading; }
  table& of;
};

task<> read(table& from, int times) {
  const counted frame;
  for (int i = 0; i < times; ++i) {
    const shared_guard guard = co_await from.lock.lock_shared();
    const int now = ++from.reading;
    const leaves leaving{from};
    int seen = from.most_reading;
    while (seen < now && !from.most_reading.compare_exchange_weak(seen, now)) {
    }
    const int before = from.value;
    co_await yield();
    EXPECT_EQ(from.value, before);
  }
}

task<> write(table& to, int times) {
  const counted frame;
  for (int i = 0; i < times; ++i) {
    const exclusive_guard guard = co_await to.lock.lock();
    EXPECT_EQ(to.reading, 0);
    const int before = to.value;
    co_await yield();
    EXPECT_EQ(to.value, before);
    to.value = before + 1;
  }
}

void expect_free(const magpie::shared_mutex& lock) {
  EXPECT_FALSE(lock.locked());
  EXPECT_EQ(lock.readers(), 0U);
}

TEST_P(shared_mutex_test, one_writes_or_many_read) {
  auto body = []() -> task<> {
    table shared;
    std::vector<task<>> parts;
    for (int i = 0; i < 5; ++i) {
      parts.push_back(write(shared, 5));
      for (int j = 0; j < 3; ++j)
        parts.push_back(read(shared, 5));
    }
    co_await gather(std::move(parts));
    EXPECT_EQ(shared.value, 25);
    expect_free(shared.lock);
  };
  in_many_orders(GetParam(), body);
}

// ------------------------------------------------------------------------------------ order

// Who has held it, in order; writers are large letters.
struct log {
  magpie::shared_mutex lock;
  std::string seen;
};

task<> reader(log& in, char name) {
  const shared_guard guard = co_await in.lock.lock_shared();
  in.seen += name;
  co_await sleep_for(10s);
}

task<> writer(log& in, char name) {
  const exclusive_guard guard = co_await in.lock.lock();
  in.seen += name;
  co_await sleep_for(10s);
}

TEST(shared_mutex_order_test, first_come_first_served_and_readers_together) {
  auto body = []() -> task<> {
    log book;
    std::vector<join_handle<>> all;
    // At the times 0, 1, 2, ...: two readers, a writer, two readers, a writer.
    for (const char name : std::string("abCdeF")) {
      all.push_back(spawn(name < 'a' ? writer(book, name) : reader(book, name)));
      co_await sleep_for(1s);
    }
    EXPECT_EQ(book.seen, "ab");  // Those behind the writer do not join the first readers.
    EXPECT_EQ(book.lock.readers(), 2U);
    EXPECT_FALSE(book.lock.try_lock_shared().has_value());
    EXPECT_FALSE(book.lock.try_lock().has_value());
    co_await sleep_for(6s);  // 12: the writer has had it since 11.
    EXPECT_EQ(book.seen, "abC");
    EXPECT_TRUE(book.lock.locked());
    co_await sleep_for(10s);
    EXPECT_EQ(book.seen.size(), 5U);
    EXPECT_EQ(book.lock.readers(), 2U);
    for (join_handle<>& one : all)
      co_await one;
    EXPECT_EQ(book.seen.back(), 'F');
    expect_free(book.lock);
  };
  in_simulated_orders(2, body);
}

TEST(shared_mutex_order_test, neither_readers_nor_writers_starve) {
  auto reads = [](table& from, const bool& stop) -> task<> {
    while (!stop)
      co_await read(from, 1);
  };
  auto writes = [](table& to, const bool& stop) -> task<> {
    while (!stop)
      co_await write(to, 1);
  };
  auto body = [&]() -> task<> {
    table shared;
    bool stop = false;
    std::vector<join_handle<>> greedy;
    for (int i = 0; i < 3; ++i)
      greedy.push_back(spawn(reads(shared, stop)));
    co_await write(shared, 10);
    for (int i = 0; i < 3; ++i)
      greedy.push_back(spawn(writes(shared, stop)));
    co_await read(shared, 10);
    stop = true;
    for (join_handle<>& one : greedy)
      co_await one;
  };
  in_simulated_orders(1, body);
}

// A writer at the front keeps readers out; when it leaves, they are let in.
TEST(shared_mutex_order_test, a_writer_who_leaves_lets_readers_in) {
  auto body = []() -> task<> {
    log book;
    const shared_guard mine = co_await book.lock.lock_shared();
    auto gives_up = spawn(writer(book, 'W'));
    co_await sleep_for(1s);
    auto a = spawn(reader(book, 'a'));
    auto b = spawn(reader(book, 'b'));
    co_await sleep_for(1s);
    EXPECT_EQ(book.seen, "");
    gives_up.cancel();
    co_await sleep_for(1s);
    EXPECT_EQ(book.seen.size(), 2U);
    EXPECT_EQ(book.lock.readers(), 3U);
    co_await a;
    co_await b;
  };
  in_simulated_orders(2, body);
}

// ------------------------------------------------------------------------------------ guards

TEST(shared_guard_test, unlocks_once_what_it_has_locked) {
  magpie::shared_mutex lock;
  {
    shared_guard one = *lock.try_lock_shared();
    const shared_guard two = *lock.try_lock_shared();
    EXPECT_EQ(lock.readers(), 2U);
    EXPECT_FALSE(lock.try_lock().has_value());
    EXPECT_EQ(one.mutex(), &lock);
    shared_guard moved = std::move(one);
    EXPECT_EQ(lock.readers(), 2U);
    moved.unlock();
    EXPECT_FALSE(moved.owns_lock());
    EXPECT_THROW(moved.unlock(), usage_error);
    EXPECT_EQ(lock.readers(), 1U);
  }
  expect_free(lock);
  {
    exclusive_guard one = *lock.try_lock();
    EXPECT_TRUE(lock.locked());
    EXPECT_FALSE(lock.try_lock().has_value());
    EXPECT_FALSE(lock.try_lock_shared().has_value());
    exclusive_guard moved;
    moved = std::move(one);
    EXPECT_TRUE(lock.locked());
    moved.unlock();
    EXPECT_THROW(moved.unlock(), usage_error);
  }
  expect_free(lock);
}

// ------------------------------------------------------------------------------------ threads

TEST_P(shared_mutex_test, is_for_all_threads) {
  table shared;
  runtime world(options().workers(GetParam()));
  auto one = world.spawn(write(shared, 300));
  auto two = world.spawn(read(shared, 300));
  for (int got = 0; got < 100;) {
    if (auto guard = shared.lock.try_lock()) {
      EXPECT_EQ(shared.reading, 0);
      ++shared.value;
      ++got;
    }
    if (auto guard = shared.lock.try_lock_shared()) {
      EXPECT_FALSE(shared.lock.locked());
    }
  }
  one.get();
  two.get();
  EXPECT_EQ(shared.value, 400);
  expect_free(shared.lock);
}

TEST_P(shared_mutex_test, who_still_waits_at_the_end_is_cancelled) {
  table shared;
  auto body = [](table& of) -> task<> {
    for (int i = 0; i < 10; ++i) {
      spawn(write(of, 1)).detach();
      spawn(read(of, 1)).detach();
    }
    for (int i = 0; i < 5; ++i)
      co_await yield();
  };
  {
    const auto guard = shared.lock.try_lock();
    run(body(shared), options().workers(GetParam()));
  }
  EXPECT_EQ(shared.value, 0);
  EXPECT_EQ(shared.most_reading, 0);
  expect_free(shared.lock);
}

TEST(shared_mutex_fairness_test, what_is_always_free_does_not_starve_others) {
  auto greedy = [](magpie::shared_mutex& free, const bool& stop) -> task<> {
    while (!stop) {
      {
        const shared_guard guard = co_await free.lock_shared();
      }
      const exclusive_guard guard = co_await free.lock();
    }
  };
  magpie::shared_mutex lock;
  expect_others_to_run_beside([&](const bool& stop) { return greedy(lock, stop); });
}

// ------------------------------------------------------------------------------------ cancelled

TEST_P(shared_mutex_test, loses_nothing_when_a_task_is_cancelled_at_any_moment) {
  for (const bool writes : {false, true}) {
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
      std::optional<table> shared;
      const auto settings = simulation_options().workers(GetParam()).seed(seed);
      auto begin = [&](simulation& world) {
        shared.emplace();
        cast players;
        players.others.push_back(world.spawn(read(*shared, 3)));
        players.others.push_back(world.spawn(write(*shared, 3)));
        players.victim = world.spawn(writes ? write(*shared, 3) : read(*shared, 3));
        players.others.push_back(world.spawn(read(*shared, 3)));
        players.others.push_back(world.spawn(write(*shared, 3)));
        return players;
      };
      auto check = [&] {
        ASSERT_EQ(counted::live(), 0);
        expect_free(shared->lock);
        ASSERT_GE(shared->value, 6);
      };
      EXPECT_GT(cancel_sweep(settings, begin, check), 3U);
    }
  }
}

// ------------------------------------------------------------------------------------ a model

struct holders {
  std::vector<shared_guard> readers;
  std::vector<exclusive_guard> writers;
};

task<> keep(magpie::shared_mutex& lock, bool writes, holders& kept) {
  if (writes) {
    kept.writers.push_back(co_await lock.lock());
  } else {
    kept.readers.push_back(co_await lock.lock_shared());
  }
}

struct request {
  bool writes;
  join_handle<> handle;
};

// Lets in whom a queue would let in, and says who that is.
void admit(std::deque<request>& waiting, std::size_t& readers, std::size_t& writers) {
  while (!waiting.empty() && writers == 0 && (readers == 0 || !waiting.front().writes)) {
    ++(waiting.front().writes ? writers : readers);
    EXPECT_TRUE(waiting.front().handle.done());
    waiting.pop_front();
  }
}

TEST(shared_mutex_model_test, does_what_a_queue_of_requests_does) {
  auto body = [](std::uint64_t seed) -> task<> {
    std::mt19937_64 random(seed);
    magpie::shared_mutex lock;
    holders kept;
    std::size_t readers = 0;
    std::size_t writers = 0;
    std::deque<request> waiting;
    for (int i = 0; i < 2000; ++i) {
      const bool writes = random() % 3 == 0;
      switch (random() % 5) {
        case 0:
        case 1:
          waiting.push_back({writes, spawn(keep(lock, writes, kept))});
          break;
        case 2:
          if (writes) {
            auto got = lock.try_lock();
            EXPECT_EQ(got.has_value(), waiting.empty() && readers + writers == 0);
            if (!got) break;
            kept.writers.push_back(std::move(*got));
            ++writers;
          } else {
            auto got = lock.try_lock_shared();
            EXPECT_EQ(got.has_value(), waiting.empty() && writers == 0);
            if (!got) break;
            kept.readers.push_back(std::move(*got));
            ++readers;
          }
          break;
        case 3:
          if (!waiting.empty()) {
            const auto left = waiting.begin() + static_cast<int>(random() % waiting.size());
            left->handle.cancel();
            waiting.erase(left);
          }
          break;
        default:
          if (!kept.writers.empty()) {
            kept.writers.pop_back();
            --writers;
          } else if (!kept.readers.empty()) {
            kept.readers.pop_back();
            --readers;
          }
      }
      co_await sleep_for(1s);  // All who can go on do.
      admit(waiting, readers, writers);
      EXPECT_EQ(lock.readers(), readers);
      EXPECT_EQ(lock.locked(), writers == 1);
      EXPECT_TRUE(std::none_of(waiting.begin(), waiting.end(),
                               [](const request& r) { return r.handle.done(); }));
    }
    for (request& left : waiting)
      left.handle.cancel();
    co_await sleep_for(1s);
  };
  in_random_rounds(2000, body);
}

}  // namespace shared_mutex_test
}  // namespace magpie::testing
