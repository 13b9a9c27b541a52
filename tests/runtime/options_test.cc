#include "magpie/runtime/options.h"

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <stdexcept>
#include <string>
#include <utility>

#include "magpie/runtime/testing/simulation.h"

namespace magpie::testing {
namespace options_test {

using namespace std::chrono_literals;

TEST(options_test, setters_chain_and_getters_give_back) {
  const options all = options()
                          .workers(3)
                          .cpu_threads(4)
                          .blocking_threads(5)
                          .blocking_idle(6s)
                          .shutdown_timeout(7s)
                          .io(io_mode::dedicated)
                          .io_batch(9)
                          .share_after(8us)
                          .on_report([](const report&) {});
  EXPECT_EQ(all.workers(), 3U);
  EXPECT_EQ(all.cpu_threads(), 4U);
  EXPECT_EQ(all.blocking_threads(), 5U);
  EXPECT_EQ(all.blocking_idle(), 6s);
  EXPECT_EQ(all.shutdown_timeout(), 7s);
  EXPECT_EQ(all.io(), io_mode::dedicated);
  EXPECT_EQ(all.io_batch(), 9U);
  EXPECT_EQ(all.share_after(), 8us);
  EXPECT_TRUE(all.on_report());
}

TEST(options_test, defaults) {
  const options all;
  EXPECT_EQ(all.workers(), available_parallelism());
  EXPECT_EQ(all.cpu_threads(), available_parallelism());
  EXPECT_EQ(all.blocking_threads(), 512U);
  EXPECT_EQ(all.blocking_idle(), 10s);
  EXPECT_EQ(all.shutdown_timeout(), 5s);
  EXPECT_EQ(all.io(), io_mode::assisted);
  EXPECT_EQ(all.io_batch(), 256U);
  EXPECT_EQ(all.share_after(), 500us);
  EXPECT_FALSE(all.on_report());
}

TEST(options_test, the_limits_are_allowed) {
  EXPECT_NO_THROW(options().workers(1).workers(1024));
  EXPECT_NO_THROW(options().cpu_threads(1).cpu_threads(1024));
  EXPECT_NO_THROW(options().blocking_threads(1).blocking_threads(16384));
  EXPECT_NO_THROW(options().blocking_idle(0s).blocking_idle(clock::duration::max()));
  EXPECT_NO_THROW(options().io_batch(1).io_batch(256));
  EXPECT_NO_THROW(options().share_after(0s).share_after(clock::duration::max()));
  EXPECT_NO_THROW(options().shutdown_timeout(0s).shutdown_timeout(clock::duration::max()));
}

// The message names the option, the value and what is allowed.
void expect_refused(const std::function<void()>& set, const std::string& option,
                    const std::string& rule) {
  try {
    set();
    ADD_FAILURE() << option << " accepted";
  } catch (const std::invalid_argument& error) {
    const std::string what = error.what();
    EXPECT_NE(what.find("options::" + option), std::string::npos) << what;
    EXPECT_NE(what.find(rule), std::string::npos) << what;
  }
}

TEST(options_test, what_cannot_work_is_refused) {
  options all;
  expect_refused([&] { all.workers(0); }, "workers(0)", "1 to 1024");
  expect_refused([&] { all.workers(1025); }, "workers(1025)", "1 to 1024");
  expect_refused([&] { all.workers(static_cast<std::size_t>(-1)); }, "workers", "1 to 1024");
  expect_refused([&] { all.cpu_threads(0); }, "cpu_threads(0)", "1 to 1024");
  expect_refused([&] { all.cpu_threads(2000); }, "cpu_threads(2000)", "1 to 1024");
  expect_refused([&] { all.blocking_threads(0); }, "blocking_threads(0)", "1 to 16384");
  expect_refused([&] { all.blocking_threads(16385); }, "blocking_threads(16385)", "1 to 16384");
  expect_refused([&] { all.blocking_idle(-1ns); }, "blocking_idle", "zero or more; leave it out");
  expect_refused([&] { all.shutdown_timeout(-1h); }, "shutdown_timeout",
                 "zero or more; leave it out");
  expect_refused([&] { all.io_batch(0); }, "io_batch(0)", "1 to 256");
  expect_refused([&] { all.io_batch(257); }, "io_batch(257)", "1 to 256");
  expect_refused([&] { all.share_after(-1us); }, "share_after", "zero or more; leave it out");
  expect_refused([&] { all.io(static_cast<io_mode>(7)); }, "io", "must be io_mode::assisted");
  // Nothing has changed.
  EXPECT_EQ(all.workers(), available_parallelism());
  EXPECT_EQ(all.blocking_threads(), 512U);
  EXPECT_EQ(all.blocking_idle(), 10s);
}

TEST(options_test, a_simulation_refuses_the_same) {
  simulation_options all;
  expect_refused([&] { all.workers(0); }, "workers(0)", "1 to 1024");
}

}  // namespace options_test
}  // namespace magpie::testing
