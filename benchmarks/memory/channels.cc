// Channels of int, each with both of its ends.
//
//   channel         nothing has been sent.
//   channel_in_use  for sixteen items; one has been sent.
#include <cstddef>
#include <vector>

#include "magpie/benchmarks/memory/footprint.h"
#include "magpie/runtime/channel.h"

namespace magpie::benchmarks {
namespace {

constexpr std::size_t channels = 100'000;

task<> weigh_channels(benchmark::State& state, bool in_use) {
  std::vector<channel_ends<int>> all;
  scales weigh(state, channels);
  weigh.begin();
  all.reserve(channels);
  for (std::size_t i = 0; i < channels; ++i) {
    all.push_back(make_channel<int>(16));
    if (in_use) all.back().sender.try_send(1);
  }
  weigh.end();
  co_return;
}

const bool registered = [] {
  add_weighed("channel", 1, [](benchmark::State& state, runtime& host) {
    host.run(weigh_channels(state, false));
  });
  add_weighed("channel_in_use", 1, [](benchmark::State& state, runtime& host) {
    host.run(weigh_channels(state, true));
  });
  return true;
}();

}  // namespace
}  // namespace magpie::benchmarks
