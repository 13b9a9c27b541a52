#include "magpie/runtime/internal/parallelism.h"

#include <sched.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <thread>
#include <vector>

namespace magpie::internal {
namespace {

// quota / period in processors, rounded up; 0 for no quota ("max", or -1 in v1) or nonsense.
std::size_t processors_of(const std::string& quota, const std::string& period) {
  try {
    const long long time = std::stoll(quota);
    const long long of = std::stoll(period);
    if (time <= 0 || of <= 0) return 0;
    return static_cast<std::size_t>(time / of + (time % of != 0 ? 1 : 0));
  } catch (const std::exception&) {
    return 0;
  }
}

std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

std::size_t quota_of_v2_group(const std::string& directory) {
  std::istringstream line(first_line(directory + "/cpu.max"));
  std::string quota;
  std::string period;
  line >> quota >> period;
  return processors_of(quota, period);
}

std::size_t quota_of_v1_group(const std::string& directory) {
  return processors_of(first_line(directory + "/cpu.cfs_quota_us"),
                       first_line(directory + "/cpu.cfs_period_us"));
}

// The smallest quota on the way from `group` up to the mount point.
template <class Quota>
std::size_t smallest_quota(const std::string& mount, std::string group, Quota quota_of) {
  std::size_t smallest = 0;
  for (;;) {
    const std::size_t quota = quota_of(mount + group);
    if (quota != 0) smallest = smallest == 0 ? quota : std::min(smallest, quota);
    if (group.empty()) return smallest;
    group.resize(group.find_last_of('/') == std::string::npos ? 0 : group.find_last_of('/'));
  }
}

bool lists_cpu(const std::string& controllers) {
  std::istringstream list(controllers);
  for (std::string one; std::getline(list, one, ',');) {
    if (one == "cpu") return true;
  }
  return false;
}

}  // namespace

std::size_t affinity_processors() {
  // The kernel refuses a mask that is too small for it, so the mask grows until it fits.
  for (std::size_t processors = 1024; processors <= std::size_t{1} << 20U; processors *= 4) {
    const std::size_t bytes = CPU_ALLOC_SIZE(processors);
    std::vector<unsigned long> mask(bytes / sizeof(unsigned long));
    auto* set = reinterpret_cast<cpu_set_t*>(mask.data());
    if (::sched_getaffinity(0, bytes, set) == 0) {
      return static_cast<std::size_t>(CPU_COUNT_S(bytes, set));
    }
  }
  return std::thread::hardware_concurrency();
}

std::size_t quota_processors(const std::string& root) {
  const std::string base = root == "/" ? "" : root;
  std::ifstream groups(base + "/proc/self/cgroup");
  std::size_t smallest = 0;
  // Each line: hierarchy number, controllers, path of the group.
  for (std::string line; std::getline(groups, line);) {
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    std::string group = line.substr(second + 1);
    if (group == "/") group.clear();
    std::size_t quota = 0;
    if (controllers.empty()) {
      quota = smallest_quota(base + "/sys/fs/cgroup", group, quota_of_v2_group);
    } else if (lists_cpu(controllers)) {
      quota = smallest_quota(base + "/sys/fs/cgroup/cpu", group, quota_of_v1_group);
    }
    if (quota != 0) smallest = smallest == 0 ? quota : std::min(smallest, quota);
  }
  return smallest;
}

std::size_t parallelism(std::size_t affinity, std::size_t quota) {
  const std::size_t processors = quota == 0 ? affinity : std::min(affinity, quota);
  return std::clamp<std::size_t>(processors, 1, 1024);
}

}  // namespace magpie::internal
