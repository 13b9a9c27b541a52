// A recursive search that forks wherever it branches.

#include <atomic>
#include <cstdint>
#include <numeric>
#include <utility>
#include <vector>

#include "magpie/benchmarks/report/fork_join_onetbb.h"
#include "magpie/benchmarks/report/kernels.h"
#include "magpie/benchmarks/report/operations.h"
#include "magpie/benchmarks/report/strategy.h"
#include "magpie/benchmarks/report/workloads/workloads.h"

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
  co_return std::accumulate(ways.begin(), ways.end(), std::uint64_t{0});
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

class pieces : public operations {
 public:
  explicit pieces(const parameters& p) : n_(p.count("queens")) {}

  void start() { openings_ = openings(n_); }
  std::size_t count() const { return openings_.size(); }
  void call(std::size_t i) { total_ += count_queens(openings_[i], 2, n_); }
  void finish(meter& m) { m.check(total_); }

 private:
  const std::size_t n_;
  std::vector<board> openings_;
  std::atomic<std::uint64_t> total_ = 0;
};

void run_recursion(std::string_view, const parameters& p, meter& m) {
  m.start();
  const std::uint64_t total = count_queens({}, 0, p.count("queens"));
  m.stop();
  m.check(total);
}

void run_forks(std::string_view strategy, const parameters& p, meter& m) {
  m.start();
  const std::uint64_t total = run(count_in_tasks({}, 0, p.count("queens"), p.count("forking_rows")),
                                  options_of(strategy, p));
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
  return parameters().set("queens", at_scale(size, 6, 13, 14)).set("forking_rows", 5);
}

std::vector<sweep> sweeps(scale size, std::size_t workers) {
  using namespace strategies;
  if (size == scale::tiny) return {};
  return {
      over_workers(workers, {thread_pool, magpie_n, onetbb}),
      {.name = "over the rows that fork",
       .key = "forking_rows",
       .x_title = "rows that fork",
       .measure = "wall_s",
       .y_title = "wall time",
       .points = {1, 3, 5, 7, 9, 13},
       .strategies = {magpie_1, magpie_n, onetbb}},
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
      {sequential, role::opponent, "Plain recursion.", run_recursion},
      {thread_per_operation, role::opponent, "A thread for each opening of two rows.",
       run_operations<pieces>},
      {thread_pool, role::opponent, "One thread per core takes the openings from a queue.",
       run_operations<pieces>},
      {magpie_1, role::judged, "A task at every branch of the first five rows.", run_forks},
      {magpie_n, role::judged, "The same, stolen where cores are idle.", run_forks},
      {magpie_cpu, role::judged, "A task for each opening, computed through cpu(fn).",
       run_operations<pieces>},
      {onetbb, role::opponent, "A task of a task_group at every branch of the first five rows.",
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
