#include "magpie/runtime/internal/parallelism.h"

#include <gtest/gtest.h>
#include <sched.h>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <string>

#include "magpie/runtime/options.h"

namespace magpie::testing {
namespace parallelism_test {

using internal::quota_processors;

// A tree with a /proc and a /sys of its own.
class parallelism_test : public ::testing::Test {
 protected:
  void SetUp() override {
    root_ = ::testing::TempDir() + "parallelism_" +
            ::testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(root_);
    std::filesystem::create_directories(root_);
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  void write(const std::string& path, const std::string& text) {
    const std::filesystem::path whole = root_ + path;
    std::filesystem::create_directories(whole.parent_path());
    std::ofstream(whole) << text;
  }

  std::size_t quota() { return quota_processors(root_); }

 private:
  std::string root_;
};

TEST_F(parallelism_test, no_cgroups) {
  EXPECT_EQ(quota(), 0U);
}

TEST_F(parallelism_test, v2_without_a_limit) {
  write("/proc/self/cgroup", "0::/\n");
  EXPECT_EQ(quota(), 0U);
  write("/sys/fs/cgroup/cpu.max", "max 100000\n");
  EXPECT_EQ(quota(), 0U);
}

TEST_F(parallelism_test, v2_rounds_up) {
  write("/proc/self/cgroup", "0::/app\n");
  for (const auto& [line, processors] : {std::pair{"100000 100000\n", 1U},
                                         {"100001 100000\n", 2U},
                                         {"250000 100000\n", 3U},
                                         {"1000 100000\n", 1U},
                                         {"400000 100000\n", 4U}}) {
    write("/sys/fs/cgroup/app/cpu.max", line);
    EXPECT_EQ(quota(), processors) << line;
  }
}

// The limits of the groups around count as well.
TEST_F(parallelism_test, v2_takes_the_smallest_on_the_way_up) {
  write("/proc/self/cgroup", "0::/a/b/c\n");
  write("/sys/fs/cgroup/a/b/c/cpu.max", "max 100000\n");
  write("/sys/fs/cgroup/a/b/cpu.max", "300000 100000\n");
  EXPECT_EQ(quota(), 3U);
  write("/sys/fs/cgroup/a/cpu.max", "200000 100000\n");
  EXPECT_EQ(quota(), 2U);
  write("/sys/fs/cgroup/cpu.max", "800000 100000\n");
  EXPECT_EQ(quota(), 2U);
  write("/sys/fs/cgroup/a/b/c/cpu.max", "50000 100000\n");
  EXPECT_EQ(quota(), 1U);
}

// Inside a container: the group is the root of its own namespace.
TEST_F(parallelism_test, v2_at_the_root) {
  write("/proc/self/cgroup", "0::/\n");
  write("/sys/fs/cgroup/cpu.max", "150000 100000\n");
  EXPECT_EQ(quota(), 2U);
}

TEST_F(parallelism_test, v1) {
  write("/proc/self/cgroup",
        "11:memory:/docker/x\n4:cpu,cpuacct:/docker/x\n1:name=systemd:/docker/x\n");
  write("/sys/fs/cgroup/cpu/docker/x/cpu.cfs_quota_us", "-1\n");
  write("/sys/fs/cgroup/cpu/docker/x/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(quota(), 0U);
  write("/sys/fs/cgroup/cpu/docker/x/cpu.cfs_quota_us", "350000\n");
  EXPECT_EQ(quota(), 4U);
  write("/sys/fs/cgroup/cpu/docker/cpu.cfs_quota_us", "200000\n");
  write("/sys/fs/cgroup/cpu/docker/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(quota(), 2U);
}

TEST_F(parallelism_test, v1_only_the_cpu_controller_counts) {
  write("/proc/self/cgroup", "5:cpuset:/x\n6:cpuacct:/x\n");
  write("/sys/fs/cgroup/cpu/x/cpu.cfs_quota_us", "100000\n");
  write("/sys/fs/cgroup/cpu/x/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(quota(), 0U);
}

TEST_F(parallelism_test, both_versions_at_once) {
  write("/proc/self/cgroup", "4:cpu:/x\n0::/x\n");
  write("/sys/fs/cgroup/cpu/x/cpu.cfs_quota_us", "300000\n");
  write("/sys/fs/cgroup/cpu/x/cpu.cfs_period_us", "100000\n");
  write("/sys/fs/cgroup/x/cpu.max", "500000 100000\n");
  EXPECT_EQ(quota(), 3U);
}

TEST_F(parallelism_test, nonsense_is_no_limit) {
  write("/proc/self/cgroup", "0::/x\nwithout colons\n:\n");
  for (const char* line : {"", "\n", "lots\n", "100000\n", "100000 zero\n", "100000 0\n",
                           "-5 100000\n", "0 100000\n", "99999999999999999999999 100000\n"}) {
    write("/sys/fs/cgroup/x/cpu.max", line);
    EXPECT_EQ(quota(), 0U) << line;
  }
  write("/sys/fs/cgroup/x/cpu.max", "9223372036854775807 2\n");
  EXPECT_EQ(quota(), std::size_t{4611686018427387904});
}

TEST_F(parallelism_test, affinity_and_quota_together) {
  EXPECT_EQ(internal::parallelism(8, 0), 8U);
  EXPECT_EQ(internal::parallelism(8, 3), 3U);
  EXPECT_EQ(internal::parallelism(2, 3), 2U);
  EXPECT_EQ(internal::parallelism(0, 0), 1U);
  EXPECT_EQ(internal::parallelism(5000, 0), 1024U);
}

TEST_F(parallelism_test, follows_the_affinity_mask) {
  cpu_set_t before;
  ASSERT_EQ(::sched_getaffinity(0, sizeof before, &before), 0);
  EXPECT_EQ(internal::affinity_processors(), static_cast<std::size_t>(CPU_COUNT(&before)));
  EXPECT_LE(available_parallelism(), internal::affinity_processors());

  cpu_set_t one;
  CPU_ZERO(&one);
  for (std::size_t i = 0; i < CPU_SETSIZE; ++i) {
    if (CPU_ISSET(i, &before) && CPU_COUNT(&one) == 0) CPU_SET(i, &one);
  }
  ASSERT_EQ(::sched_setaffinity(0, sizeof one, &one), 0);
  EXPECT_EQ(internal::affinity_processors(), 1U);
  EXPECT_EQ(available_parallelism(), 1U);
  EXPECT_EQ(options().workers(), 1U);
  EXPECT_EQ(options().cpu_threads(), 1U);
  ASSERT_EQ(::sched_setaffinity(0, sizeof before, &before), 0);
}

}  // namespace parallelism_test
}  // namespace magpie::testing
