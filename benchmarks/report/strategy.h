#ifndef MAGPIE_BENCHMARKS_REPORT_STRATEGY_H_
#define MAGPIE_BENCHMARKS_REPORT_STRATEGY_H_

#include <span>
#include <string_view>

namespace magpie::bench {

// Who a strategy belongs to: the verdict sets the best of magpie's against the best of the plain
// ones, which are C++ without coroutines. Python's are only shown, because the language and not the
// strategy would decide.
enum class family { plain, magpie, python };

// One way to write a program. What exactly it does differs with the workload; see variant::how.
struct strategy {
  std::string_view name;
  std::string_view title;
  family kin;
  std::string_view what;
};

namespace strategies {

inline constexpr std::string_view sequential = "sequential";
inline constexpr std::string_view thread_per_operation = "thread_per_operation";
inline constexpr std::string_view thread_pool = "thread_pool";
inline constexpr std::string_view magpie_1 = "magpie_1_worker";
inline constexpr std::string_view magpie_n = "magpie_n_workers";
inline constexpr std::string_view magpie_cpu = "magpie_cpu_executor";
inline constexpr std::string_view magpie_blocking = "magpie_blocking_pool";
inline constexpr std::string_view magpie_inline = "magpie_on_the_worker";
inline constexpr std::string_view magpie_1_dedicated = "magpie_1_worker_dedicated_io";
inline constexpr std::string_view magpie_n_dedicated = "magpie_n_workers_dedicated_io";
inline constexpr std::string_view onetbb = "onetbb_task_group";
inline constexpr std::string_view asyncio = "python_asyncio";
inline constexpr std::string_view asyncio_threads = "python_asyncio_to_thread";

}  // namespace strategies

std::span<const strategy> all_strategies();

// Throws std::invalid_argument for a name that does not exist.
const strategy& find_strategy(std::string_view name);

}  // namespace magpie::bench

#endif  // MAGPIE_BENCHMARKS_REPORT_STRATEGY_H_
