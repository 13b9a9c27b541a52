// What the programs of docs/pitfalls.md make the library say, compared with what the document
// quotes of said.txt.
#ifndef MAGPIE_TESTS_PITFALLS_SAID_H_
#define MAGPIE_TESTS_PITFALLS_SAID_H_

#include <gtest/gtest.h>

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "magpie/runtime/task.h"

namespace magpie::testing {

// Whether `text` is what said.txt has under that name. In the file, "..." stands for anything,
// "FILE:N" of the text for any place in that file, and any space for any number of them.
::testing::AssertionResult is_quoted(const std::string& text, const std::string& name);

// What goes to standard error meanwhile.
std::string standard_error_of(const std::function<void()>& scene);

// What a CO_SIM_TEST with this body would fail with; its task is called "main". Empty if it passes.
std::vector<std::string> problems_of(const std::function<task<>()>& make, std::size_t workers = 1);

// Whether a CO_SIM_TEST with the task that `make` gives passes with 1, 2 and 8 workers, and nothing
// is said on standard error.
::testing::AssertionResult is_right(const std::function<task<>()>& make);

}  // namespace magpie::testing

#endif  // MAGPIE_TESTS_PITFALLS_SAID_H_
