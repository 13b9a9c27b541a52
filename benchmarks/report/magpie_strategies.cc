#include "magpie/benchmarks/report/magpie_strategies.h"

#include <memory>
#include <utility>

#include "magpie/benchmarks/report/meter.h"
#include "magpie/benchmarks/report/strategy.h"

namespace magpie::bench {
namespace {

task<> beat(std::shared_ptr<heartbeat_log> log) {
  while (true) {
    co_await sleep_until(log->due());
    log->beat(steady::now());
  }
}

}  // namespace

options options_of(std::string_view strategy, const parameters& p) {
  const bool one = strategy == strategies::magpie_1 || strategy == strategies::magpie_1_dedicated;
  const bool dedicated =
      strategy == strategies::magpie_1_dedicated || strategy == strategies::magpie_n_dedicated;
  options result;
  result.workers(one ? 1 : p.count("workers"));
  result.io(dedicated ? io_mode::dedicated : io_mode::assisted);
  if (p.has("cpu_threads")) result.cpu_threads(p.count("cpu_threads"));
  if (p.has("blocking_threads")) result.blocking_threads(p.count("blocking_threads"));
  return result;
}

task<std::vector<double>> with_heartbeat(task<> work) {
  auto log = std::make_shared<heartbeat_log>();
  log->start(steady::now());
  auto beating = spawn(beat(log), "heartbeat");
  co_await std::move(work);
  // Cancelled and not told to stop, so that the work is not charged for the time to the next beat.
  beating.cancel();
  try {
    co_await std::move(beating);
  } catch (const cancelled&) {
    // As asked.
  }
  log->beat(steady::now());
  co_return log->lags_us();
}

}  // namespace magpie::bench
