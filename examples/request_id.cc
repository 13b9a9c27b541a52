// The number of a request stands before each line of its log, also in functions and tasks that are
// never told of it: it goes with the task, and tasks that are spawned inherit it.
#include <chrono>
#include <iostream>
#include <string>

#include "magpie/magpie.h"

using namespace std::chrono_literals;

magpie::task_local<int> request_id(0);

void log_line(std::ostream& out, const std::string& text) {
  out << "[" + std::to_string(request_id.get()) + "] " + text + "\n";
}

magpie::task<> charge(std::ostream& out, std::string customer) {
  log_line(out, "charging " + customer);
  co_await magpie::sleep_for(2s);  // Perhaps it goes on on another worker.
  log_line(out, "charged " + customer);
}

magpie::task<> serve(std::ostream& out, int id, std::string customer) {
  request_id.set(id);
  log_line(out, "request of " + customer);
  magpie::join_handle<> payment = magpie::spawn(charge(out, customer), "payment");
  co_await magpie::sleep_for(1s);
  log_line(out, "packed");
  co_await payment;
  log_line(out, "done");
}

magpie::task<> requests(std::ostream& out) {
  magpie::join_handle<> first = magpie::spawn(serve(out, 1, "Ada"), "request");
  magpie::join_handle<> second = magpie::spawn(serve(out, 2, "Ben"), "request");
  co_await first;
  co_await second;
  log_line(out, "all served");  // What the tasks have set is theirs.
}

int main() {
  magpie::run(requests(std::cout), magpie::options().workers(1));
}
