#include "magpie/benchmarks/report/parameters.h"

#include <charconv>
#include <cstdio>
#include <stdexcept>
#include <utility>

namespace magpie::bench {

parameters parameters::parse(const std::vector<std::string>& words) {
  parameters result;
  for (const std::string& word : words) {
    const std::size_t equals = word.find('=');
    if (equals == std::string::npos || equals == 0) {
      throw std::invalid_argument("\"" + word + "\" is not of the form key=value");
    }
    result.set(word.substr(0, equals), word.substr(equals + 1));
  }
  return result;
}

parameters& parameters::set(const std::string& key, std::string value) {
  values_[key] = std::move(value);
  return *this;
}

parameters& parameters::set(const std::string& key, double value) {
  char digits[64];
  std::snprintf(digits, sizeof digits, "%.9g", value);
  return set(key, std::string(digits));
}

parameters& parameters::merge(const parameters& others) {
  for (const auto& [key, value] : others.values_)
    values_[key] = value;
  return *this;
}

const std::string& parameters::text(const std::string& key) const {
  const auto found = values_.find(key);
  if (found == values_.end()) throw std::invalid_argument("parameter \"" + key + "\" is missing");
  return found->second;
}

double parameters::number(const std::string& key) const {
  const std::string& value = text(key);
  double result = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), result);
  if (error != std::errc() || end != value.data() + value.size()) {
    throw std::invalid_argument("parameter \"" + key + "\" is not a number: \"" + value + "\"");
  }
  return result;
}

std::size_t parameters::count(const std::string& key) const {
  const double value = number(key);
  if (value < 0 || value > 1e15 || value != static_cast<double>(static_cast<std::size_t>(value))) {
    throw std::invalid_argument("parameter \"" + key + "\" is not a count: \"" + text(key) + "\"");
  }
  return static_cast<std::size_t>(value);
}

std::size_t parameters::count_or(const std::string& key, std::size_t missing) const {
  return has(key) ? count(key) : missing;
}

std::vector<std::string> parameters::words() const {
  std::vector<std::string> result;
  for (const auto& [key, value] : values_)
    result.push_back(key + "=" + value);
  return result;
}

}  // namespace magpie::bench
