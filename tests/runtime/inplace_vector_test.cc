#include "magpie/runtime/inplace_vector.h"

#include <gtest/gtest.h>

#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

#include "magpie/tests/runtime/leftovers.h"

namespace magpie::testing {
namespace inplace_vector_test {

class inplace_vector_test : public runtime_test {};

using strings = inplace_vector<std::string, 3>;
using pointers = inplace_vector<std::unique_ptr<int>, 2>;

static_assert(std::is_copy_constructible_v<strings>);
static_assert(!std::is_copy_constructible_v<pointers>);
static_assert(!std::is_copy_assignable_v<pointers>);
static_assert(std::is_nothrow_move_constructible_v<pointers>);
static_assert(std::is_nothrow_move_assignable_v<pointers>);

std::string text(char letter) {
  return std::string(100, letter);
}

TEST_F(inplace_vector_test, holds_what_is_pushed) {
  strings all;
  EXPECT_TRUE(all.empty());
  EXPECT_EQ(strings::capacity(), 3U);
  all.push_back(text('a'));
  const std::string b = text('b');
  EXPECT_EQ(&all.push_back(b), &all[1]);
  EXPECT_EQ(all.emplace_back(2U, 'c'), "cc");
  EXPECT_EQ(all.size(), 3U);
  EXPECT_EQ(all.front(), text('a'));
  EXPECT_EQ(all.back(), "cc");
  EXPECT_EQ(all.end() - all.begin(), 3);
  EXPECT_EQ(all.data(), all.begin());
  all.pop_back();
  EXPECT_EQ(all.back(), b);
  all.clear();
  EXPECT_TRUE(all.empty());
}

TEST_F(inplace_vector_test, refuses_one_too_many_and_keeps_what_it_has) {
  pointers all;
  all.push_back(std::make_unique<int>(1));
  all.push_back(std::make_unique<int>(2));
  auto third = std::make_unique<int>(3);
  EXPECT_THROW(all.push_back(std::move(third)), std::bad_alloc);
  EXPECT_NE(third, nullptr);
  EXPECT_EQ(all.size(), 2U);
  EXPECT_EQ(*all[1], 2);
}

TEST_F(inplace_vector_test, copies) {
  strings all;
  all.push_back(text('a'));
  all.push_back(text('b'));
  strings copy = all;
  EXPECT_EQ(copy, all);
  copy.push_back(text('c'));
  EXPECT_NE(copy, all);
  all = copy;
  EXPECT_EQ(copy, all);
  const strings& same = all;
  all = same;
  EXPECT_EQ(copy, all);
}

TEST_F(inplace_vector_test, moves_its_elements) {
  pointers all;
  all.push_back(std::make_unique<int>(1));
  pointers moved = std::move(all);
  EXPECT_EQ(*moved[0], 1);
  // As std::inplace_vector: what is left has been moved from, and is still there.
  EXPECT_EQ(all.size(), 1U);  // NOLINT(bugprone-use-after-move)
  EXPECT_EQ(all[0], nullptr);
  all = std::move(moved);
  EXPECT_EQ(*all[0], 1);
}

TEST_F(inplace_vector_test, an_element_that_throws_is_not_added) {
  struct fragile {
    explicit fragile(bool fails) {
      if (fails) throw std::runtime_error("no");
    }
    counted member;
  };
  inplace_vector<fragile, 2> all;
  all.emplace_back(false);
  EXPECT_THROW(all.emplace_back(true), std::runtime_error);
  EXPECT_EQ(all.size(), 1U);
}

}  // namespace inplace_vector_test
}  // namespace magpie::testing
