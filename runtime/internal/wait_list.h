// Those who wait for a lock, a permit, an item: first come, first served.
#ifndef MAGPIE_RUNTIME_INTERNAL_WAIT_LIST_H_
#define MAGPIE_RUNTIME_INTERNAL_WAIT_LIST_H_

#include <cstddef>

#include "magpie/runtime/suspension.h"

namespace magpie::internal {

// One place in a wait_list. Lives in the awaiter, which takes it off the list, under the lock of
// the list's owner, before it ends. A suspension may stand in several lists, with a node in each.
class wait_node {
 public:
  explicit wait_node(suspension& waiting) noexcept : waiting_(&waiting) {}
  wait_node(const wait_node&) = delete;
  wait_node& operator=(const wait_node&) = delete;

  suspension& waiting() const noexcept { return *waiting_; }

  // Whether it was by this node, of all that the suspension has, that its list has claimed the
  // suspension. When that has been resumed.
  bool claimed() const noexcept { return claimed_; }

 protected:
  // For one who does not wait yet.
  wait_node() = default;
  void belong_to(suspension& waiting) noexcept { waiting_ = &waiting; }

 private:
  friend class wait_list;
  suspension* waiting_ = nullptr;  // Fixed before it is listed.
  // Under the lock of the list's owner.
  bool listed_ = false;
  bool claimed_ = false;
  wait_node* previous_ = nullptr;
  wait_node* next_ = nullptr;
};

// All of it under the lock of its owner.
class wait_list {
 public:
  wait_list() = default;
  wait_list(const wait_list&) = delete;
  wait_list& operator=(const wait_list&) = delete;

  bool empty() const noexcept { return first_ == nullptr; }
  std::size_t size() const noexcept { return size_; }
  wait_node* front() const noexcept { return first_; }

  // Whether somebody else waits: a select() may stand on both sides of one source.
  bool has_other_than(const suspension& who) const noexcept;

  void push_back(wait_node& node) noexcept;

  // Does nothing if the node is not in the list (any more).
  void remove(wait_node& node) noexcept;

  // Takes nodes off the front until it has claimed one for `completed`; null if none is left. Those
  // that a cancellation or a deadline has claimed first are merely taken off. The caller then hands
  // over what was waited for, and resumes the waiter when it has let go of the lock.
  wait_node* claim_front() noexcept { return empty() ? nullptr : claim_some(); }

  // Takes the node off; whether it was claimed.
  bool claim(wait_node& node) noexcept;

 private:
  wait_node* claim_some() noexcept;

  wait_node* first_ = nullptr;
  wait_node* last_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace magpie::internal

#endif  // MAGPIE_RUNTIME_INTERNAL_WAIT_LIST_H_
