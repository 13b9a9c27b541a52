// A pipeline: one produces, two refine, one stores. Its channels hold two items each, so whoever is
// too fast waits (back-pressure), and it ends by itself when the producer does: each stage closes
// the next by letting its end go.
#include <chrono>
#include <iostream>
#include <optional>
#include <string>
#include <utility>

#include "magpie/examples/stopwatch.h"
#include "magpie/magpie.h"

using namespace std::chrono_literals;

magpie::task<> produce(std::ostream& out, stopwatch watch, int count,
                       magpie::channel_sender<int> to) {
  for (int i = 1; i <= count; ++i) {
    co_await magpie::sleep_for(100ms);
    co_await to.send(i);  // Waits while the channel is full.
    out << watch.elapsed() + "produced " + std::to_string(i) + "\n";
  }
}

magpie::task<> refine(magpie::channel_receiver<int> from, magpie::channel_sender<std::string> to) {
  for (;;) {
    const std::optional<int> raw = co_await from.receive();
    if (!raw) break;
    co_await magpie::sleep_for(1s);
    std::string refined = "item " + std::to_string(*raw);
    co_await to.send(std::move(refined));
  }
}

magpie::task<int> store(std::ostream& out, stopwatch watch,
                        magpie::channel_receiver<std::string> from) {
  int stored = 0;
  for (;;) {
    const std::optional<std::string> item = co_await from.receive();
    if (!item) break;
    out << watch.elapsed() + "stored " + *item + "\n";
    ++stored;
  }
  co_return stored;
}

magpie::task<> pipeline(std::ostream& out) {
  const stopwatch watch;
  const int stored =
      co_await magpie::with_task_group([&](magpie::task_group& group) -> magpie::task<int> {
        auto [raw_in, raw_out] = magpie::make_channel<int>(2);
        auto [refined_in, refined_out] = magpie::make_channel<std::string>(2);
        group.spawn(produce(out, watch, 8, std::move(raw_in)), "producer").detach();
        group.spawn(refine(raw_out, refined_in), "refiner 1").detach();
        group.spawn(refine(std::move(raw_out), std::move(refined_in)), "refiner 2").detach();
        co_return co_await store(out, watch, std::move(refined_out));
      });
  out << watch.elapsed() + "done, " + std::to_string(stored) + " stored\n";
}

int main() {
  magpie::run(pipeline(std::cout), magpie::options().workers(1));
}
