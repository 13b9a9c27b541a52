// Who keeps a worker for too long (options::report_long_turns).
#ifndef MAGPIE_RUNTIME_INTERNAL_TURN_WATCH_H_
#define MAGPIE_RUNTIME_INTERNAL_TURN_WATCH_H_

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "magpie/runtime/clock.h"
#include "magpie/runtime/internal/turn_log.h"

namespace magpie::internal {

class scheduler;

// Tells which turns are too long, once each, from looking at their numbers every now and then.
class long_turns {
 public:
  long_turns(std::size_t workers, clock::duration limit) : limit_(limit), seen_(workers) {}

  // Whether this turn has been seen for `limit`, and not been told before.
  bool is_new(std::size_t worker, std::uint64_t turn, clock::time_point now) noexcept;

 private:
  struct sight {
    std::uint64_t turn = 0;
    clock::time_point since;
    bool told = false;
  };
  const clock::duration limit_;
  std::vector<sight> seen_;
};

// A thread that looks, and reports.
class turn_watch {
 public:
  turn_watch(scheduler& watched, clock::duration limit);
  turn_watch(const turn_watch&) = delete;
  turn_watch& operator=(const turn_watch&) = delete;
  ~turn_watch();

  // One for each worker, as long as the watch.
  turn_log& log_of(std::size_t worker) noexcept { return logs_[worker]; }

  // When there are workers. Throws std::system_error if the system refuses the thread.
  void start();

 private:
  void run() noexcept;
  void look() noexcept;
  void tell_of(std::size_t worker, std::uint64_t turn);

  scheduler& watched_;
  const clock::duration limit_;
  const std::unique_ptr<turn_log[]> logs_;
  long_turns judge_;  // The thread's.

  std::mutex mutex_;
  std::condition_variable changed_;
  bool over_ = false;  // Under mutex_.
  std::thread thread_;
};

}  // namespace magpie::internal

#endif  // MAGPIE_RUNTIME_INTERNAL_TURN_WATCH_H_
