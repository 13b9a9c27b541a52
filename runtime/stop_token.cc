#include "magpie/runtime/stop_token.h"

#include "magpie/runtime/error.h"

namespace magpie::internal {

task<> stop_when_cancelled(const context& around, stoppable& running, std::stop_source source) {
  try {
    co_await running.ended.wait();
  } catch (const cancelled&) {
    // With the caller; or because the body, its sibling, has failed.
  }
  if (around.cancelled() && !running.returned) source.request_stop();
}

}  // namespace magpie::internal
