// With all of magpie.
#include "magpie/magpie.h"

using magpie::task;

#include "magpie/benchmarks/compile_cost/ten_coroutines.h"

MAGPIE_COROUTINE_WRAPPER task<int> start_everything() {
  return all_of_them("Ada");
}
