// What hands things on, under very many schedules (many_schedules.h).
#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "magpie/runtime/broadcast.h"
#include "magpie/runtime/channel.h"
#include "magpie/runtime/error.h"
#include "magpie/runtime/oneshot.h"
#include "magpie/runtime/queue.h"
#include "magpie/runtime/task.h"
#include "magpie/runtime/watch.h"
#include "magpie/tests/runtime/leftovers.h"
#include "magpie/tests/runtime/many_schedules.h"

namespace magpie::testing {
namespace exchanges_schedules_test {

// Numbered; the smallest first in a priority_queue.
class item {
 public:
  explicit item(std::size_t number) : number_(std::make_unique<std::size_t>(number)) {}
  bool empty() const { return number_ == nullptr; }
  std::size_t number() const { return *number_; }
  bool operator<(const item& other) const { return *number_ < *other.number_; }

 private:
  std::unique_ptr<std::size_t> number_;
  counted instance_;
};

// Where each item is.
class journey {
 public:
  item make() {
    places_.push_back(place::sender);
    return item(places_.size() - 1);
  }
  // Before the item is sent; it comes back if that fails.
  void sent(std::size_t number) { move(number, place::sender, place::on_its_way); }
  void not_sent(const item& kept, std::size_t number) {
    ASSERT_FALSE(kept.empty());
    EXPECT_EQ(kept.number(), number);
    move(number, place::on_its_way, place::sender);
  }
  void received(const item& what) { move(what.number(), place::on_its_way, place::receiver); }
  void none_is_lost() const {
    for (const place each : places_)
      EXPECT_NE(each, place::on_its_way);
  }

 private:
  enum class place : std::uint8_t { sender, on_its_way, receiver };
  void move(std::size_t number, place from, place to) {
    EXPECT_EQ(places_[number], from) << number;
    places_[number] = to;
  }
  std::vector<place> places_;
};

// -------------------------------------------------------------------------------------- channel

class channel_scene : public scene {
 public:
  channel_scene(dice& with, std::size_t count)
      : scene(with, count), capacity_(with.below(4)), ends_(make_channel<item>(capacity_)) {}

  task<> act(std::size_t who) { return who % 2 == 0 ? send() : receive(); }

  void at_rest(std::size_t /*left*/) const {
    EXPECT_TRUE(sending_ == 0 || (receiving_ == 0 && ends_.sender.size() == capacity_));
    EXPECT_TRUE(receiving_ == 0 || (ends_.sender.size() == 0 && !ends_.sender.closed()));
  }
  void check() {
    while (const std::optional<item> rest = ends_.receiver.try_receive())
      items_.received(*rest);
    items_.none_is_lost();
  }

 private:
  task<> send() {
    const counted frame;
    for (int i = 0; i < 4; ++i) {
      co_await pause();
      if (random.one_in(32)) ends_.sender.close();
      item mine = items_.make();
      const std::size_t number = mine.number();
      items_.sent(number);
      if (random.one_in(4)) {
        const send_status how = ends_.sender.try_send(std::move(mine));
        // NOLINTNEXTLINE(bugprone-use-after-move): it has not been moved from.
        if (how != send_status::sent) items_.not_sent(mine, number);
        continue;
      }
      const stay here(sending_);
      try {
        co_await ends_.sender.send(std::move(mine));
      } catch (const channel_closed&) {
        items_.not_sent(mine, number);
      } catch (const cancelled&) {
        items_.not_sent(mine, number);
        throw;
      }
    }
  }
  task<> receive() {
    const counted frame;
    for (int i = 0; i < 4; ++i) {
      co_await pause();
      std::optional<item> got;
      if (random.one_in(4)) {
        got = ends_.receiver.try_receive();
      } else {
        const stay here(receiving_);
        got = co_await ends_.receiver.receive();
      }
      if (got) items_.received(*got);
    }
  }

  const std::size_t capacity_;
  journey items_;
  channel_ends<item> ends_;
  std::size_t sending_ = 0;
  std::size_t receiving_ = 0;
};

TEST(channel_schedules_test, each_item_arrives_once_or_stays) {
  search_schedules<channel_scene>();
}

// ---------------------------------------------------------------------------------------- queue

template <class Queue>
class queue_scene : public scene {
 public:
  queue_scene(dice& with, std::size_t count) : scene(with, count), of_(with.below(4)) {}

  task<> act(std::size_t who) {
    if (who == 0) return join();
    return who % 2 == 0 ? put() : get();
  }

  void at_rest(std::size_t /*left*/) const {
    EXPECT_TRUE(putting_ == 0 || (getting_ == 0 && of_.full() && !shut_down_));
    EXPECT_TRUE(getting_ == 0 || (of_.empty() && !shut_down_));
    EXPECT_TRUE(joining_ == 0 || undone_ > 0);
  }
  void check() {
    try {
      while (const std::optional<item> rest = of_.try_get())
        items_.received(*rest);
    } catch (const queue_shut_down&) {
    }
    items_.none_is_lost();
  }

 private:
  task<> put() {
    const counted frame;
    for (int i = 0; i < 4; ++i) {
      co_await pause();
      if (random.one_in(32)) {
        of_.shutdown();
        shut_down_ = true;
      }
      item mine = items_.make();
      const std::size_t number = mine.number();
      items_.sent(number);
      ++undone_;
      bool put = true;
      try {
        if (random.one_in(4)) {
          put = of_.try_put(std::move(mine));
        } else {
          const stay here(putting_);
          co_await of_.put(std::move(mine));
        }
      } catch (const queue_shut_down&) {
        put = false;
      } catch (const cancelled&) {
        --undone_;
        items_.not_sent(mine, number);
        throw;
      }
      if (put) continue;
      --undone_;
      items_.not_sent(mine, number);  // NOLINT(bugprone-use-after-move)
    }
  }
  task<> get() {
    const counted frame;
    for (int i = 0; i < 4; ++i) {
      co_await pause();
      std::optional<item> got;
      try {
        if (random.one_in(4)) {
          got = of_.try_get();
        } else {
          const stay here(getting_);
          got.emplace(co_await of_.get());
        }
      } catch (const queue_shut_down&) {
      }
      if (!got) continue;
      items_.received(*got);
      --undone_;
      of_.task_done();
    }
  }
  task<> join() {
    const counted frame;
    co_await pause();
    const stay here(joining_);
    co_await of_.join();
  }

  Queue of_;
  journey items_;
  bool shut_down_ = false;
  std::size_t putting_ = 0;
  std::size_t getting_ = 0;
  std::size_t joining_ = 0;
  std::size_t undone_ = 0;  // Also those whose put() waits.
};

TEST(queue_schedules_test, each_item_arrives_once_or_stays) {
  search_schedules<queue_scene<queue<item>>>();
}
TEST(lifo_queue_schedules_test, each_item_arrives_once_or_stays) {
  search_schedules<queue_scene<lifo_queue<item>>>();
}
TEST(priority_queue_schedules_test, each_item_arrives_once_or_stays) {
  search_schedules<queue_scene<priority_queue<item>>>();
}

// -------------------------------------------------------------------------------------- oneshot

class oneshot_scene : public scene {
 public:
  oneshot_scene(dice& with, std::size_t count) : scene(with, count) {
    for (std::size_t i = 0; i < count / 2; ++i) {
      oneshot_ends<item> ends = make_oneshot<item>();
      senders_.emplace_back(std::move(ends.sender));
      receivers_.emplace_back(std::move(ends.receiver));
    }
  }

  task<> act(std::size_t who) {
    const std::size_t pair = who / 2;
    if (pair == senders_.size()) return pause();
    return who % 2 == 0 ? send(*senders_[pair]) : receive(pair);
  }

  // Whoever sends is gone or has sent.
  static void at_rest(std::size_t left) { EXPECT_EQ(left, 0U); }
  void check() {
    for (std::optional<oneshot_receiver<item>>& each : receivers_) {
      if (!each) continue;
      const std::optional<item> rest = each->try_receive();
      if (rest) items_.received(*rest);
    }
    items_.none_is_lost();
  }

 private:
  task<> send(oneshot_sender<item>& kept) {
    const counted frame;
    oneshot_sender<item> mine = std::move(kept);
    co_await pause();
    co_await pause();
    if (random.one_in(4)) co_return;
    item what = items_.make();
    const std::size_t number = what.number();
    items_.sent(number);
    const bool sent = mine.send(std::move(what));
    if (!sent) items_.not_sent(what, number);  // NOLINT(bugprone-use-after-move)
  }
  task<> receive(std::size_t pair) {
    const counted frame;
    std::optional<oneshot_receiver<item>>& mine = receivers_[pair];
    co_await pause();
    if (random.one_in(4)) {
      // What was sent before is dropped with it.
      const std::optional<item> last = mine->try_receive();
      if (last) items_.received(*last);
      mine.reset();
      co_return;
    }
    try {
      const item got = co_await *mine;
      items_.received(got);
    } catch (const channel_closed&) {
    }
  }

  journey items_;
  std::vector<std::optional<oneshot_sender<item>>> senders_;
  std::vector<std::optional<oneshot_receiver<item>>> receivers_;
};

TEST(oneshot_schedules_test, the_value_arrives_once_or_stays) {
  search_schedules<oneshot_scene>();
}

// ------------------------------------------------------------------------------------ broadcast

// One in three tells the others numbers, 1, 2, ...; who waits has seen the latest.
template <class Ends>
class news_scene : public scene {
 public:
  void at_rest(std::size_t left) const {
    EXPECT_EQ(waiting_.size(), left);
    EXPECT_TRUE(waiting_.all_have_seen(latest_));
    EXPECT_TRUE(left == 0 || !ends_.sender.closed());
  }
  static void check() {}

 protected:
  news_scene(dice& with, std::size_t count, Ends ends)
      : scene(with, count), ends_(std::move(ends)) {}

  static bool tells(std::size_t who) { return who % 3 == 0; }
  task<> tell() {
    const counted frame;
    for (int i = 0; i < 4; ++i) {
      co_await pause();
      if (random.one_in(32)) ends_.sender.close();
      if (ends_.sender.closed()) co_return;
      ends_.sender.send(++latest_);
    }
  }

  Ends ends_;
  std::size_t latest_ = 0;
  waiting_room waiting_;
};

class broadcast_scene : public news_scene<broadcast_ends<std::size_t>> {
 public:
  broadcast_scene(dice& with, std::size_t count)
      : news_scene(with, count, make_broadcast<std::size_t>(with.below(4) + 1)) {}

  task<> act(std::size_t who) { return tells(who) ? tell() : receive(); }

 private:
  // Each number in its turn, or how many it has missed.
  task<> receive() {
    const counted frame;
    co_await pause();
    broadcast_receiver<std::size_t> mine = ends_.sender.subscribe();
    std::size_t seen = latest_;
    for (int i = 0; i < 6; ++i) {
      co_await pause();
      std::optional<broadcast_item<std::size_t>> got;
      if (random.one_in(4)) {
        got = mine.try_receive();
        EXPECT_EQ(got.has_value(), seen < latest_);
        if (!got) continue;
      } else {
        const waiting_room::seat here(waiting_, seen);
        got = co_await mine.receive();
        if (!got) co_return;
      }
      EXPECT_EQ(**got, seen + got->missed() + 1);
      seen = **got;
    }
  }
};

TEST(broadcast_schedules_test, everyone_sees_each_item_or_is_told) {
  search_schedules<broadcast_scene>();
}

// ---------------------------------------------------------------------------------------- watch

class watch_scene : public news_scene<watch_ends<std::size_t>> {
 public:
  watch_scene(dice& with, std::size_t count)
      : news_scene(with, count, make_watch<std::size_t>(0)) {}

  task<> act(std::size_t who) { return tells(who) ? tell() : receive(); }

 private:
  task<> receive() {
    const counted frame;
    co_await pause();
    watch_receiver<std::size_t> mine = ends_.sender.subscribe();
    std::size_t seen = latest_;
    for (int i = 0; i < 6; ++i) {
      co_await pause();
      EXPECT_EQ(mine.has_changed(), seen < latest_);
      if (!random.one_in(4)) {
        const waiting_room::seat here(waiting_, seen);
        const bool changed = co_await mine.changed();
        if (!changed) co_return;
        EXPECT_LT(seen, latest_);
      }
      seen = mine.get();
      EXPECT_EQ(seen, latest_);
    }
  }
};

TEST(watch_schedules_test, nobody_misses_the_latest) {
  search_schedules<watch_scene>();
}

}  // namespace exchanges_schedules_test
}  // namespace magpie::testing
