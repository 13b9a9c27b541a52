#include "magpie/runtime/internal/pool_core.h"

#include <mutex>

namespace magpie::internal {
namespace {

[[noreturn]] void throw_closed() {
  throw pool_closed("magpie: the resource_pool has been closed");
}

}  // namespace

// ------------------------------------------------------------------------------------ idle_list

// One after the other: a long list would destroy itself deep.
idle_list::~idle_list() {
  while (newest_ != nullptr)
    newest_ = std::move(newest_->older_);
}

void idle_list::push(std::unique_ptr<pool_entry> entry) noexcept {
  entry->newer_ = nullptr;
  if (newest_ != nullptr) newest_->newer_ = entry.get();
  entry->older_ = std::move(newest_);
  newest_ = std::move(entry);
  ++size_;
}

std::unique_ptr<pool_entry> idle_list::remove(pool_entry& entry) noexcept {
  std::unique_ptr<pool_entry>& owner = entry.newer_ == nullptr ? newest_ : entry.newer_->older_;
  std::unique_ptr<pool_entry> removed = std::move(owner);
  owner = std::move(entry.older_);
  if (owner != nullptr) owner->newer_ = entry.newer_;
  --size_;
  return removed;
}

void idle_list::swap(idle_list& other) noexcept {
  newest_.swap(other.newest_);
  std::swap(size_, other.size_);
}

// ------------------------------------------------------------------------------------ pool_place

void pool_place::release() noexcept {
  // Kept until the pool has been told.
  const std::shared_ptr<pool_core> kept = std::move(kept_);
  if (pool_core* of = std::exchange(of_, nullptr)) of->free_place();
}

void pool_place::give_back(std::unique_ptr<pool_entry> entry) noexcept {
  const std::shared_ptr<pool_core> kept = std::move(kept_);
  std::exchange(of_, nullptr)->give_back(std::move(entry), clock::now());
}

// ------------------------------------------------------------------------------------ pool_core

bool pool_core::too_old(const pool_entry& entry, clock::time_point now) const noexcept {
  return now >= after(entry.made_at_, limits_.lifetime);
}

// Under lock_. Looks at all that are idle, if there is a limit.
void pool_core::remove_expired(clock::time_point now, idle_list& removed) noexcept {
  if (limits_.idle_time == clock::duration::max() && limits_.lifetime == clock::duration::max()) {
    return;
  }
  for (pool_entry* entry = idle_.newest(); entry != nullptr;) {
    pool_entry& looked_at = *entry;
    entry = idle_list::older_than(looked_at);
    if (too_old(looked_at, now) || now >= after(looked_at.idle_since_, limits_.idle_time)) {
      removed.push(idle_.remove(looked_at));
    }
  }
}

std::unique_ptr<pool_entry> pool_core::take_idle(clock::time_point now) {
  idle_list removed;  // Destroyed when the lock is free.
  const std::lock_guard lock(lock_);
  if (closed_) throw_closed();
  remove_expired(now, removed);
  pool_entry* const newest = idle_.newest();
  return newest == nullptr ? nullptr : idle_.remove(*newest);
}

void pool_core::refuse_if_closed() const {
  if (closed()) throw_closed();
}

void pool_core::remove_expired(clock::time_point now) noexcept {
  {
    idle_list removed;  // Destroyed when the lock is free.
    const std::lock_guard lock(lock_);
    ++dropping_;
    remove_expired(now, removed);
  }
  end_dropping();
}

void pool_core::give_back(std::unique_ptr<pool_entry> entry, clock::time_point now) noexcept {
  ready_list ready;
  {
    const std::lock_guard lock(lock_);
    if (!closed_ && !too_old(*entry, now)) {
      entry->idle_since_ = now;
      idle_.push(std::move(entry));
      free_place(ready);
    }
  }
  ready.resume_all();
  if (entry == nullptr) return;
  entry.reset();
  free_place();
}

void pool_core::free_place() noexcept {
  ready_list ready;
  bool last = false;
  {
    const std::lock_guard lock(lock_);
    free_place(ready);
    last = drained();
  }
  ready.resume_all();
  if (last) drained_.set();
}

void pool_core::free_place(ready_list& ready) noexcept {
  if (wait_node* next = waiters_.claim_front()) {
    static_cast<place_awaiter&>(next->waiting()).granted_ = true;
    ready.add(next->waiting());
  } else {
    ++free_;
  }
}

void pool_core::close() noexcept {
  {
    idle_list removed;
    ready_list ready;
    {
      const std::lock_guard lock(lock_);
      closed_ = true;
      ++dropping_;
      idle_.swap(removed);
      while (wait_node* next = waiters_.claim_front())
        ready.add(next->waiting());
    }
    ready.resume_all();
  }
  end_dropping();
}

void pool_core::end_dropping() noexcept {
  bool last = false;
  {
    const std::lock_guard lock(lock_);
    --dropping_;
    last = drained();
  }
  if (last) drained_.set();
}

bool pool_core::closed() const noexcept {
  const std::lock_guard lock(lock_);
  return closed_;
}

pool_counts pool_core::count() const noexcept {
  const std::lock_guard lock(lock_);
  return {limits_.max_size - free_, idle_.size(), waiters_.size()};
}

// ------------------------------------------------------------------------------------ waiting

void place_awaiter::take() noexcept {
  if (of_.closed_) return;
  --of_.free_;
  granted_ = true;
}

pool_place place_awaiter::await_resume() {
  finish_or_throw();
  if (!granted_) throw_closed();
  return pool_place(of_);
}

task<> wait_until_drained(std::shared_ptr<pool_core> pool) {
  co_await pool->drained_.wait();
}

}  // namespace magpie::internal
