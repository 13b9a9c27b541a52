// A restaurant: what waiting costs, and what a second chef changes.
//
// Each dish has to be chopped, which keeps a chef busy, and then simmers, which needs nobody.
#include <atomic>
#include <chrono>
#include <iostream>
#include <string>
#include <vector>

#include "magpie/examples/stopwatch.h"
#include "magpie/magpie.h"

using namespace std::chrono_literals;

const std::vector<std::string> orders{"soup", "pasta", "curry", "stew"};

magpie::task<> chop() {
  co_await magpie::sleep_for(200ms);
}

magpie::task<> simmer(std::ostream& out, std::string dish, stopwatch watch) {
  co_await magpie::sleep_for(600ms);
  out << watch.elapsed() + dish + " is served\n";
}

// Stands beside every pot until the dish is ready.
magpie::task<> blocking_chef(std::ostream& out) {
  const stopwatch watch;
  for (const std::string& dish : orders) {
    co_await chop();
    co_await simmer(out, dish, watch);
  }
}

// Takes the next order as soon as a pot is on the stove. Several chefs take turns: whoever is free
// takes the next order, which is why the count of orders taken is atomic.
magpie::task<> async_chef(std::ostream& out, std::atomic<std::size_t>& taken, stopwatch watch) {
  std::vector<magpie::join_handle<>> pots;
  for (std::size_t order = taken++; order < orders.size(); order = taken++) {
    co_await chop();
    pots.push_back(magpie::spawn(simmer(out, orders[order], watch), orders[order]));
  }
  for (magpie::join_handle<>& pot : pots)
    co_await pot;
}

magpie::task<> async_chefs(std::ostream& out, std::size_t count) {
  const stopwatch watch;
  std::atomic<std::size_t> taken = 0;
  std::vector<magpie::task<>> chefs;
  for (std::size_t i = 0; i < count; ++i)
    chefs.push_back(async_chef(out, taken, watch));
  co_await magpie::gather(std::move(chefs));
}

magpie::task<> restaurant(std::ostream& out) {
  out << "One chef who waits beside every pot:\n";
  co_await blocking_chef(out);
  out << "One chef who goes on while a pot simmers:\n";
  co_await async_chefs(out, 1);
  out << "Two such chefs:\n";
  co_await async_chefs(out, 2);
  out << "Four such chefs:\n";
  co_await async_chefs(out, 4);
}

int main() {
  magpie::run(restaurant(std::cout));
}
