// Ten coroutines that return task<T>, whichever that is.
#ifndef MAGPIE_BENCHMARKS_COMPILE_COST_TEN_COROUTINES_H_
#define MAGPIE_BENCHMARKS_COMPILE_COST_TEN_COROUTINES_H_

#include <chrono>
#include <coroutine>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

inline task<int> one() {
  co_return 1;
}

inline task<int> sum(int count) {
  int total = 0;
  for (int i = 0; i < count; ++i)
    total += co_await one();
  co_return total;
}

inline task<std::string> greeting(std::string name) {
  co_return "hello, " + name;
}

inline task<std::vector<std::string>> greetings(std::vector<std::string> names) {
  std::vector<std::string> all;
  for (std::string& name : names)
    all.push_back(co_await greeting(std::move(name)));
  co_return all;
}

inline task<std::size_t> length(std::string of) {
  const std::string text = co_await greeting(std::move(of));
  co_return text.size();
}

inline task<std::chrono::milliseconds> elapsed(std::chrono::steady_clock::time_point since) {
  co_await one();
  co_return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() -
                                                                  since);
}

inline task<bool> is_long(std::string text) {
  const std::size_t letters = co_await length(std::move(text));
  co_return letters > 20;
}

inline task<> twice(int& value) {
  value += co_await sum(value);
}

inline task<> fail_unless(bool true_enough) {
  const int code = co_await one();
  if (!true_enough) throw code;
}

inline task<int> all_of_them(std::string name) {
  int value = co_await sum(3);
  co_await twice(value);
  const bool is_long_name = co_await is_long(name);
  try {
    co_await fail_unless(is_long_name);
  } catch (int code) {
    value += code;
  }
  const std::vector<std::string> all = co_await greetings(std::vector<std::string>(1, name));
  const std::chrono::milliseconds took = co_await elapsed(std::chrono::steady_clock::now());
  co_return value + static_cast<int>(all.size()) + static_cast<int>(took.count());
}

#endif  // MAGPIE_BENCHMARKS_COMPILE_COST_TEN_COROUTINES_H_
