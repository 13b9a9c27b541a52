// What a coroutine is before it runs, step by step.
#include <iostream>
#include <utility>

#include "magpie/magpie.h"

magpie::task<int> greet(std::ostream& out) {
  out << "Hello from a coroutine!\n";
  co_return 42;
}

magpie::task<> coroutine_object(std::ostream& out) {
  // Calling a coroutine runs nothing of it. The call gives a task: a value, which can be kept,
  // moved, or printed.
  magpie::task<int> greeting = greet(out);
  out << "greet() was called, and this is what it gave:\n" << greeting << '\n';

  // A task that is dropped has never run.
  {
    const magpie::task<int> dropped = greet(out);
  }
  out << "Another one was dropped.\n";

  // Awaiting a task runs it. A task runs once, so it has to be given away.
  const int result = co_await std::move(greeting);
  out << "It was awaited, and returned " << result << ".\n";
}

int main() {
  magpie::run(coroutine_object(std::cout));
}
