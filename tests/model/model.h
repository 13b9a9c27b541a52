// What the program of a model consists of: suites of relacy that must hold, and mutants that must
// fail. A model that cannot fail proves nothing.
#ifndef MAGPIE_TESTS_MODEL_MODEL_H_
#define MAGPIE_TESTS_MODEL_MODEL_H_

#include <cstdint>
#include <iostream>
#include <string_view>

#include "magpie/tests/model/relacy_atomics.h"

namespace magpie::model {

// How much of the executions is looked at.
class bounds {
 public:
  // Random schedules; the seed of each is its number, so that every run looks at the same ones.
  static bounds random(std::uint64_t iterations) {
    return {rl::random_scheduler_type, iterations, 0};
  }
  // All schedules with at most so many preemptions (a thread that blocks costs none).
  static bounds preemptions(unsigned most) {
    return {rl::fair_context_bound_scheduler_type, UINT64_MAX, most};
  }
  // All schedules.
  static bounds all() { return {rl::fair_full_search_scheduler_type, UINT64_MAX, 0}; }

  rl::test_params params() const {
    rl::test_params result;
    result.search_type = type_;
    result.iteration_count = iterations_;
    result.context_bound = preemptions_;
    result.execution_depth_limit = 20'000;
    return result;
  }

 private:
  bounds(rl::scheduler_type_e type, std::uint64_t iterations, unsigned preemptions)
      : type_(type), iterations_(iterations), preemptions_(preemptions) {}

  rl::scheduler_type_e type_;
  std::uint64_t iterations_;
  unsigned preemptions_;
};

// With an argument, runs only what has that name, and prints the history of a mutant's failure.
class program {
 public:
  program(int argc, char** argv) : only_(argc > 1 ? argv[1] : "") {}

  template <class Suite>
  void holds(std::string_view name, bounds within) {
    if (!wanted(name)) return;
    rl::ostringstream history;
    const rl::test_params outcome = explore<Suite>(within, false, history);
    const bool right = outcome.test_result == rl::test_result_success;
    conclude(name, right, right ? "holds" : "DOES NOT HOLD", outcome);
    if (!right) std::cout << history.str().c_str() << '\n';
  }

  template <class Suite>
  void fails(std::string_view name, bounds within) {
    if (!wanted(name)) return;
    rl::ostringstream history;
    const rl::test_params outcome = explore<Suite>(within, true, history);
    const bool right = outcome.test_result != rl::test_result_success;
    conclude(name, right, right ? "fails, as it must" : "HOLDS, BUT MUST FAIL", outcome);
    if (right && !only_.empty()) std::cout << history.str().c_str() << '\n';
  }

  // For main().
  int exit_status() const { return ran_ > 0 && wrong_ == 0 ? 0 : 1; }

 private:
  bool wanted(std::string_view name) const { return only_.empty() || name == only_; }

  template <class Suite>
  static rl::test_params explore(bounds within, bool collect_history, rl::ostringstream& history) {
    rl::ostringstream progress;
    rl::test_params params = within.params();
    params.collect_history = collect_history;
    params.output_stream = &history;
    params.progress_stream = &progress;
    rl::simulate<Suite>(params);
    return params;
  }

  void conclude(std::string_view name, bool right, std::string_view verdict,
                const rl::test_params& outcome) {
    ++ran_;
    if (!right) ++wrong_;
    std::cout << name << ": " << verdict << " (" << rl::test_result_str(outcome.test_result)
              << ", schedule " << outcome.stop_iteration << ")" << std::endl;
  }

  const std::string_view only_;
  int ran_ = 0;
  int wrong_ = 0;
};

}  // namespace magpie::model

#endif  // MAGPIE_TESTS_MODEL_MODEL_H_
