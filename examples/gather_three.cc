// Three tasks wait at the same time: together they take as long as the longest.
#include <chrono>
#include <iostream>
#include <string>

#include "magpie/magpie.h"

using namespace std::chrono_literals;

magpie::task<> step(std::ostream& out, std::string name, std::chrono::seconds delay) {
  out << name + " started\n";
  co_await magpie::sleep_for(delay);
  out << name + " finished\n";
}

magpie::task<> gather_three(std::ostream& out) {
  const auto start = magpie::clock::now();
  co_await magpie::gather(step(out, "Task 1", 2s), step(out, "Task 2", 3s),
                          step(out, "Task 3", 1s));
  const auto took = std::chrono::round<std::chrono::seconds>(magpie::clock::now() - start);
  out << "All of them took " << took.count() << " s\n";
}

int main() {
  // One worker starts them in order. Several would start them at once, in any order.
  magpie::run(gather_three(std::cout), magpie::options().workers(1));
}
