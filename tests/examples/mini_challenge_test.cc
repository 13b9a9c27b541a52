// What the exercise asks for: met by the solution, and not yet by the skeleton.
#include <gtest/gtest.h>

#include "magpie/tests/examples/simulated.h"

#ifdef SOLUTION
example mini_challenge_solution;
#define EXERCISE mini_challenge_solution
#else
example mini_challenge;
#define EXERCISE mini_challenge
#endif

constexpr auto solved =
    "  0.0 s  Fetching user data...\n"
    "  0.0 s  Fetching product catalog...\n"
    "  1.5 s  Product catalog fetched!\n"
    "  2.5 s  User data fetched!\n"
    "  2.5 s  Results: User Data Retrieved, Product Catalog Retrieved\n";

#ifdef SKELETON
// Remove "SKELETON" in tests/examples/BUILD when you have begun.
TEST(mini_challenge, is_still_to_be_solved) {
  EXPECT_NE(output_of(EXERCISE), solved);
}
#else
TEST(mini_challenge, takes_as_long_as_the_longer_of_the_two) {
  EXPECT_EQ(output_of(EXERCISE), solved);
}
#endif
