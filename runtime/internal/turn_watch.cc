#include "magpie/runtime/internal/turn_watch.h"

#include <algorithm>
#include <chrono>
#include <new>
#include <string>

#include "magpie/runtime/internal/scheduler.h"
#include "magpie/runtime/internal/task_record.h"

namespace magpie::internal {

using namespace std::chrono_literals;

bool long_turns::is_new(std::size_t worker, std::uint64_t turn, clock::time_point now) noexcept {
  sight& last = seen_[worker];
  if (turn % 2 == 0) return false;
  if (turn != last.turn) {
    last = {turn, now, false};
    return false;
  }
  if (last.told || now - last.since < limit_) return false;
  last.told = true;
  return true;
}

turn_watch::turn_watch(scheduler& watched, clock::duration limit)
    : watched_(watched),
      limit_(limit),
      logs_(std::make_unique<turn_log[]>(watched.settings().workers())),
      judge_(watched.settings().workers(), limit) {}

void turn_watch::start() {
  thread_ = std::thread([this] { run(); });
}

turn_watch::~turn_watch() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    over_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void turn_watch::run() noexcept {
  // So that a turn is reported when it has lasted between one limit and a quarter more.
  const clock::duration between_looks = std::clamp<clock::duration>(limit_ / 4, 1ms, 1s);
  std::unique_lock lock(mutex_);
  while (!changed_.wait_for(lock, between_looks, [this] { return over_; })) {
    lock.unlock();
    look();
    lock.lock();
  }
}

void turn_watch::look() noexcept {
  const auto now = std::chrono::steady_clock::now();
  for (std::size_t worker = 0; worker < watched_.workers().size(); ++worker) {
    const std::uint64_t turn = logs_[worker].number();
    if (!judge_.is_new(worker, turn, now)) continue;
    try {
      tell_of(worker, turn);
    } catch (const std::bad_alloc&) {
      // There is no memory to say so.
    }
  }
}

void turn_watch::tell_of(std::size_t worker, std::uint64_t turn) {
  const turn_log& log = logs_[worker];
  const task_reference task = watched_.registry().find(log.task());
  // Otherwise the turn has ended meanwhile.
  if (task == nullptr || log.number() != turn) return;
  const auto length = std::chrono::duration_cast<std::chrono::milliseconds>(limit_);
  tell(*watched_.hook(),
       task->describe(report::kind::long_turn,
                      "has kept worker " + std::to_string(worker) + " for " +
                          std::to_string(length.count()) +
                          " ms or longer, while others wait for it: co_await blocking() for what "
                          "waits, cpu() for what computes, or yield() in between"));
}

}  // namespace magpie::internal
