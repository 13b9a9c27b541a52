// A gateway asks two services, one of which asks a third. The gateway's time limit reaches all of
// them: whoever sees that too little is left says so at once, and what is late is cancelled, at
// whatever depth.
#include <chrono>
#include <iostream>
#include <stdexcept>
#include <string>

#include "magpie/examples/stopwatch.h"
#include "magpie/magpie.h"

using namespace std::chrono_literals;

// One call over the network: takes its time, unless the caller's deadline says that it is no use.
magpie::task<> call(std::ostream& out, stopwatch watch, std::string service,
                    std::chrono::milliseconds latency) {
  const magpie::task_info self = co_await magpie::current_task();
  if (self.deadline < magpie::clock::now() + latency) {
    out << watch.elapsed() + service + ": not enough time left, refused\n";
    throw std::runtime_error(service + " refused");
  }
  co_await magpie::sleep_for(latency);
  out << watch.elapsed() + service + ": done\n";
}

magpie::task<int> stock(std::ostream& out, stopwatch watch, std::chrono::milliseconds latency) {
  co_await call(out, watch, "stock", latency);
  co_return 12;
}

magpie::task<std::string> prices(std::ostream& out, stopwatch watch) {
  co_await call(out, watch, "prices", 300ms);
  co_return "9.99";
}

magpie::task<std::string> article(std::ostream& out, stopwatch watch,
                                  std::chrono::milliseconds stock_latency) {
  co_await call(out, watch, "articles", 500ms);
  // Without the stock the page is still worth showing.
  try {
    const int pieces = co_await stock(out, watch, stock_latency);
    co_return "magpie, " + std::to_string(pieces) + " in stock";
  } catch (const std::runtime_error&) {
    co_return "magpie, ask for it";
  }
}

magpie::task<> page(std::ostream& out, stopwatch watch, std::chrono::milliseconds stock_latency) {
  auto [text, price] =
      co_await magpie::gather(article(out, watch, stock_latency), prices(out, watch));
  out << watch.elapsed() + "gateway: " + text + ", " + price + "\n";
}

magpie::task<> microservices(std::ostream& out) {
  for (const auto stock_latency : {200ms, 800ms}) {
    const stopwatch watch;
    out << "A stock that answers in " << stock_latency.count() << " ms, a page within 1 s:\n";
    co_await magpie::with_timeout(1s, page(out, watch, stock_latency));
  }
  const stopwatch watch;
  out << "A page within 0.4 s:\n";
  try {
    co_await magpie::with_timeout(400ms, page(out, watch, 200ms));
  } catch (const std::runtime_error& error) {
    out << watch.elapsed() + "gateway: 503, " + error.what() + "\n";
  }
}

int main() {
  magpie::run(microservices(std::cout), magpie::options().workers(1));
}
