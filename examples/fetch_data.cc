// A coroutine that waits for another one and uses what it returns.
#include <chrono>
#include <iostream>
#include <map>
#include <string>

#include "magpie/magpie.h"

using namespace std::chrono_literals;

using reply = std::map<std::string, int>;

magpie::task<reply> fetch_one(std::ostream& out) {
  out << "Fetching data...\n";
  co_await magpie::sleep_for(2s);  // A slow operation.
  out << "Data fetched!\n";
  reply fetched;
  fetched["data"] = 123;
  co_return fetched;
}

magpie::task<> fetch_data(std::ostream& out) {
  out << "Start\n";
  const reply result = co_await fetch_one(out);
  for (const auto& [key, value] : result)
    out << "Result: " << key << " = " << value << '\n';
  out << "End\n";
}

int main() {
  magpie::run(fetch_data(std::cout));
}
