// A program that keeps its runtime, in a workspace of its own.
#include <atomic>
#include <chrono>
#include <iostream>
#include <string>
#include <utility>

#include "magpie/magpie.h"

using namespace std::chrono_literals;

// [shop]
class shop {
 public:
  // Any thread; does not wait. The handle tells when the dish is served, and can cancel it.
  magpie::join_handle<> place_order(std::string dish) {
    return runtime_.spawn(cook(std::move(dish)), "cook");
  }

  // A thread that is no worker; waits.
  int count_served() { return runtime_.run(count()); }

 private:
  magpie::task<> cook(std::string dish) {
    co_await magpie::sleep_for(100ms);
    std::cout << dish + " is served\n";
    ++served_;
  }
  magpie::task<int> count() { co_return served_; }

  std::atomic<int> served_ = 0;
  // Last, so that it is destroyed first: its destructor waits for the tasks, which use the rest.
  magpie::runtime runtime_{magpie::options().workers(2)};
};

int main() {
  shop mine;
  magpie::join_handle<> soup = mine.place_order("soup");
  magpie::join_handle<> bread = mine.place_order("bread");
  soup.get();
  bread.get();
  std::cout << std::to_string(mine.count_served()) + " dishes\n";
}
// [shop end]
