// Suspensions without coroutines, for tests of what resumes them.
#ifndef MAGPIE_TESTS_RUNTIME_ARMED_H_
#define MAGPIE_TESTS_RUNTIME_ARMED_H_

#include <coroutine>
#include <source_location>

#include "magpie/runtime/internal/context.h"
#include "magpie/runtime/internal/promise.h"
#include "magpie/runtime/suspension.h"
#include "magpie/runtime/task.h"
#include "magpie/runtime/testing/simulation.h"

namespace magpie::testing {

// Pretends to be a coroutine that is about to suspend under `scope`. Lives on a worker, in one
// turn.
class armed : public suspension {
 public:
  explicit armed(internal::context& scope) : promise_(std::source_location::current()) {
    promise_.context = &scope;
    entered_ = arm(promise_);
  }
  ~armed() { leave(); }

  // Whether the context has let it wait.
  bool entered() const { return entered_; }

  // Nobody has won yet.
  bool pending() { return claim(outcome::waiting); }

  // Who won. Nobody can any more.
  outcome leave() {
    if (left_ == outcome::waiting) left_ = disarm();
    return left_;
  }

  // As if the worker had come back from it: from now on, whoever claims it finds it ready.
  void suspend() { resume(); }

  // What became ready behind this one, in the same ready_list.
  bool is_followed_by(const armed& other) const { return next_in_ready_list() == &other; }
  bool is_followed_by_none() const { return next_in_ready_list() == nullptr; }

 private:
  internal::promise_base promise_;
  bool entered_ = false;
  outcome left_ = outcome::waiting;
};

struct own_promise {
  internal::promise_base* found = nullptr;
  static bool await_ready() noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> who) noexcept {
    found = &who.promise();
    return false;
  }
  internal::promise_base& await_resume() const noexcept { return *found; }
};

// Calls `body` with the context of a task, inside that task.
template <class Body>
void in_context_of_a_task(Body body) {
  auto call = [&body]() -> task<> {
    own_promise awaiter;
    internal::promise_base& own = co_await awaiter;
    body(*own.context);
  };
  simulate(call());
}

}  // namespace magpie::testing

#endif  // MAGPIE_TESTS_RUNTIME_ARMED_H_
