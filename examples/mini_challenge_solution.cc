// An answer to mini_challenge.cc.
#include <chrono>
#include <iostream>
#include <string>

#include "magpie/examples/stopwatch.h"
#include "magpie/magpie.h"

using namespace std::chrono_literals;

magpie::task<std::string> fetch_user_data(std::ostream& out, stopwatch watch) {
  out << watch.elapsed() + "Fetching user data...\n";
  co_await magpie::sleep_for(2.5s);
  out << watch.elapsed() + "User data fetched!\n";
  co_return "User Data Retrieved";
}

magpie::task<std::string> fetch_product_catalog(std::ostream& out, stopwatch watch) {
  out << watch.elapsed() + "Fetching product catalog...\n";
  co_await magpie::sleep_for(1.5s);
  out << watch.elapsed() + "Product catalog fetched!\n";
  co_return "Product Catalog Retrieved";
}

magpie::task<> mini_challenge_solution(std::ostream& out) {
  const stopwatch watch;
  auto [user, catalog] =
      co_await magpie::gather(fetch_user_data(out, watch), fetch_product_catalog(out, watch));
  out << watch.elapsed() + "Results: " + user + ", " + catalog + "\n";
}

int main() {
  magpie::run(mini_challenge_solution(std::cout), magpie::options().workers(1));
}
