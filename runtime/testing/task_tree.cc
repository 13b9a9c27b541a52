#include "magpie/runtime/testing/task_tree.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <source_location>
#include <utility>
#include <vector>

#include "magpie/runtime/internal/scheduler.h"
#include "magpie/runtime/run.h"

namespace magpie::testing {
namespace {

constexpr std::size_t deepest_chain = 16;
constexpr std::size_t most_chains = 16;
constexpr std::size_t most_tasks = 200;

using listing = std::vector<std::pair<internal::task_reference, std::uint64_t>>;

std::string place(const std::source_location& where) {
  return std::string(where.file_name()) + ":" + std::to_string(where.line());
}

class printed_tree {
 public:
  explicit printed_tree(listing tasks) : tasks_(std::move(tasks)), printed_(tasks_.size()) {
    std::sort(tasks_.begin(), tasks_.end(),
              [](const auto& a, const auto& b) { return a.first->id() < b.first->id(); });
  }

  std::string text() {
    // Those without a parent, or whose parent has just gone. A parent is older than its children,
    // but its number may be higher.
    for (std::size_t i = 0; i < tasks_.size(); ++i) {
      if (!is_listed(tasks_[i].second)) print(i, 1);
    }
    if (tasks_.size() > most_tasks)
      text_ += "\n  and " + std::to_string(tasks_.size() - most_tasks) + " more";
    return std::move(text_);
  }

 private:
  bool is_listed(std::uint64_t id) const {
    return std::ranges::binary_search(tasks_, id, {},
                                      [](const auto& each) { return each.first->id(); });
  }

  void line(std::size_t depth, const std::string& text) {
    text_ += "\n" + std::string(2 * depth, ' ') + text;
  }

  void print(std::size_t index, std::size_t depth) {
    if (printed_[index] || lines_ == most_tasks) return;
    printed_[index] = true;
    ++lines_;
    internal::task_record& task = *tasks_[index].first;
    line(depth, "task " + std::to_string(task.id()) + " '" + task.name() + "', spawned at " +
                    place(task.spawned_at()));
    print_waits(task, depth + 1);
    for (std::size_t i = 0; i < tasks_.size(); ++i) {
      if (tasks_[i].second == task.id()) print(i, depth + 1);
    }
  }

  void print_waits(internal::task_record& task, std::size_t depth) {
    const auto chains = task.root().waits(deepest_chain);
    if (chains.empty()) line(depth, "runs, or is about to");
    for (std::size_t i = 0; i < std::min(chains.size(), most_chains); ++i) {
      for (std::size_t j = 0; j < chains[i].size(); ++j) {
        const std::source_location& where = chains[i][j];
        line(depth + (j == 0 ? 0 : 1), (j == 0 ? "waits at " : "awaited at ") + place(where) +
                                           " in " + where.function_name());
      }
    }
    if (chains.size() > most_chains)
      line(depth, "and " + std::to_string(chains.size() - most_chains) + " more of it wait");
  }

  listing tasks_;
  std::vector<bool> printed_;
  std::size_t lines_ = 0;
  std::string text_;
};

}  // namespace

std::string task_tree(internal::scheduler& of) {
  return printed_tree(of.registry().with_parents()).text();
}

std::string task_tree(runtime& of) {
  return task_tree(internal::runtime_access::scheduler_of(of));
}

}  // namespace magpie::testing
