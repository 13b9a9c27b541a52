#include "magpie/runtime/internal/keep_policy.h"

#include <algorithm>
#include <utility>

namespace magpie::internal {

void keep_policy::begin_sleep(clock::time_point now) noexcept {
  asleep_since_ = now;
  keep_policy* const victim = std::exchange(victim_, nullptr);
  if (victim == nullptr || victim->turn() != victims_turn_) return;
  const bool were_short = now - woken_at_ < (turn() - woken_in_turn_) * short_turn;
  victim->kept_.set(were_short ? std::min(2 * victim->kept() + 1, most_kept) : 0);
}

}  // namespace magpie::internal
