#include "magpie/runtime/internal/task_registry.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <new>
#include <set>
#include <source_location>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "magpie/runtime/internal/context.h"
#include "magpie/runtime/internal/result.h"
#include "magpie/runtime/internal/task_record.h"
#include "magpie/runtime/suspension.h"
#include "magpie/tests/runtime/allocations.h"
#include "magpie/tests/runtime/armed.h"
#include "magpie/tests/runtime/leftovers.h"

namespace magpie::testing {
namespace task_registry_test {

using namespace std::chrono_literals;
using internal::task_reference;
using internal::task_registry;
using outcome = suspension::outcome;
using time_point = std::chrono::steady_clock::time_point;

// Has come, whenever it is asked.
constexpr time_point past{};

// The record of a task that has no coroutine: a test says when it ends.
class record : public internal::task_record {
 public:
  record(internal::scheduler& owner, std::string name)
      : task_record(owner, std::move(name), std::source_location::current()) {}

 private:
  const internal::result_base& outcome() const noexcept override { return result_; }

  internal::result<void> result_;
  counted alive_;
};

// One record, with the reference that its task would have.
class spawned {
 public:
  explicit spawned(internal::scheduler& owner, std::string name = {})
      : task_(new record(owner, std::move(name))) {
    task_->drop_reference();  // That of a join_handle.
  }

  record* operator->() const { return static_cast<record*>(task_.get()); }
  record& operator*() const { return static_cast<record&>(*task_); }

 private:
  task_reference task_;
};

std::multiset<std::string> names_in(const task_registry& tasks) {
  std::multiset<std::string> names;
  for (const task_reference& task : tasks.snapshot())
    names.insert(task->name());
  return names;
}

using names = std::multiset<std::string>;

class task_registry_test : public runtime_test {
 protected:
  // Calls `body` with a scheduler that the records may belong to.
  template <class Body>
  static void with_owner(Body body) {
    in_context_of_a_task([&body](internal::context& scope) { body(scope.task().owner()); });
  }
};

TEST_F(task_registry_test, empty) {
  task_registry tasks(3);
  EXPECT_EQ(tasks.size(), 0U);
  EXPECT_TRUE(tasks.snapshot().empty());
  tasks.close();
  tasks.cancel_all();
  EXPECT_TRUE(tasks.wait_empty(past));
  EXPECT_TRUE(tasks.wait_empty(time_point::max()));
}

// -------------------------------------------------------------------------------- add and remove

TEST_F(task_registry_test, keeps_what_is_added_until_it_is_removed) {
  with_owner([](internal::scheduler& owner) {
    task_registry tasks(2);
    const spawned soup(owner, "soup");
    const spawned bread(owner, "bread");
    EXPECT_TRUE(tasks.add(*soup, 0));
    EXPECT_TRUE(tasks.add(*bread, 1));
    EXPECT_EQ(tasks.size(), 2U);
    EXPECT_EQ(names_in(tasks), (names{"bread", "soup"}));
    tasks.remove(*soup);
    EXPECT_EQ(tasks.size(), 1U);
    EXPECT_EQ(names_in(tasks), (names{"bread"}));
    tasks.remove(*bread);
    EXPECT_EQ(tasks.size(), 0U);
    EXPECT_TRUE(tasks.snapshot().empty());
  });
}

// The first, the last and one in the middle of a shard, in every order.
TEST_F(task_registry_test, removed_in_any_order) {
  with_owner([](internal::scheduler& owner) {
    const std::vector<std::vector<std::size_t>> orders = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                                          {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    for (const std::vector<std::size_t>& order : orders) {
      task_registry tasks(1);
      std::deque<spawned> all;
      names left;
      for (const char* name : {"a", "b", "c"}) {
        EXPECT_TRUE(tasks.add(*all.emplace_back(owner, name), 0));
        left.insert(name);
      }
      for (const std::size_t i : order) {
        tasks.remove(*all[i]);
        left.erase(all[i]->name());
        EXPECT_EQ(names_in(tasks), left);
        EXPECT_EQ(tasks.size(), left.size());
      }
    }
  });
}

TEST_F(task_registry_test, each_task_has_a_number_of_its_own) {
  with_owner([](internal::scheduler& owner) {
    task_registry tasks(3);
    std::set<std::uint64_t> numbers;
    std::deque<spawned> all;
    for (std::size_t i = 0; i < 30; ++i) {
      const spawned& task = all.emplace_back(owner);
      EXPECT_EQ(task->id(), 0U);
      EXPECT_TRUE(tasks.add(*task, i % 4 % 3));
      numbers.insert(task->id());
      // Nor does another get that of one that has ended.
      if (i % 2 == 0) {
        tasks.remove(*task);
        all.pop_back();
      }
    }
    EXPECT_EQ(numbers.size(), 30U);
    EXPECT_EQ(numbers.count(0), 0U);
    for (const spawned& task : all)
      tasks.remove(*task);
  });
}

TEST_F(task_registry_test, takes_nothing_after_close) {
  with_owner([](internal::scheduler& owner) {
    task_registry tasks(2);
    const spawned before(owner, "before");
    EXPECT_TRUE(tasks.add(*before, 0));
    tasks.close();
    const spawned after(owner, "after");
    EXPECT_FALSE(tasks.add(*after, 0));
    EXPECT_FALSE(tasks.add(*after, 1));
    EXPECT_EQ(names_in(tasks), (names{"before"}));
    tasks.remove(*before);
    EXPECT_EQ(tasks.size(), 0U);
    EXPECT_FALSE(tasks.add(*after, 0));
  });
}

// --------------------------------------------------------------------------------------- snapshot

TEST_F(task_registry_test, a_snapshot_keeps_the_tasks_alive) {
  with_owner([](internal::scheduler& owner) {
    task_registry tasks(1);
    std::vector<task_reference> kept;
    {
      const spawned task(owner, "soup");
      EXPECT_TRUE(tasks.add(*task, 0));
      kept = tasks.snapshot();
      tasks.remove(*task);
    }
    EXPECT_EQ(counted::live(), 1);
    ASSERT_EQ(kept.size(), 1U);
    EXPECT_EQ(kept[0]->name(), "soup");
    kept.clear();
    EXPECT_EQ(counted::live(), 0);
  });
}

TEST_F(task_registry_test, a_snapshot_that_is_refused_memory_changes_nothing) {
  MAGPIE_NEEDS_COUNTED_ALLOCATIONS();
  with_owner([](internal::scheduler& owner) {
    task_registry tasks(2);
    std::deque<spawned> all;
    for (std::size_t i = 0; i < 20; ++i)
      EXPECT_TRUE(tasks.add(*all.emplace_back(owner), i % 2));
    // Each time the copy grows in turn.
    std::size_t refused = 0;
    for (bool taken = false; !taken && refused < 100;) {
      const allocations::limit limit(refused);
      try {
        taken = tasks.snapshot().size() == 20;
        EXPECT_TRUE(taken);
      } catch (const std::bad_alloc&) {
        ++refused;
      }
    }
    EXPECT_GT(refused, 0U);
    EXPECT_LT(refused, 100U);
    // No lock is held, and no reference.
    EXPECT_EQ(tasks.size(), 20U);
    for (const spawned& task : all)
      tasks.remove(*task);
    all.clear();
    EXPECT_EQ(counted::live(), 0);
  });
}

// ----------------------------------------------------------------------------------------- cancel

TEST_F(task_registry_test, cancels_all_of_them) {
  with_owner([](internal::scheduler& owner) {
    task_registry tasks(3);
    std::deque<spawned> all;
    for (std::size_t i = 0; i < 9; ++i)
      EXPECT_TRUE(tasks.add(*all.emplace_back(owner), i % 3));
    const spawned ended(owner);
    EXPECT_TRUE(tasks.add(*ended, 0));
    tasks.remove(*ended);
    tasks.close();
    for (const spawned& task : all)
      EXPECT_FALSE(task->root().cancelled());
    tasks.cancel_all();
    for (const spawned& task : all)
      EXPECT_TRUE(task->root().cancelled());
    EXPECT_FALSE(ended->root().cancelled());
    // They are still there, until they have ended.
    EXPECT_EQ(tasks.size(), 9U);
    EXPECT_EQ(tasks.snapshot().size(), 9U);
    EXPECT_FALSE(tasks.wait_empty(past));
    tasks.cancel_all();
    for (const spawned& task : all)
      tasks.remove(*task);
    EXPECT_TRUE(tasks.wait_empty(past));
    EXPECT_TRUE(tasks.snapshot().empty());
  });
}

TEST_F(task_registry_test, cancel_all_ends_what_waits) {
  with_owner([](internal::scheduler& owner) {
    task_registry tasks(1);
    const spawned task(owner);
    EXPECT_TRUE(tasks.add(*task, 0));
    armed waiting(task->root());
    EXPECT_TRUE(waiting.entered());
    tasks.close();
    EXPECT_TRUE(waiting.pending());
    tasks.cancel_all();
    EXPECT_EQ(waiting.leave(), outcome::cancelled);
    tasks.remove(*task);
  });
}

TEST_F(task_registry_test, cancel_all_needs_no_memory) {
  MAGPIE_NEEDS_COUNTED_ALLOCATIONS();
  with_owner([](internal::scheduler& owner) {
    task_registry tasks(2);
    std::deque<spawned> all;
    for (std::size_t i = 0; i < 10; ++i)
      EXPECT_TRUE(tasks.add(*all.emplace_back(owner), i % 2));
    tasks.close();
    {
      const allocations::limit none(0);
      tasks.cancel_all();
      EXPECT_FALSE(none.was_reached());
    }
    for (const spawned& task : all) {
      EXPECT_TRUE(task->root().cancelled());
      tasks.remove(*task);
    }
  });
}

// ------------------------------------------------------------------------------------- wait_empty

TEST_F(task_registry_test, waits_until_the_deadline_and_no_longer) {
  with_owner([](internal::scheduler& owner) {
    task_registry tasks(2);
    const spawned task(owner);
    EXPECT_TRUE(tasks.add(*task, 1));
    tasks.close();
    EXPECT_FALSE(tasks.wait_empty(past));
    EXPECT_FALSE(tasks.wait_empty(time_point::min()));
    const time_point deadline = std::chrono::steady_clock::now() + 2ms;
    EXPECT_FALSE(tasks.wait_empty(deadline));
    EXPECT_GE(std::chrono::steady_clock::now(), deadline);
    tasks.remove(*task);
    EXPECT_TRUE(tasks.wait_empty(past));
  });
}

TEST_F(task_registry_test, waits_for_those_that_end_on_other_threads) {
  with_owner([](internal::scheduler& owner) {
    for (int i = 0; i < 100; ++i) {
      task_registry tasks(3);
      std::deque<spawned> all;
      for (std::size_t shard : {0U, 1U, 2U, 2U})
        EXPECT_TRUE(tasks.add(*all.emplace_back(owner), shard));
      tasks.close();
      std::vector<std::thread> threads;
      for (const std::size_t first : {0U, 2U}) {
        threads.emplace_back([&, first] {
          tasks.remove(*all[first]);
          std::this_thread::yield();
          tasks.remove(*all[first + 1]);
        });
      }
      EXPECT_TRUE(tasks.wait_empty(time_point::max()));
      EXPECT_EQ(tasks.size(), 0U);
      for (std::thread& thread : threads)
        thread.join();
    }
  });
}

// ---------------------------------------------------------------------------------------- threads

// Tasks start and end on all threads until the registry is closed. What was taken is cancelled and
// waited for, and nothing is taken after that.
TEST_F(task_registry_test, closed_in_a_stampede) {
  with_owner([](internal::scheduler& owner) {
    constexpr std::size_t shards = 3;
    for (int round = 0; round < 20; ++round) {
      task_registry tasks(shards);
      std::atomic<std::size_t> added = 0;
      std::atomic<std::size_t> removed = 0;
      std::vector<std::thread> threads;
      for (std::size_t shard = 0; shard < shards; ++shard) {
        threads.emplace_back([&, shard] {
          std::deque<spawned> own;
          for (;;) {
            const spawned& task = own.emplace_back(owner);
            if (!tasks.add(*task, shard)) break;
            ++added;
            if (own.size() < 5) continue;
            ++removed;
            tasks.remove(*own.front());
            own.pop_front();
          }
          own.pop_back();
          // As a task would, these end when they have been told.
          for (const spawned& task : own) {
            while (!task->root().cancelled())
              std::this_thread::yield();
            ++removed;
            tasks.remove(*task);
          }
        });
      }
      while (added < 200) {
        EXPECT_LE(tasks.snapshot().size(), 5 * shards);
        EXPECT_LE(tasks.size(), 5 * shards);
      }
      tasks.close();
      tasks.cancel_all();
      EXPECT_TRUE(tasks.wait_empty(time_point::max()));
      EXPECT_EQ(added, removed);
      for (std::thread& thread : threads)
        thread.join();
      EXPECT_EQ(added, removed);
      EXPECT_EQ(tasks.size(), 0U);
    }
  });
}

}  // namespace task_registry_test
}  // namespace magpie::testing
