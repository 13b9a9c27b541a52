// Members of task groups, and what a group with such members throws.
#ifndef MAGPIE_TESTS_RUNTIME_GROUP_MEMBERS_H_
#define MAGPIE_TESTS_RUNTIME_GROUP_MEMBERS_H_

#include <atomic>
#include <chrono>
#include <exception>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "magpie/runtime/cancel_scope.h"
#include "magpie/runtime/error.h"
#include "magpie/runtime/sleep.h"
#include "magpie/runtime/task_group.h"
#include "magpie/tests/runtime/leftovers.h"
#include "magpie/tests/runtime/naps.h"

namespace magpie::testing {

inline task<> fail_after(clock::duration delay, std::string message) {
  const counted frame;
  co_await sleep_for(delay);
  throw std::runtime_error(message);
}

// Counts that it has been cancelled, and takes its time.
inline task<> note_cancellation(std::atomic<int>& count, clock::duration cleaning) {
  const counted frame;
  try {
    co_await sleep_for(std::chrono::hours(1));
  } catch (const cancelled&) {
    ++count;
  }
  co_await shield(nap(cleaning, 0));
}

inline std::vector<std::string> messages(const task_group_error& error) {
  std::vector<std::string> all;
  for (const std::exception_ptr& each : error.errors()) {
    try {
      std::rethrow_exception(each);
    } catch (const std::exception& e) {
      all.emplace_back(e.what());
    }
  }
  return all;
}

// What a group with this body throws.
template <class Body>
task<std::vector<std::string>> errors_of(Body body) {
  try {
    co_await with_task_group(std::ref(body));
  } catch (const task_group_error& error) {
    co_return messages(error);
  }
  co_return std::vector<std::string>();
}

inline task<> fail_when_cancelled(std::string message) {
  try {
    co_await sleep_for(std::chrono::hours(1));
  } catch (const cancelled&) {
  }
  throw std::runtime_error(message);
}

}  // namespace magpie::testing

#endif  // MAGPIE_TESTS_RUNTIME_GROUP_MEMBERS_H_
