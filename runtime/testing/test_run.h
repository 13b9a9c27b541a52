// Runs the body of one test, a coroutine, in a runtime of its own, and says what went wrong. What
// gtest.h is made of; for other test frameworks.
#ifndef MAGPIE_RUNTIME_TESTING_TEST_RUN_H_
#define MAGPIE_RUNTIME_TESTING_TEST_RUN_H_

#include <chrono>
#include <functional>
#include <optional>
#include <source_location>
#include <string>
#include <vector>

#include "magpie/runtime/clock.h"
#include "magpie/runtime/options.h"
#include "magpie/runtime/task.h"
#include "magpie/runtime/testing/simulation.h"

namespace magpie::testing {

// Setters return *this: test_settings().simulated().time_limit(5s)
class test_settings {
 public:
  // On real threads, in a runtime with these options. This is the default, with the default
  // options.
  test_settings& threads(const options& settings);
  const options& threads() const { return threads_; }

  // On virtual time instead. Sleeping takes no time, and when nothing can run any more the test
  // fails at once.
  test_settings& simulated(const simulation_options& settings = simulation_options());
  // Null if it is not simulated.
  const simulation_options* simulation() const { return simulation_ ? &*simulation_ : nullptr; }

  // In real time, also in a simulation, which looks at it between two turns. After it the test has
  // failed and is cancelled; but a test that cannot be cancelled, because it blocks its thread, is
  // waited for, when the tree of its tasks has been written to standard error. Positive, else
  // std::invalid_argument. Default: 30 s.
  template <class Rep, class Period>
  test_settings& time_limit(std::chrono::duration<Rep, Period> limit) {
    return set_time_limit(internal::saturated(limit));
  }
  clock::duration time_limit() const { return time_limit_; }

  // Whether the test fails if it leaves something behind (leak_check.h). Default: true. Turn it off
  // for tests that leave tasks to the end of the runtime, or in programs where other threads open
  // files.
  test_settings& check_leaks(bool wanted);
  bool check_leaks() const { return check_leaks_; }

  // Whether the test fails if something is reported (options::on_report): a task that failed and
  // was not asked, one that was never awaited. Default: true. Without it, or if the options have a
  // hook of their own, reports go where they always go.
  test_settings& check_reports(bool wanted);
  bool check_reports() const { return check_reports_; }

 private:
  test_settings& set_time_limit(clock::duration limit);

  options threads_;
  std::optional<simulation_options> simulation_;
  clock::duration time_limit_ = std::chrono::seconds(30);
  bool check_leaks_ = true;
  bool check_reports_ = true;
};

// Calls make_body(), runs the task to its end, and gives what went wrong, for people: an exception
// that left it, the end of its time with the tasks that there were, leaks, reports. Empty if
// nothing did. On a thread that is no worker, else throws usage_error. `name` is that of the task.
std::vector<std::string> run_test(const std::function<task<>()>& make_body,
                                  const test_settings& settings, std::string name,
                                  std::source_location where = std::source_location::current());

// The exception that is being handled, for people: "std::runtime_error: no such file". If that is
// `cancelled`, throws it again, so that no test swallows its own end.
std::string describe_current_exception();

}  // namespace magpie::testing

#endif  // MAGPIE_RUNTIME_TESTING_TEST_RUN_H_
