// What a test has left behind: tasks, timers, descriptors, frames.
//
//   leak_check before;
//   {
//     magpie::runtime shop;
//     ...
//     EXPECT_EQ(before.leaks(shop), leak_list());
//   }
//   EXPECT_EQ(before.leaks(), leak_list());
//
// CO_TEST (gtest.h) does this by itself.
#ifndef MAGPIE_RUNTIME_TESTING_LEAK_CHECK_H_
#define MAGPIE_RUNTIME_TESTING_LEAK_CHECK_H_

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "magpie/runtime/clock.h"
#include "magpie/runtime/testing/simulation.h"

namespace magpie {

class runtime;

namespace testing {

// One entry for each kind of thing that was left, which says what.
using leak_list = std::vector<std::string>;

class leak_check {
 public:
  // Notes which descriptors the process has open, and how many frames of coroutines there are.
  // Reads /proc. Throws std::filesystem's errors.
  leak_check();

  // The descriptors that were opened since and are still open, by whatever thread (a runtime has
  // some of its own as long as it lives); and by how many frames of coroutines there are more, if
  // no runtime or simulation lives now, nor did then. A task that was made and has not ended, also
  // one that does not run, has a frame; a join_handle has none.
  leak_list leaks() const;

  // The tasks of this runtime that have not ended, and then the timers that are armed although
  // nobody is left who waits for them. On a thread that is no worker; waits up to `patience`, in
  // real time, for tasks that are about to end.
  static leak_list leaks(runtime& of, clock::duration patience = std::chrono::seconds(5));

  // The same, when nothing can run any more without time passing; at most a million turns.
  static leak_list leaks(simulation& of);

 private:
  std::map<int, std::string> descriptors_before_;  // What each stands for.
  std::optional<std::ptrdiff_t> frames_before_;
};

}  // namespace testing
}  // namespace magpie

#endif  // MAGPIE_RUNTIME_TESTING_LEAK_CHECK_H_
