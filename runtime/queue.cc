#include "magpie/runtime/queue.h"

#include "magpie/runtime/error.h"

namespace magpie::internal {

void throw_queue_shut_down() {
  throw queue_shut_down("magpie: the queue has been shut down");
}

void refuse_task_done() {
  throw usage_error("magpie: task_done() has been called more often than items were put");
}

}  // namespace magpie::internal
