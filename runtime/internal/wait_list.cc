#include "magpie/runtime/internal/wait_list.h"

namespace magpie::internal {

bool wait_list::has_other_than(const suspension& who) const noexcept {
  for (const wait_node* node = first_; node != nullptr; node = node->next_) {
    if (node->waiting_ != &who) return true;
  }
  return false;
}

void wait_list::push_back(wait_node& node) noexcept {
  node.previous_ = last_;
  node.next_ = nullptr;
  (last_ == nullptr ? first_ : last_->next_) = &node;
  last_ = &node;
  node.listed_ = true;
  ++size_;
}

void wait_list::remove(wait_node& node) noexcept {
  if (!node.listed_) return;
  (node.previous_ == nullptr ? first_ : node.previous_->next_) = node.next_;
  (node.next_ == nullptr ? last_ : node.next_->previous_) = node.previous_;
  node.listed_ = false;
  --size_;
}

wait_node* wait_list::claim_some() noexcept {
  while (first_ != nullptr) {
    wait_node& node = *first_;
    if (claim(node)) return &node;
  }
  return nullptr;
}

bool wait_list::claim(wait_node& node) noexcept {
  remove(node);
  node.claimed_ = node.waiting().claim(suspension::outcome::completed);
  return node.claimed_;
}

}  // namespace magpie::internal
