// Which tasks there are, who they belong to, and where they wait, for people.
#ifndef MAGPIE_RUNTIME_TESTING_TASK_TREE_H_
#define MAGPIE_RUNTIME_TESTING_TASK_TREE_H_

#include <string>

namespace magpie {

class runtime;

namespace internal {
class scheduler;
}  // namespace internal

namespace testing {

// All tasks that have been spawned and have not ended, a few lines each; the children of a task
// group stand below the task of the group, indented. Out of date at once. Any thread that keeps the
// runtime alive. Empty if there is none.
//
//   task 1 'main', spawned at shop.cc:10
//     waits at shop.cc:12 in magpie::task<> sell()
//       awaited at shop.cc:31 in magpie::task<> open_shop()
//     task 4 'guest', spawned at shop.cc:25
//       runs, or is about to
//
// Of a task that is merely spawned nobody knows who has spawned it.
std::string task_tree(runtime& of);
std::string task_tree(internal::scheduler& of);

}  // namespace testing
}  // namespace magpie

#endif  // MAGPIE_RUNTIME_TESTING_TASK_TREE_H_
