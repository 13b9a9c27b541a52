#include "magpie/tests/pitfalls/said.h"

#include <fstream>
#include <regex>
#include <sstream>
#include <utility>

#include "magpie/runtime/testing/simulation.h"
#include "magpie/runtime/testing/test_run.h"

namespace magpie::testing {
namespace {

std::string with_single_spaces(const std::string& text) {
  std::istringstream words(text);
  std::string joined;
  for (std::string word; words >> word;)
    joined += joined.empty() ? word : " " + word;
  return joined;
}

// "/home/ada/shop/till.cc:12" -> "till.cc:N".
std::string without_lines(const std::string& text) {
  static const std::regex place(R"((?:[^\s']*/)?(\w+\.(?:cc|h)):\d+)");
  return std::regex_replace(text, place, "$1:N");
}

// Empty if there is none of that name.
std::string region_of_file(const std::string& name) {
  std::ifstream file("tests/pitfalls/said.txt");
  std::string found;
  bool inside = false;
  for (std::string line; std::getline(file, line);) {
    if (line == "# [" + name + " end]") return found;
    if (inside) found += line + "\n";
    if (line == "# [" + name + "]") inside = true;
  }
  return "";
}

// Whether the pieces of the pattern between its "..." stand in the text, in their order.
bool matches(const std::string& text, const std::string& pattern) {
  static const std::string anything = "...";
  std::size_t gap = pattern.find(anything);
  if (gap == std::string::npos) return text == pattern;
  if (!text.starts_with(pattern.substr(0, gap))) return false;
  std::size_t at = gap;  // What stands before this is matched.
  for (;;) {
    const std::size_t from = gap + anything.size();
    gap = pattern.find(anything, from);
    const std::string piece = pattern.substr(from, gap - from);
    if (gap == std::string::npos) return text.size() >= at + piece.size() && text.ends_with(piece);
    at = text.find(piece, at);
    if (at == std::string::npos) return false;
    at += piece.size();
  }
}

}  // namespace

::testing::AssertionResult is_quoted(const std::string& text, const std::string& name) {
  const std::string pattern = with_single_spaces(region_of_file(name));
  if (pattern.empty())
    return ::testing::AssertionFailure() << "said.txt has nothing of the name " << name;
  const std::string said = with_single_spaces(without_lines(text));
  if (matches(said, pattern)) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << "said:   " << said << "\nquoted: " << pattern;
}

std::string standard_error_of(const std::function<void()>& scene) {
  ::testing::internal::CaptureStderr();
  try {
    scene();
  } catch (...) {
    ::testing::internal::GetCapturedStderr();
    throw;
  }
  return ::testing::internal::GetCapturedStderr();
}

std::vector<std::string> problems_of(const std::function<task<>()>& make, std::size_t workers) {
  const auto settings = test_settings().simulated(simulation_options().workers(workers));
  return run_test(make, settings, "main");
}

::testing::AssertionResult is_right(const std::function<task<>()>& make) {
  std::vector<std::string> problems;
  const std::string said = standard_error_of([&] {
    for (const std::size_t workers : {1U, 2U, 8U}) {
      for (std::string& each : problems_of(make, workers))
        problems.push_back(std::to_string(workers) + " workers: " + std::move(each));
    }
  });
  if (!said.empty()) problems.push_back("standard error: " + said);
  if (problems.empty()) return ::testing::AssertionSuccess();
  auto failed = ::testing::AssertionFailure();
  for (const std::string& each : problems)
    failed << each << "\n";
  return failed;
}

}  // namespace magpie::testing
