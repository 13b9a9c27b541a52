#include "magpie/runtime/internal/one_shot_event.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

namespace magpie::testing {
namespace one_shot_event_test {

using internal::one_shot_event;

TEST(one_shot_event_test, is_not_set_at_first) {
  one_shot_event event;
  EXPECT_FALSE(event.is_set());
  event.set();
  EXPECT_TRUE(event.is_set());
}

TEST(one_shot_event_test, set_before_the_wait) {
  one_shot_event event;
  event.set();
  event.wait();
  event.wait();
  EXPECT_TRUE(event.is_set());
}

// ---------------------------------------------------------------------------------------- threads

TEST(one_shot_event_test, set_during_the_wait) {
  for (int i = 0; i < 200; ++i) {
    one_shot_event event;
    std::atomic<bool> waits = false;
    std::thread setter([&] {
      waits.wait(false);
      for (int j = 0; j < i % 10; ++j)
        std::this_thread::yield();
      event.set();
    });
    waits = true;
    waits.notify_one();
    event.wait();
    EXPECT_TRUE(event.is_set());
    setter.join();
  }
}

TEST(one_shot_event_test, all_who_wait_are_woken_and_see_what_was_written) {
  for (int i = 0; i < 50; ++i) {
    one_shot_event event;
    int written = 0;  // Not atomic, so that ThreadSanitizer looks.
    std::atomic<int> saw = 0;
    std::atomic<int> started = 0;
    std::vector<std::thread> threads;
    for (int j = 0; j < 4; ++j) {
      threads.emplace_back([&] {
        ++started;
        event.wait();
        if (written == 42) ++saw;
      });
    }
    while (started < 4)
      std::this_thread::yield();
    written = 42;
    event.set();
    for (std::thread& thread : threads)
      thread.join();
    EXPECT_EQ(saw, 4);
  }
}

// The one that sets it may still be about to wake somebody.
TEST(one_shot_event_test, destroyed_as_soon_as_it_has_been_seen) {
  for (int i = 0; i < 500; ++i) {
    auto event = std::make_unique<one_shot_event>();
    std::thread setter([&it = *event] { it.set(); });
    if (i % 2 == 0) {
      event->wait();
    } else {
      while (!event->is_set())
        std::this_thread::yield();
    }
    event.reset();
    setter.join();
  }
}

}  // namespace one_shot_event_test
}  // namespace magpie::testing
