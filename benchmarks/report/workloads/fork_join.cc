// A recursive search that forks wherever it branches.

#include <atomic>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "magpie/benchmarks/report/blocking_strategies.h"
#include "magpie/benchmarks/report/fork_join_onetbb.h"
#include "magpie/benchmarks/report/kernels.h"
#include "magpie/benchmarks/report/magpie_strategies.h"
#include "magpie/benchmarks/report/strategy.h"
#include "magpie/benchmarks/report/workloads/workloads.h"
#include "magpie/magpie.h"

namespace magpie::bench {
namespace {

// A task for each way to place the next queen, down to the last row that forks.
task<std::uint64_t> count_in_tasks(board b, std::size_t row, std::size_t n, std::size_t forks) {
  if (row == n || row >= forks) co_return count_queens(b, row, n);
  std::vector<task<std::uint64_t>> branches;
  for (std::size_t column = 0; column < n; ++column) {
    if (may_place(b, column)) {
      branches.push_back(count_in_tasks(place(b, column), row + 1, n, forks));
    }
  }
  const std::vector<std::uint64_t> ways = co_await gather(std::move(branches));
  std::uint64_t total = 0;
  for (const std::uint64_t each : ways)
    total += each;
  co_return total;
}

// The boards with the first two rows placed: where the forms that cannot fork at every branch
// are cut into pieces.
std::vector<board> openings(std::size_t n) {
  std::vector<board> found;
  for (std::size_t first = 0; first < n; ++first) {
    const board one = place({}, first);
    for (std::size_t second = 0; second < n; ++second) {
      if (may_place(one, second)) found.push_back(place(one, second));
    }
  }
  return found;
}

task<std::uint64_t> count_on_executor(board b, std::size_t n) {
  const auto work = [b, n] { return count_queens(b, 2, n); };
  const std::uint64_t ways = co_await cpu(work);
  co_return ways;
}

task<std::uint64_t> count_all_on_executor(std::size_t n) {
  std::vector<task<std::uint64_t>> pieces;
  for (const board& each : openings(n))
    pieces.push_back(count_on_executor(each, n));
  const std::vector<std::uint64_t> ways = co_await gather(std::move(pieces));
  std::uint64_t total = 0;
  for (const std::uint64_t each : ways)
    total += each;
  co_return total;
}

void run_blocking(std::string_view strategy, const parameters& p, meter& m) {
  const std::size_t n = p.count("queens");
  std::atomic<std::uint64_t> total = 0;
  m.start();
  if (strategy == strategies::sequential) {
    total = count_queens({}, 0, n);
  } else {
    const std::vector<board> pieces = openings(n);
    const auto work = [&](std::size_t i) { total += count_queens(pieces[i], 2, n); };
    if (strategy == strategies::thread_per_operation) {
      run_thread_per_operation(pieces.size(), work, pieces.size());
    } else {
      run_on_thread_pool(pieces.size(), work, p.count("workers"));
    }
  }
  m.stop();
  m.check(total);
}

void run_magpie(std::string_view strategy, const parameters& p, meter& m) {
  const std::size_t n = p.count("queens");
  std::uint64_t total = 0;
  m.start();
  if (strategy == strategies::magpie_cpu) {
    total = run(count_all_on_executor(n), options_of(strategy, p));
  } else {
    total = run(count_in_tasks({}, 0, n, p.count("forking_rows")), options_of(strategy, p));
  }
  m.stop();
  m.check(total);
}

void run_onetbb(std::string_view, const parameters& p, meter& m) {
  m.start();
  const std::uint64_t total =
      count_with_onetbb(p.count("queens"), p.count("forking_rows"), p.count("workers"));
  m.stop();
  m.check(total);
}

parameters sizes(scale size) {
  parameters p;
  p.set("forking_rows", std::size_t{5});
  switch (size) {
    case scale::tiny:
      return p.set("queens", std::size_t{6});
    case scale::quick:
      return p.set("queens", std::size_t{13});
    case scale::full:
      return p.set("queens", std::size_t{14});
  }
  return p;
}

std::vector<sweep> sweeps(scale size, std::size_t workers) {
  using namespace strategies;
  if (size == scale::tiny) return {};
  return {
      {"over workers",
       "workers",
       "threads or workers",
       "wall_s",
       "wall time",
       worker_counts(workers),
       {thread_pool, magpie_n, onetbb},
       nullptr},
      {"over the rows that fork",
       "forking_rows",
       "rows that fork",
       "wall_s",
       "wall time",
       {1, 3, 5, 7, 9, 13},
       {magpie_1, magpie_n, onetbb},
       nullptr},
  };
}

}  // namespace

workload fork_join() {
  using namespace strategies;
  workload w;
  w.name = "fork_join";
  w.title = "Recursive fork-join";
  w.question =
      "A search branches again and again. Fork where it branches and let the scheduler "
      "balance it, or cut it into pieces by hand?";
  w.what =
      "All ways to place n queens on an n by n board. With magpie and with oneTBB's own "
      "task_group every branch of the first five rows is a task, and what is below is plain "
      "recursion; the plot over the rows shows what forking further down costs. Threads "
      "cannot fork like that (a blocked parent holds its thread), so for them and for cpu(fn) "
      "the first two rows are unrolled by hand into pieces.";
  w.variants = {
      {sequential, role::opponent, "Plain recursion.", run_blocking},
      {thread_per_operation, role::opponent, "A thread for each opening of two rows.",
       run_blocking},
      {thread_pool, role::opponent, "One thread per core takes the openings from a queue.",
       run_blocking},
      {magpie_1, role::judged, "A task at every branch of the first five rows.", run_magpie},
      {magpie_n, role::judged, "The same, stolen where cores are idle.", run_magpie},
      {magpie_cpu, role::judged, "A task for each opening, computed through cpu(fn).", run_magpie},
      {onetbb, role::shown, "A task of a task_group at every branch of the first five rows.",
       run_onetbb},
  };
  w.absent = {{std::string(asyncio),
               "The time would be that of Python's arithmetic and not of asyncio, which runs "
               "computing on one thread in any case."}};
  w.sizes = sizes;
  w.weight = 1.2;
  w.sweeps = sweeps;
  return w;
}

}  // namespace magpie::bench
