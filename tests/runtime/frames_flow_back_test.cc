// Frames that are made on one worker and end on another: the second must not keep them all.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

#include "magpie/runtime/channel.h"
#include "magpie/runtime/options.h"
#include "magpie/runtime/pinned.h"
#include "magpie/runtime/run.h"
#include "magpie/runtime/spawn.h"
#include "magpie/runtime/task.h"
#include "magpie/tests/runtime/allocations.h"

namespace magpie::testing {
namespace frames_flow_back_test {

constexpr int frames = 100'000;
// What one worker may keep of a size is 256 KiB; no frame of a task is as small as 32 bytes.
constexpr std::ptrdiff_t most_kept = std::ptrdiff_t{256} * 1024 / 32;

task<int> one() {
  co_return 1;
}

task<> make_frames(channel_sender<task<int>> to) {
  for (int i = 0; i < frames; ++i)
    co_await to.send(one());
}

// The most blocks that there were at once.
task<std::ptrdiff_t> run_frames(channel_receiver<task<int>> from) {
  std::ptrdiff_t most = 0;
  for (;;) {
    std::optional<task<int>> next = co_await from.receive();
    if (!next) break;
    co_await std::move(*next);
    most = std::max(most, allocations::live());
  }
  co_return most;
}

TEST(frames_flow_back_test, from_the_worker_on_which_they_end) {
  MAGPIE_NEEDS_COUNTED_ALLOCATIONS();
  runtime host(options().workers(2));
  const std::ptrdiff_t before = allocations::live();
  auto [sender, receiver] = make_channel<task<int>>(100);
  join_handle<> making = spawn_pinned(host, 0, make_frames(std::move(sender)));
  join_handle<std::ptrdiff_t> running = spawn_pinned(host, 1, run_frames(std::move(receiver)));
  making.get();
  EXPECT_LT(running.get() - before, most_kept + 1000);
}

}  // namespace frames_flow_back_test
}  // namespace magpie::testing
