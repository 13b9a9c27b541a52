#include "magpie/benchmarks/report/magpie_strategies.h"

#include <utility>

#include "magpie/benchmarks/report/strategy.h"

namespace magpie::bench {

options options_of(std::string_view strategy, const parameters& p) {
  const bool one = strategy == strategies::magpie_1 || strategy == strategies::magpie_1_dedicated;
  const bool dedicated =
      strategy == strategies::magpie_1_dedicated || strategy == strategies::magpie_n_dedicated;
  options result;
  result.workers(one ? 1 : p.count("workers"));
  result.io(dedicated ? io_mode::dedicated : io_mode::assisted);
  if (p.has("cpu_threads")) result.cpu_threads(p.count("cpu_threads"));
  return result;
}

task<> beat(std::shared_ptr<pulse> p) {
  while (!p->stop) {
    co_await sleep_until(p->log.due());
    p->log.beat(steady::now());
  }
}

task<std::vector<double>> with_heartbeat(task<> work) {
  auto shared = std::make_shared<pulse>();
  shared->log.start(steady::now());
  auto beating = spawn(beat(shared), "heartbeat");
  co_await std::move(work);
  shared->stop = true;
  co_await std::move(beating);
  shared->log.beat(steady::now());
  co_return shared->log.lags_us();
}

}  // namespace magpie::bench
