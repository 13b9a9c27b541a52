// Exceptions pass through co_await as they pass through a call.
#include <chrono>
#include <iostream>
#include <stdexcept>

#include "magpie/magpie.h"

using namespace std::chrono_literals;

magpie::task<> risky_operation() {
  co_await magpie::sleep_for(1s);
  throw std::runtime_error("Something went wrong");
}

magpie::task<> long_operation(std::ostream& out) {
  try {
    co_await magpie::sleep_for(1h);
  } catch (const magpie::cancelled&) {
    out << "The long operation was cancelled\n";
    throw;
  }
}

magpie::task<> handled_error(std::ostream& out) {
  try {
    co_await risky_operation();
  } catch (const std::runtime_error& error) {
    out << "Handled error: " << error.what() << '\n';
  }

  // When one of several tasks fails, gather cancels the others, waits until they have ended, and
  // throws what the first has thrown.
  try {
    co_await magpie::gather(long_operation(out), risky_operation());
  } catch (const std::runtime_error& error) {
    out << "Handled error of one of two: " << error.what() << '\n';
  }
}

int main() {
  magpie::run(handled_error(std::cout));
}
