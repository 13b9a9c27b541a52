#ifndef MAGPIE_BENCHMARKS_REPORT_PARAMETERS_H_
#define MAGPIE_BENCHMARKS_REPORT_PARAMETERS_H_

#include <concepts>
#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace magpie::bench {

// The sizes and addresses that a run is given, as key=value words on its command line, so that
// a run in C++ and a run in Python are given the same.
class parameters {
 public:
  parameters() = default;

  // Throws std::invalid_argument when a word has no '='.
  static parameters parse(const std::vector<std::string>& words);

  parameters& set(const std::string& key, std::string value);
  parameters& set(const std::string& key, double value);
  parameters& set(const std::string& key, std::integral auto value) {
    return set(key, std::to_string(value));
  }
  // Adds what `others` has, which wins over what is here.
  parameters& merge(const parameters& others);

  // Each throws std::invalid_argument, naming the key, when it is missing or no number.
  const std::string& text(const std::string& key) const;
  std::size_t count(const std::string& key) const;
  double number(const std::string& key) const;

  // `missing` where the key is.
  std::size_t count_or(const std::string& key, std::size_t missing) const;

  bool has(const std::string& key) const { return values_.count(key) != 0; }
  std::vector<std::string> words() const;
  const std::map<std::string, std::string>& values() const { return values_; }

 private:
  std::map<std::string, std::string> values_;
};

}  // namespace magpie::bench

#endif  // MAGPIE_BENCHMARKS_REPORT_PARAMETERS_H_
