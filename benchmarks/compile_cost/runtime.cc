// With the part of magpie that most files need.
#include "magpie/runtime/gather.h"
#include "magpie/runtime/run.h"
#include "magpie/runtime/sleep.h"
#include "magpie/runtime/spawn.h"
#include "magpie/runtime/task.h"

using magpie::task;

#include "magpie/benchmarks/compile_cost/ten_coroutines.h"

MAGPIE_COROUTINE_WRAPPER task<int> start_runtime() {
  return all_of_them("Ada");
}
