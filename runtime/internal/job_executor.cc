#include "magpie/runtime/internal/job_executor.h"

#include <mutex>

namespace magpie::internal {

void job_queue::push(job& waiting) noexcept {
  const std::lock_guard lock(mutex_);
  waiting.next_job_ = nullptr;
  waiting.job_link_ = last_;
  *last_ = &waiting;
  last_ = &waiting.next_job_;
}

job* job_queue::pop() noexcept {
  const std::lock_guard lock(mutex_);
  while (job* oldest = first_) {
    unlink(*oldest);
    if (oldest->claim(suspension::outcome::completed)) return oldest;
  }
  return nullptr;
}

void job_queue::remove(job& waiting) noexcept {
  const std::lock_guard lock(mutex_);
  if (waiting.job_link_ != nullptr) unlink(waiting);
}

bool job_queue::empty() const noexcept {
  const std::lock_guard lock(mutex_);
  return first_ == nullptr;
}

void job_queue::unlink(job& waiting) noexcept {
  *waiting.job_link_ = waiting.next_job_;
  if (waiting.next_job_ != nullptr) {
    waiting.next_job_->job_link_ = waiting.job_link_;
  } else {
    last_ = waiting.job_link_;
  }
  waiting.job_link_ = nullptr;
}

}  // namespace magpie::internal
