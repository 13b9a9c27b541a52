// One loop over several sources: jobs from a channel, an event that ends it, and time that passes
// with neither. Exactly one of them takes effect, so no job is taken and then lost.
#include <chrono>
#include <iostream>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "magpie/examples/stopwatch.h"
#include "magpie/magpie.h"

using namespace std::chrono_literals;

magpie::task<> customers(magpie::channel_sender<std::string> orders, magpie::event& closing) {
  co_await magpie::sleep_for(1s);
  co_await orders.send("soup");
  co_await orders.send("bread");
  co_await magpie::sleep_for(5s);
  co_await orders.send("tea");
  co_await magpie::sleep_for(1s);
  closing.set();
}

magpie::task<> dispatch(std::ostream& out, magpie::channel_receiver<std::string> orders,
                        magpie::event& closing) {
  const stopwatch watch;
  for (;;) {
    const auto news =
        co_await magpie::select(orders.receive(), closing.wait(), magpie::sleep_for(2s));
    if (news.index() == 0) {
      const std::optional<std::string>& order = std::get<0>(news);
      if (!order) break;  // Nobody is left who could send.
      out << watch.elapsed() + "order: " + *order + "\n";
    } else if (news.index() == 1) {
      out << watch.elapsed() + "closed\n";
      break;
    } else {
      out << watch.elapsed() + "nothing to do\n";
    }
  }
}

magpie::task<> dispatcher(std::ostream& out) {
  magpie::event closing;
  auto [send_orders, orders] = magpie::make_channel<std::string>(10);
  co_await magpie::gather(dispatch(out, std::move(orders), closing),
                          customers(std::move(send_orders), closing));
}

int main() {
  magpie::run(dispatcher(std::cout), magpie::options().workers(1));
}
