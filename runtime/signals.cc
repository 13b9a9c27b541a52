#include "magpie/runtime/signals.h"

#include <new>

namespace magpie {

signals::signals(std::initializer_list<int> which) : arrived_(most_kept) {
  listen(which);
}

signals::~signals() {
  stop_listening();
}

void signals::on_signal(int signal) noexcept {
  try {
    arrived_.try_put(signal);
  } catch (const std::bad_alloc&) {
    // One more that is not kept.
  }
}

}  // namespace magpie
