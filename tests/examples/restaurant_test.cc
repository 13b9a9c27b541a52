#include <gtest/gtest.h>

#include "magpie/tests/examples/simulated.h"

example restaurant;

TEST(restaurant, serves_sooner_with_a_chef_who_does_not_wait_and_with_more_chefs) {
  EXPECT_EQ(output_of(restaurant),
            "One chef who waits beside every pot:\n"
            "  0.8 s  soup is served\n"
            "  1.6 s  pasta is served\n"
            "  2.4 s  curry is served\n"
            "  3.2 s  stew is served\n"
            "One chef who goes on while a pot simmers:\n"
            "  0.8 s  soup is served\n"
            "  1.0 s  pasta is served\n"
            "  1.2 s  curry is served\n"
            "  1.4 s  stew is served\n"
            "Two such chefs:\n"
            "  0.8 s  soup is served\n"
            "  0.8 s  pasta is served\n"
            "  1.0 s  curry is served\n"
            "  1.0 s  stew is served\n"
            "Four such chefs:\n"
            "  0.8 s  soup is served\n"
            "  0.8 s  pasta is served\n"
            "  0.8 s  curry is served\n"
            "  0.8 s  stew is served\n");
}

TEST(restaurant, takes_every_order_once_on_any_number_of_workers) {
  for_many_schedules(restaurant, [&](const std::vector<std::string>& lines) {
    for (const std::string dish : {"soup", "pasta", "curry", "stew"}) {
      const auto served = std::count_if(lines.begin(), lines.end(), [&](const std::string& line) {
        return line.find(dish + " is served") != std::string::npos;
      });
      EXPECT_EQ(served, 4) << dish;
    }
  });
}
