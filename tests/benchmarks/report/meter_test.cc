#include "magpie/benchmarks/report/meter.h"

#include <gtest/gtest.h>

#include <chrono>

namespace magpie::bench {
namespace {

using namespace std::chrono_literals;

TEST(meter, measures_time_and_memory) {
  meter m;
  m.start();
  const auto until = steady::now() + 20ms;
  while (steady::now() < until) {
  }
  m.stop();
  EXPECT_GE(m.result().wall_s, 0.020);
  EXPECT_GT(m.result().cpu_s, 0);
  EXPECT_GT(m.result().base_rss_bytes, 100e3);
  EXPECT_GE(m.result().peak_rss_bytes, m.result().base_rss_bytes / 2);
}

TEST(meter, has_latencies_only_when_it_got_some) {
  meter m;
  m.latencies_us({});
  EXPECT_FALSE(m.result().p50_us.has_value());
  m.latencies_us({3, 1, 2});
  EXPECT_EQ(m.result().p50_us, 2);
  EXPECT_EQ(m.result().p99_us, 3);
}

TEST(heartbeat_log, a_beat_in_time_is_one_beat) {
  heartbeat_log log(1ms);
  const steady::time_point start;
  log.start(start);
  EXPECT_EQ(log.due(), start + 1ms);
  log.beat(start + 500us);
  EXPECT_TRUE(log.lags_us().empty());
  log.beat(start + 1100us);
  ASSERT_EQ(log.lags_us().size(), 1u);
  EXPECT_NEAR(log.lags_us()[0], 100, 1e-6);
}

TEST(heartbeat_log, a_stuck_loop_is_as_many_late_beats_as_it_missed) {
  heartbeat_log log(1ms);
  const steady::time_point start;
  log.start(start);
  log.beat(start + 5ms);
  ASSERT_EQ(log.lags_us().size(), 5u);
  EXPECT_NEAR(log.lags_us().front(), 4000, 1e-6);
  EXPECT_NEAR(log.lags_us().back(), 0, 1e-6);
  EXPECT_EQ(log.due(), start + 6ms);
}

}  // namespace
}  // namespace magpie::bench
