#include "magpie/runtime/internal/context.h"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <random>
#include <utility>
#include <vector>

#include "magpie/runtime/suspension.h"
#include "magpie/tests/runtime/armed.h"
#include "magpie/tests/runtime/leftovers.h"

namespace magpie::testing {
namespace context_tree_test {

using internal::context;
using outcome = suspension::outcome;

class context_tree_test : public runtime_test {};

TEST_F(context_tree_test, nothing_is_cancelled_at_first) {
  in_context_of_a_task([](context& root) {
    context child(root);
    armed waiting(child);
    EXPECT_TRUE(waiting.entered());
    EXPECT_TRUE(waiting.pending());
    EXPECT_FALSE(root.cancelled());
    EXPECT_FALSE(child.cancelled());
    EXPECT_EQ(waiting.leave(), outcome::waiting);
  });
}

TEST_F(context_tree_test, cancel_reaches_everything_that_waits_below) {
  in_context_of_a_task([](context& root) {
    context top(root);
    context left(top);
    context right(top);
    context below_left(left);
    armed in_top(top);
    armed in_right(right);
    armed in_below_left(below_left);
    armed second_in_below_left(below_left);
    armed beside(root);
    top.cancel();
    EXPECT_EQ(in_top.leave(), outcome::cancelled);
    EXPECT_EQ(in_right.leave(), outcome::cancelled);
    EXPECT_EQ(in_below_left.leave(), outcome::cancelled);
    EXPECT_EQ(second_in_below_left.leave(), outcome::cancelled);
    EXPECT_EQ(beside.leave(), outcome::waiting);
    for (const context* each : {&top, &left, &right, &below_left})
      EXPECT_TRUE(each->cancelled());
    EXPECT_FALSE(root.cancelled());
  });
}

TEST_F(context_tree_test, siblings_and_parents_are_untouched) {
  in_context_of_a_task([](context& root) {
    context parent(root);
    std::deque<context> children;
    std::deque<armed> waiting;
    for (int i = 0; i < 5; ++i)
      waiting.emplace_back(children.emplace_back(parent));
    armed in_parent(parent);
    children[2].cancel();
    for (std::size_t i = 0; i < children.size(); ++i) {
      EXPECT_EQ(waiting[i].pending(), i != 2) << i;
      EXPECT_EQ(children[i].cancelled(), i == 2) << i;
    }
    EXPECT_TRUE(in_parent.pending());
    EXPECT_FALSE(parent.cancelled());
  });
}

// Nothing has suspended under them, so nobody knows of them.
TEST_F(context_tree_test, cancel_reaches_what_has_not_entered) {
  in_context_of_a_task([](context& root) {
    context top(root);
    context middle(top);
    context bottom(middle);
    top.cancel();
    EXPECT_TRUE(bottom.cancelled());
    EXPECT_TRUE(middle.cancelled());
    armed late(bottom);
    EXPECT_FALSE(late.entered());
    EXPECT_EQ(late.leave(), outcome::cancelled);
    context made_later(bottom);
    EXPECT_TRUE(made_later.cancelled());
    EXPECT_FALSE(root.cancelled());
  });
}

// One that has not entered is cancelled itself: it enters for that.
TEST_F(context_tree_test, cancelled_before_anything_has_entered) {
  in_context_of_a_task([](context& root) {
    context top(root);
    context middle(top);
    context bottom(middle);
    middle.cancel();
    EXPECT_FALSE(top.cancelled());
    EXPECT_TRUE(middle.cancelled());
    EXPECT_TRUE(bottom.cancelled());
    armed in_top(top);
    EXPECT_TRUE(in_top.entered());
  });
}

TEST_F(context_tree_test, a_new_context_under_one_that_has_entered) {
  in_context_of_a_task([](context& root) {
    context top(root);
    armed waiting(top);
    context below(top);
    EXPECT_FALSE(below.cancelled());
    top.cancel();
    EXPECT_TRUE(below.cancelled());
    armed late(below);
    EXPECT_FALSE(late.entered());
  });
}

TEST_F(context_tree_test, cancelled_twice) {
  in_context_of_a_task([](context& root) {
    context top(root);
    armed first(top);
    top.cancel();
    top.cancel();
    armed second(top);
    EXPECT_EQ(first.leave(), outcome::cancelled);
    EXPECT_FALSE(second.entered());
  });
}

TEST_F(context_tree_test, what_has_been_completed_is_not_cancelled) {
  in_context_of_a_task([](context& root) {
    context top(root);
    armed waiting(top);
    ASSERT_TRUE(waiting.claim(outcome::completed));
    top.cancel();
    EXPECT_EQ(waiting.leave(), outcome::completed);
  });
}

TEST_F(context_tree_test, what_has_left_is_not_touched) {
  in_context_of_a_task([](context& root) {
    context top(root);
    armed first(top);
    auto second = std::make_unique<armed>(top);
    armed third(top);
    second.reset();
    top.cancel();
    EXPECT_EQ(first.leave(), outcome::cancelled);
    EXPECT_EQ(third.leave(), outcome::cancelled);
  });
}

TEST_F(context_tree_test, destroyed_contexts_leave_the_tree) {
  in_context_of_a_task([](context& root) {
    context top(root);
    std::vector<std::unique_ptr<context>> children;
    for (int i = 0; i < 6; ++i) {
      children.push_back(std::make_unique<context>(top));
      const armed passing(*children.back());
    }
    // The newest, one in the middle, the oldest.
    for (const std::size_t gone : {5U, 2U, 0U})
      children[gone].reset();
    std::deque<armed> waiting;
    for (const std::size_t left : {1U, 3U, 4U})
      waiting.emplace_back(*children[left]);
    top.cancel();
    for (armed& each : waiting)
      EXPECT_EQ(each.leave(), outcome::cancelled);
    children.clear();
    EXPECT_FALSE(root.cancelled());
  });
}

// The place of one that has left is used again, for something that must not be reached.
TEST_F(context_tree_test, neighbours_that_leave_are_not_reached) {
  in_context_of_a_task([](context& root) {
    context top(root);
    std::array<std::optional<context>, 6> places;
    for (std::optional<context>& place : places) {
      place.emplace(top);
      const armed passing(*place);
    }
    // The newest stands first. Neighbours in both directions, and at both ends.
    for (const std::size_t gone : {5U, 4U, 1U, 2U, 0U})
      places[gone].reset();
    std::deque<armed> elsewhere;
    for (const std::size_t reused : {5U, 4U, 1U, 2U, 0U})
      elsewhere.emplace_back(places[reused].emplace(root));
    armed left(*places[3]);
    top.cancel();
    EXPECT_EQ(left.leave(), outcome::cancelled);
    for (armed& each : elsewhere)
      EXPECT_EQ(each.leave(), outcome::waiting);
    elsewhere.clear();
  });
}

// ------------------------------------------------------------------------------------- deep trees

class chain {
 public:
  chain(context& root, std::size_t depth) {
    context* parent = &root;
    for (std::size_t i = 0; i < depth; ++i)
      parent = &links_.emplace_back(*parent);
  }
  ~chain() {
    while (!links_.empty())
      links_.pop_back();
  }
  context& top() { return links_.front(); }
  context& bottom() { return links_.back(); }
  context& operator[](std::size_t i) { return links_[i]; }

 private:
  std::deque<context> links_;
};

constexpr std::size_t deep = 300'000;

TEST_F(context_tree_test, a_deep_chain_is_entered_and_cancelled) {
  in_context_of_a_task([](context& root) {
    chain links(root, deep);
    EXPECT_FALSE(links.bottom().cancelled());
    // All of them enter at once; a look at all the ancestors of each would take minutes.
    armed waiting(links.bottom());
    EXPECT_TRUE(waiting.entered());
    links.top().cancel();
    EXPECT_EQ(waiting.leave(), outcome::cancelled);
    EXPECT_TRUE(links[deep / 2].cancelled());
  });
}

TEST_F(context_tree_test, a_deep_chain_is_cancelled_before_it_is_entered) {
  in_context_of_a_task([](context& root) {
    chain links(root, deep);
    links.top().cancel();
    armed late(links.bottom());
    EXPECT_FALSE(late.entered());
    EXPECT_TRUE(links[deep / 2].cancelled());
    EXPECT_FALSE(root.cancelled());
  });
}

TEST_F(context_tree_test, a_deep_chain_is_cancelled_in_the_middle) {
  in_context_of_a_task([](context& root) {
    chain links(root, deep);
    armed bottom(links.bottom());
    armed above(links[deep / 2 - 1]);
    links[deep / 2].cancel();
    EXPECT_EQ(bottom.leave(), outcome::cancelled);
    EXPECT_EQ(above.leave(), outcome::waiting);
    EXPECT_FALSE(links[deep / 2 - 1].cancelled());
  });
}

// ---------------------------------------------------------------------------------- random trees

// A context, with what a plain look at all ancestors says of it.
struct node {
  node(context& above, node* parent_node) : scope(above), parent(parent_node) {}
  context scope;
  node* parent;
  bool cancelled = false;
  bool expect_cancelled() const {
    for (const node* n = this; n != nullptr; n = n->parent) {
      if (n->cancelled) return true;
    }
    return false;
  }
};

TEST_F(context_tree_test, random_trees) {
  in_context_of_a_task([](context& root) {
    for (unsigned seed = 1; seed <= 300 && !HasFailure(); ++seed) {
      std::mt19937 random(seed);
      // Newer ones are never above older ones.
      std::vector<std::unique_ptr<node>> nodes;
      std::vector<std::pair<node*, std::unique_ptr<armed>>> waiting;
      for (int i = 0; i < 60; ++i) {
        node* const chosen = nodes.empty() ? nullptr : nodes[random() % nodes.size()].get();
        switch (random() % 5) {
          case 0:
            if (chosen != nullptr && random() % 4 == 0) {
              chosen->scope.cancel();
              chosen->cancelled = true;
            }
            break;
          case 1:
            if (chosen != nullptr) {
              waiting.emplace_back(chosen, std::make_unique<armed>(chosen->scope));
              EXPECT_EQ(waiting.back().second->entered(), !chosen->expect_cancelled());
            }
            break;
          default:
            nodes.push_back(
                std::make_unique<node>(chosen != nullptr ? chosen->scope : root, chosen));
        }
        for (const auto& each : nodes)
          EXPECT_EQ(each->scope.cancelled(), each->expect_cancelled());
        for (const auto& [where, suspended] : waiting) {
          EXPECT_EQ(suspended->entered() && suspended->pending(), !where->expect_cancelled());
        }
      }
      waiting.clear();
      while (!nodes.empty())
        nodes.pop_back();
    }
    EXPECT_FALSE(root.cancelled());
  });
}

}  // namespace context_tree_test
}  // namespace magpie::testing
