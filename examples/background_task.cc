// A task that runs beside its caller, which waits for it later.
#include <chrono>
#include <iostream>
#include <string>

#include "magpie/magpie.h"

using namespace std::chrono_literals;

// A spawned task may outlive its caller, so it takes the text as a value and not as a reference.
// The stream may be one: std::cout outlives every task.
magpie::task<> delayed_message(std::ostream& out, std::string text, std::chrono::seconds delay) {
  co_await magpie::sleep_for(delay);
  out << text + "\n";
}

magpie::task<> background_task(std::ostream& out) {
  auto message = magpie::spawn(delayed_message(out, "Hello after 3 s", 3s), "message");
  out << "Doing other stuff...\n";
  co_await magpie::sleep_for(1s);
  out << "Other stuff is done, the message is " << (message.done() ? "out" : "on its way") << '\n';
  co_await message;
  out << "Everything is done\n";
}

int main() {
  magpie::run(background_task(std::cout));
}
