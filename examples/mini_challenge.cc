// An exercise: two requests that wait at the same time. This program compiles and is wrong; mend
// it.
//
//  1. Let fetch_user_data() wait for 2.5 seconds before it says that it has finished, and give
//     "User Data Retrieved".
//  2. Write fetch_product_catalog(): the same with 1.5 seconds, "Fetching product catalog...",
//     "Product catalog fetched!" and "Product Catalog Retrieved".
//  3. Let mini_challenge() await both at the same time, with gather, and print both results.
//
// Both starts show 0.0 s, the catalog is there first, and all of it takes 2.5 s:
//   tools/test //tests/examples:mini_challenge_test
// mini_challenge_solution.cc has an answer.
#include <chrono>
#include <iostream>
#include <string>

#include "magpie/examples/stopwatch.h"
#include "magpie/magpie.h"

using namespace std::chrono_literals;

magpie::task<std::string> fetch_user_data(std::ostream& out, stopwatch watch) {
  out << watch.elapsed() + "Fetching user data...\n";
  out << watch.elapsed() + "User data fetched!\n";
  co_return "";
}

magpie::task<> mini_challenge(std::ostream& out) {
  const stopwatch watch;
  const std::string user = co_await fetch_user_data(out, watch);
  out << watch.elapsed() + "Results: " + user + "\n";
}

int main() {
  magpie::run(mini_challenge(std::cout), magpie::options().workers(1));
}
