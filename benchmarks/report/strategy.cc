#include "magpie/benchmarks/report/strategy.h"

#include <stdexcept>
#include <string>

namespace magpie::bench {
namespace {

constexpr strategy k_strategies[] = {
    {strategies::sequential, "sequential", family::plain,
     "One thread does one operation after the other with blocking calls."},
    {strategies::thread_per_operation, "thread per operation", family::plain,
     "Every operation gets a std::thread of its own and blocks in it."},
    {strategies::thread_pool, "thread pool", family::plain,
     "A fixed number of threads takes operations from one queue and blocks in them."},
    {strategies::magpie_1, "magpie, 1 worker", family::magpie,
     "Every operation is a task; one worker runs them all."},
    {strategies::magpie_n, "magpie, N workers", family::magpie,
     "Every operation is a task; one worker per available core, with work stealing."},
    {strategies::magpie_cpu, "magpie, CPU executor", family::magpie,
     "N workers; the computing is handed to the oneTBB executor with cpu(fn)."},
    {strategies::magpie_blocking, "magpie, blocking pool", family::magpie,
     "N workers; the blocking call is handed to the elastic pool with blocking(fn)."},
    {strategies::magpie_inline, "magpie, on the worker", family::magpie,
     "N workers; the blocking call is made on the worker itself."},
    {strategies::magpie_1_dedicated, "magpie, 1 worker, dedicated I/O", family::magpie,
     "As magpie with 1 worker, but only the I/O thread polls (io_mode::dedicated)."},
    {strategies::magpie_n_dedicated, "magpie, N workers, dedicated I/O", family::magpie,
     "As magpie with N workers, but only the I/O thread polls (io_mode::dedicated)."},
    {strategies::onetbb, "oneTBB task_group", family::plain, "oneTBB alone, without coroutines."},
    {strategies::asyncio, "Python asyncio", family::python,
     "The same program in Python with asyncio's own loop and nothing else."},
    {strategies::asyncio_threads, "Python asyncio, to_thread", family::python,
     "Python asyncio with the blocking calls handed to asyncio.to_thread."},
};

}  // namespace

std::span<const strategy> all_strategies() {
  return k_strategies;
}

const strategy& find_strategy(std::string_view name) {
  for (const strategy& each : k_strategies) {
    if (each.name == name) return each;
  }
  throw std::invalid_argument("no strategy is called \"" + std::string(name) + "\"");
}

}  // namespace magpie::bench
