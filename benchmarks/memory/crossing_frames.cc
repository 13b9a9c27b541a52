// Frames that are made on one worker and end on another, which then has them. What it has too many
// of goes back to malloc, so peak_MB stays small however many there are: here two million, some
// 250 MB if they were all kept.
#include <cstddef>
#include <optional>
#include <utility>

#include "magpie/benchmarks/memory/footprint.h"
#include "magpie/runtime/channel.h"
#include "magpie/runtime/pinned.h"
#include "magpie/runtime/spawn.h"

namespace magpie::benchmarks {
namespace {

constexpr std::size_t frames = 2'000'000;

task<int> one() {
  co_return 1;
}

task<> make_frames(channel_sender<task<int>> to) {
  for (std::size_t i = 0; i < frames; ++i)
    co_await to.send(one());
}

task<> run_frames(channel_receiver<task<int>> from) {
  for (;;) {
    std::optional<task<int>> next = co_await from.receive();
    if (!next) break;
    co_await std::move(*next);
  }
}

const bool registered = [] {
  add_weighed("crossing_frames", 2, [](benchmark::State& state, runtime& host) {
    auto [sender, receiver] = make_channel<task<int>>(100);
    join_handle<> making = spawn_pinned(host, 0, make_frames(std::move(sender)));
    join_handle<> running = spawn_pinned(host, 1, run_frames(std::move(receiver)));
    making.get();
    running.get();
    state.counters["peak_MB"] = static_cast<double>(peak_resident_bytes()) / 1e6;
  });
  return true;
}();

}  // namespace
}  // namespace magpie::benchmarks
