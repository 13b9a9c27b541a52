// With tasks alone: what a header that declares coroutines needs.
#include "magpie/runtime/task.h"

using magpie::task;

#include "magpie/benchmarks/compile_cost/ten_coroutines.h"

MAGPIE_COROUTINE_WRAPPER task<int> start_task() {
  return all_of_them("Ada");
}
