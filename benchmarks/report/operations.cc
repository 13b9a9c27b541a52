#include "magpie/benchmarks/report/operations.h"

namespace magpie::bench {

call_site site_of(std::string_view strategy, call_site usual) {
  if (strategy == strategies::magpie_cpu) return call_site::cpu_executor;
  if (strategy == strategies::magpie_blocking) return call_site::blocking_pool;
  if (strategy == strategies::magpie_inline) return call_site::worker;
  return usual;
}

}  // namespace magpie::bench
