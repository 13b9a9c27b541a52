// Two tasks with results: three seconds and one second take three, not four.
#include <chrono>
#include <iostream>
#include <string>

#include "magpie/examples/stopwatch.h"
#include "magpie/magpie.h"

using namespace std::chrono_literals;

magpie::task<std::string> task_one(std::ostream& out, stopwatch watch) {
  out << watch.elapsed() + "Task One: starting...\n";
  co_await magpie::sleep_for(3s);
  out << watch.elapsed() + "Task One: finished!\n";
  co_return "Result from Task One";
}

magpie::task<std::string> task_two(std::ostream& out, stopwatch watch) {
  out << watch.elapsed() + "Task Two: starting...\n";
  co_await magpie::sleep_for(1s);
  out << watch.elapsed() + "Task Two: finished!\n";
  co_return "Result from Task Two";
}

magpie::task<> two_tasks(std::ostream& out) {
  const stopwatch watch;
  // The results come in the order of the arguments, whoever ends first.
  auto [one, two] = co_await magpie::gather(task_one(out, watch), task_two(out, watch));
  out << watch.elapsed() + "Main: [" + one + ", " + two + "]\n";
}

int main() {
  // One worker starts them in order. Several would start them at once, in any order.
  magpie::run(two_tasks(std::cout), magpie::options().workers(1));
}
