// Five queries share two connections, which are made when they are wanted and kept for the next.
// Who waits too long for one is told so.
#include <atomic>
#include <chrono>
#include <iostream>
#include <string>

#include "magpie/examples/stopwatch.h"
#include "magpie/magpie.h"

using namespace std::chrono_literals;

class connection {
 public:
  explicit connection(int number) : number_(number) {}
  int number() const { return number_; }
  magpie::task<> query() { co_await magpie::sleep_for(2s); }

 private:
  int number_;
};

using pool = magpie::resource_pool<connection>;

magpie::task<> ask(std::ostream& out, stopwatch watch, pool& from, int query) {
  const std::string name = "query " + std::to_string(query);
  try {
    auto lent = co_await magpie::with_timeout(4s, from.acquire());
    co_await lent->query();
    out << watch.elapsed() + name + " by connection " + std::to_string(lent->number()) + "\n";
  } catch (const magpie::timeout_error&) {
    out << watch.elapsed() + name + " has found none free\n";
  }
}

magpie::task<> connection_pool(std::ostream& out) {
  const stopwatch watch;
  std::atomic<int> made{0};
  auto connect = [&]() -> magpie::task<connection> {
    co_await magpie::sleep_for(500ms);
    co_return connection(++made);
  };
  pool connections(magpie::resource_pool_options().max_size(2), connect);
  co_await magpie::gather(ask(out, watch, connections, 1), ask(out, watch, connections, 2),
                          ask(out, watch, connections, 3), ask(out, watch, connections, 4),
                          ask(out, watch, connections, 5));
}

int main() {
  magpie::run(connection_pool(std::cout), magpie::options().workers(1));
}
