// The smallest program: it greets, waits a second, and goes on.
#include <chrono>
#include <iostream>

#include "magpie/magpie.h"

using namespace std::chrono_literals;

magpie::task<> hello(std::ostream& out) {
  out << "Hello\n";
  co_await magpie::sleep_for(1s);
  out << "World\n";
}

int main() {
  magpie::run(hello(std::cout));
}
