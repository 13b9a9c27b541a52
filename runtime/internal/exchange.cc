#include "magpie/runtime/internal/exchange.h"

namespace magpie::internal {

bool exchange_base::closed() const noexcept {
  const std::lock_guard lock(mutex_);
  return closed_;
}

void exchange_base::close() noexcept {
  ready_list ready;
  {
    const std::lock_guard lock(mutex_);
    close_under_lock(ready);
  }
  ready.resume_all();
}

std::uint64_t exchange_base::accepted() const noexcept {
  const std::lock_guard lock(mutex_);
  return accepted_;
}

void exchange_base::close_under_lock(ready_list& ready) noexcept {
  closed_ = true;
  for (wait_list* waiting : {&putters_, &getters_}) {
    while (wait_node* node = waiting->claim_front())
      ready.add(node->waiting());
  }
}

}  // namespace magpie::internal
