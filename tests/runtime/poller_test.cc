// Pollers of one's own: what they may do on the worker that waits in them.
#include "magpie/runtime/poller.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>

#include "magpie/runtime/error.h"
#include "magpie/runtime/event.h"
#include "magpie/runtime/run.h"
#include "magpie/runtime/sleep.h"
#include "magpie/runtime/spawn.h"
#include "magpie/runtime/task_local.h"
#include "magpie/tests/runtime/leftovers.h"

namespace magpie::testing {
namespace poller_test {

class poller_test : public over_workers {};
MAGPIE_OVER_WORKERS(poller_test);

task_local<std::string> name("nobody");

task<> tell(event& called, std::string& seen) {
  const counted frame;
  seen = name.get();
  called.set();
  co_return;
}

// Spawns a task the first time that a worker has nothing else to do.
class spawning_poller final : public poller {
 public:
  spawning_poller(event& called, std::string& seen) : called_(called), seen_(seen) {}

  bool try_acquire() noexcept override { return !taken_.exchange(true); }
  void release() noexcept override { taken_ = false; }
  void poll(clock::duration limit, ready_list& /*ready*/) noexcept override {
    if (limit == clock::duration::zero() || spawned_) return;
    spawned_ = true;
    EXPECT_EQ(name.get(), "nobody");
    EXPECT_THROW(name.set("the poller"), usage_error);
    spawn(tell(called_, seen_), "told").detach();
  }
  void interrupt() noexcept override {}
  bool awaits_events() const noexcept override { return false; }

 private:
  event& called_;
  std::string& seen_;
  std::atomic<bool> taken_{false};
  bool spawned_ = false;  // Whoever has acquired it.
};

// No task runs then, so what is spawned inherits nothing, whoever has run last.
TEST_P(poller_test, may_spawn_where_no_task_runs) {
  event called;
  std::string seen;
  auto ends = []() -> task<> {
    name.set("somebody");
    co_return;
  };
  auto body = [&]() -> task<> {
    current_poller([&](const options&) { return std::make_unique<spawning_poller>(called, seen); });
    spawn(ends(), "ends").detach();
    co_await called.wait();
  };
  run(body(), options().workers(GetParam()));
  EXPECT_EQ(seen, "nobody");
}

}  // namespace poller_test
}  // namespace magpie::testing
