#include "magpie/runtime/testing/test_run.h"

#include <cxxabi.h>

#include <condition_variable>
#include <cstdlib>
#include <exception>
#include <functional>
#include <iostream>
#include <iterator>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <typeinfo>
#include <utility>

#include "magpie/runtime/error.h"
#include "magpie/runtime/internal/reporting.h"
#include "magpie/runtime/run.h"
#include "magpie/runtime/spawn.h"
#include "magpie/runtime/testing/leak_check.h"
#include "magpie/runtime/testing/task_tree.h"

namespace magpie::testing {
namespace {

using problem_list = std::vector<std::string>;

void append(problem_list& to, problem_list more) {
  to.insert(to.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

std::string in_seconds(clock::duration limit) {
  std::string text = std::to_string(std::chrono::duration<double>(limit).count());
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text + " s";
}

std::string out_of_time(const test_settings& settings, const std::string& tasks) {
  return "the test has not ended within its time limit of " + in_seconds(settings.time_limit()) +
         "; its tasks:" + (tasks.empty() ? " none" : tasks);
}

// What has been reported, from any thread. The hook may outlive the test: a handle may be dropped
// later, by the fixture.
class reported {
 public:
  // `leaks_checked`: what is left behind is said by the leak check, once.
  std::function<void(const report&)> hook(bool leaks_checked) {
    return [into = kept_, leaks_checked](const report& what) {
      if (leaks_checked && what.what == report::kind::left_behind) return;
      std::string text = "reported: " + internal::describe(what);
      const std::lock_guard lock(into->mutex);
      if (into->taken) {
        std::cerr << "magpie: after the end of the test " + text + "\n";
      } else {
        into->all.push_back(std::move(text));
      }
    };
  }

  // At the end of the test.
  problem_list take() {
    const std::lock_guard lock(kept_->mutex);
    kept_->taken = true;
    return std::exchange(kept_->all, {});
  }

 private:
  struct list {
    std::mutex mutex;
    problem_list all;    // Under mutex.
    bool taken = false;  // Under mutex.
  };
  const std::shared_ptr<list> kept_ = std::make_shared<list>();
};

class flag {
 public:
  void raise() {
    const std::lock_guard lock(mutex_);
    raised_ = true;
    changed_.notify_all();
  }
  bool wait_until(std::chrono::steady_clock::time_point deadline) {
    std::unique_lock lock(mutex_);
    if (deadline == std::chrono::steady_clock::time_point::max()) {
      changed_.wait(lock, [this] { return raised_; });
      return true;
    }
    return changed_.wait_until(lock, deadline, [this] { return raised_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool raised_ = false;  // Under mutex_.
};

// How the body has ended. One that was out of time has been cancelled.
void take_outcome(join_handle<>& body, bool in_time, problem_list& problems) {
  try {
    body.get();
  } catch (const cancelled&) {
    if (in_time) problems.push_back("the body has thrown magpie::cancelled");
  } catch (...) {
    problems.push_back("the body has thrown " + describe_current_exception());
  }
}

problem_list run_on_threads(const std::function<task<>()>& make_body, const test_settings& settings,
                            std::string name, std::source_location where, reported& reports) {
  problem_list problems;
  options own = settings.threads();
  if (settings.check_reports() && own.on_report() == nullptr)
    own.on_report(reports.hook(settings.check_leaks()));
  const auto deadline = internal::after(std::chrono::steady_clock::now(), settings.time_limit());
  flag ended;  // Outlives the runtime, whose worker raises it.
  runtime world(own);
  join_handle<> handle = world.spawn(make_body(), std::move(name), where);
  handle.on_end([&ended] { ended.raise(); });
  const bool in_time = ended.wait_until(deadline);
  if (in_time) {
    take_outcome(handle, in_time, problems);
    if (settings.check_leaks()) append(problems, leak_check::leaks(world));
    world.shutdown();
  } else {
    problems.push_back(out_of_time(settings, task_tree(world)));
    // Said at once, since what cannot be cancelled may keep the next line waiting for ever.
    std::cerr << "magpie: " + problems.back() + "\n";
    world.shutdown();
    take_outcome(handle, in_time, problems);
  }
  return problems;
}

problem_list run_simulated(const std::function<task<>()>& make_body, const test_settings& settings,
                           std::string name, std::source_location where, reported& reports) {
  problem_list problems;
  simulation_options own = *settings.simulation();
  if (settings.check_reports() && own.settings().on_report() == nullptr)
    own.on_report(reports.hook(settings.check_leaks()));
  const auto deadline = internal::after(std::chrono::steady_clock::now(), settings.time_limit());
  const auto late = [deadline] { return std::chrono::steady_clock::now() >= deadline; };
  simulation world(own);
  join_handle<> handle = world.spawn(make_body(), std::move(name), where);
  try {
    world.run_until([&] { return handle.done() || late(); });
  } catch (const deadlock& error) {
    problems.push_back(error.what());
    return problems;
  }
  if (!handle.done()) {
    problems.push_back(out_of_time(settings, world.tasks()));
    return problems;
  }
  take_outcome(handle, true, problems);
  if (settings.check_leaks()) append(problems, leak_check::leaks(world));
  return problems;
}

}  // namespace

test_settings& test_settings::threads(const options& settings) {
  threads_ = settings;
  simulation_.reset();
  return *this;
}

test_settings& test_settings::simulated(const simulation_options& settings) {
  simulation_ = settings;
  return *this;
}

test_settings& test_settings::check_leaks(bool wanted) {
  check_leaks_ = wanted;
  return *this;
}

test_settings& test_settings::check_reports(bool wanted) {
  check_reports_ = wanted;
  return *this;
}

test_settings& test_settings::set_time_limit(clock::duration limit) {
  if (limit <= clock::duration::zero())
    throw std::invalid_argument("magpie: test_settings::time_limit must be positive");
  time_limit_ = limit;
  return *this;
}

std::vector<std::string> run_test(const std::function<task<>()>& make_body,
                                  const test_settings& settings, std::string name,
                                  std::source_location where) {
  const leak_check before;
  reported reports;
  problem_list problems =
      settings.simulation() != nullptr
          ? run_simulated(make_body, settings, std::move(name), where, reports)
          : run_on_threads(make_body, settings, std::move(name), where, reports);
  append(problems, reports.take());
  if (settings.check_leaks()) append(problems, before.leaks());
  return problems;
}

std::string describe_current_exception() {
  try {
    throw;
  } catch (const cancelled&) {
    throw;
  } catch (const std::exception& error) {
    int failed = 0;
    const std::unique_ptr<char, decltype(&std::free)> name(
        abi::__cxa_demangle(typeid(error).name(), nullptr, nullptr, &failed), &std::free);
    return std::string(name == nullptr ? typeid(error).name() : name.get()) + ": " + error.what();
  } catch (...) {
    return "an exception that is no std::exception";
  }
}

}  // namespace magpie::testing
