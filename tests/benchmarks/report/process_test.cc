#include "magpie/benchmarks/report/process.h"
#include "magpie/benchmarks/report/disturbance.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <cerrno>
#include <stdexcept>
#include <thread>

namespace magpie::bench {
namespace {

using namespace std::chrono_literals;

process shell(const std::string& script) {
  return process({"/bin/sh", "-c", script});
}

std::string failure_of(process& p, std::chrono::milliseconds limit) {
  try {
    p.read_all(limit);
  } catch (const std::runtime_error& e) {
    return e.what();
  }
  return "";
}

TEST(process, gives_lines_all_output_and_status) {
  process p = shell("echo one; echo two; echo three; exit 3");
  EXPECT_EQ(p.read_line(10s), "one");
  EXPECT_EQ(p.read_all(10s), "two\nthree\n");
  EXPECT_EQ(p.wait(), 3);
  EXPECT_FALSE(p.running());
}

TEST(process, keeps_its_errors_apart) {
  process p = shell("echo out; echo wrong >&2");
  EXPECT_EQ(p.read_all(10s), "out\n");
  p.wait();
  EXPECT_EQ(p.errors(), "wrong\n");
}

TEST(process, a_program_that_takes_too_long_fails) {
  process p = shell("echo stuck >&2; sleep 60");
  EXPECT_NE(failure_of(p, 300ms).find("took too long"), std::string::npos);
}

TEST(process, a_program_that_does_not_exist_fails) {
  process p({"/no/such/program"});
  EXPECT_EQ(p.read_all(10s), "");
  EXPECT_EQ(p.wait(), 127);
  EXPECT_THROW(p.read_line(10s), std::runtime_error);
}

TEST(process, the_destructor_ends_it_and_its_children) {
  pid_t id = 0;
  {
    process p = shell("sleep 60 & echo started; wait");
    p.read_line(10s);
    id = p.id();
    EXPECT_TRUE(p.running());
  }
  EXPECT_EQ(kill(id, 0), -1);
  EXPECT_EQ(errno, ESRCH);
}

TEST(process, finds_programs) {
  EXPECT_EQ(find_program("sh", {"/bin/sh"}), "/bin/sh");
  EXPECT_TRUE(find_program("sh").has_value());
  EXPECT_FALSE(find_program("no-such-program-anywhere").has_value());
}

TEST(disturbance, is_what_neither_idles_nor_is_ours) {
  EXPECT_NEAR(share_of_others({100, 50, 10}, {110, 54, 13}), 0.3, 1e-9);
  EXPECT_EQ(share_of_others({100, 50, 10}, {110, 60, 13}), 0);
  EXPECT_EQ(share_of_others({}, {}), 0);
}

TEST(disturbance, our_own_children_are_no_others) {
  process busy = shell("while :; do :; done");
  const processor_times before = read_processor_times({busy.id()});
  std::this_thread::sleep_for(300ms);
  const processor_times after = read_processor_times({busy.id()});
  EXPECT_GT(after.total, before.total);
  EXPECT_GT(after.own - before.own, 0.02);
}

}  // namespace
}  // namespace magpie::bench
