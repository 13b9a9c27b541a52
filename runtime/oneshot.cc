#include "magpie/runtime/oneshot.h"

namespace magpie::internal {

void throw_nothing_was_sent(bool was_received) {
  if (was_received)
    throw usage_error("magpie: the value of this oneshot has been received already");
  throw channel_closed("magpie: the sender of a oneshot has gone without sending");
}

void refuse_second_send() {
  throw usage_error("magpie: a oneshot sends one value; make a channel for several");
}

}  // namespace magpie::internal
