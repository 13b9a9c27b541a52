#include "magpie/runtime/channel.h"

namespace magpie::internal {

send_status status_of(put_outcome how) noexcept {
  switch (how) {
    case put_outcome::accepted:
      return send_status::sent;
    case put_outcome::full:
      return send_status::full;
    case put_outcome::closed:
      break;
  }
  return send_status::closed;
}

void throw_channel_closed() {
  throw channel_closed("magpie: the channel is closed");
}

void refuse_empty_handle() {
  throw usage_error("magpie: this end of a channel is empty: it was moved from");
}

}  // namespace magpie::internal
