#include "magpie/runtime/testing/leak_check.h"

#include <charconv>
#include <cstddef>
#include <filesystem>
#include <system_error>
#include <thread>

#include "magpie/runtime/internal/frame_cache.h"
#include "magpie/runtime/internal/scheduler.h"
#include "magpie/runtime/internal/worker.h"
#include "magpie/runtime/run.h"
#include "magpie/runtime/testing/task_tree.h"

namespace magpie::testing {
namespace {

std::map<int, std::string> open_descriptors() {
  std::map<int, std::string> all;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    const std::string number = entry.path().filename().string();
    int descriptor = -1;
    std::from_chars(number.data(), number.data() + number.size(), descriptor);
    std::error_code gone;
    const std::string target = std::filesystem::read_symlink(entry.path(), gone).string();
    // The folder itself, which is open while it is read.
    if (!gone && !(target.starts_with("/proc/") && target.ends_with("/fd")))
      all.emplace(descriptor, target);
  }
  return all;
}

// Nothing while workers exist, who keep some.
std::optional<std::ptrdiff_t> number_of_frames() {
  const auto [frames, caches] = internal::frame_cache::count();
  return caches == 0 ? std::optional(frames) : std::nullopt;
}

leak_list leaks_of(internal::scheduler& of) {
  leak_list found;
  if (of.registry().size() != 0) {
    found.push_back("tasks have not ended:" + task_tree(of));
    return found;  // Their timers are theirs.
  }
  std::size_t with_timers = 0;
  for (const auto& worker : of.workers()) {
    if (worker->next_deadline() != clock::time_point::max()) ++with_timers;
  }
  if (with_timers != 0) {
    found.push_back("timers are armed, and no task is left; on so many workers: " +
                    std::to_string(with_timers));
  }
  return found;
}

}  // namespace

leak_check::leak_check()
    : descriptors_before_(open_descriptors()), frames_before_(number_of_frames()) {}

leak_list leak_check::leaks() const {
  leak_list found;
  const auto frames = number_of_frames();
  if (frames && frames_before_ && *frames > *frames_before_) {
    found.push_back("frames of coroutines have not been destroyed: " +
                    std::to_string(*frames - *frames_before_));
  }
  std::string opened;
  for (const auto& [descriptor, target] : open_descriptors()) {
    const auto before = descriptors_before_.find(descriptor);
    if (before == descriptors_before_.end() || before->second != target)
      opened += "\n  descriptor " + std::to_string(descriptor) + ": " + target;
  }
  if (!opened.empty()) found.push_back("descriptors have not been closed:" + opened);
  return found;
}

leak_list leak_check::leaks(runtime& of, clock::duration patience) {
  const auto until = internal::after(std::chrono::steady_clock::now(), patience);
  while (of.live_tasks() != 0 && std::chrono::steady_clock::now() < until)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  return leaks_of(internal::runtime_access::scheduler_of(of));
}

leak_list leak_check::leaks(simulation& of) {
  constexpr std::size_t most_turns = 1'000'000;
  for (std::size_t i = 0; i < most_turns && of.live_tasks() != 0; ++i) {
    if (!of.turn()) break;
  }
  return leaks_of(of.scheduler());
}

}  // namespace magpie::testing
