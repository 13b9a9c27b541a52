#include "magpie/io/internal/reactor.h"

#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <set>
#include <stdexcept>
#include <system_error>
#include <vector>

#include "magpie/io/internal/epoll_reactor.h"
#include "magpie/io/internal/slab.h"
#include "magpie/tests/io/io_test.h"

namespace magpie::testing {
namespace {

using io::internal::direction;
using io::internal::make_epoll_reactor;
using io::internal::reactor;
using io::internal::registration;
using io::internal::slab;

class reactor_test : public io_test {
 protected:
  ~reactor_test() override {
    for (const int end : ends_)
      ::close(end);
  }

  // SetUp() counts what is open; these have been before.
  const std::array<int, 2> ends_ = socket_pair();

  static void collect(reactor& from) {
    ready_list ready;
    from.wait(clock::duration::zero(), ready);
    EXPECT_TRUE(ready.empty());
  }
};

TEST_F(reactor_test, counts_what_is_ready_already) {
  const auto tested = make_epoll_reactor();
  ::send(ends_[1], "x", 1, 0);
  registration& watched = tested->watch(ends_[0]);
  EXPECT_EQ(watched.events(direction::read), 0U);
  collect(*tested);
  EXPECT_EQ(watched.events(direction::read), 1U);
  EXPECT_EQ(watched.events(direction::write), 1U);
  EXPECT_FALSE(watched.ended());
  tested->leave(ends_[0], watched, true);
}

TEST_F(reactor_test, counts_each_arrival_once) {
  const auto tested = make_epoll_reactor();
  registration& watched = tested->watch(ends_[0]);
  collect(*tested);
  EXPECT_EQ(watched.events(direction::read), 0U);
  for (std::uint64_t i = 1; i < 5; ++i) {
    ::send(ends_[1], "x", 1, 0);
    collect(*tested);
    collect(*tested);
    EXPECT_EQ(watched.events(direction::read), i);
  }
  tested->leave(ends_[0], watched, true);
}

TEST_F(reactor_test, takes_no_more_at_once_than_it_is_told) {
  const auto tested = make_epoll_reactor(1);
  registration& one = tested->watch(ends_[0]);
  registration& other = tested->watch(ends_[1]);
  // Both are writable.
  collect(*tested);
  EXPECT_EQ(one.events(direction::write) + other.events(direction::write), 1U);
  collect(*tested);
  EXPECT_EQ(one.events(direction::write), 1U);
  EXPECT_EQ(other.events(direction::write), 1U);
  tested->leave(ends_[0], one, true);
  tested->leave(ends_[1], other, true);
}

TEST_F(reactor_test, notes_the_end_of_the_peer) {
  const auto tested = make_epoll_reactor();
  registration& watched = tested->watch(ends_[0]);
  ::shutdown(ends_[1], SHUT_WR);
  collect(*tested);
  EXPECT_TRUE(watched.ended());
  tested->leave(ends_[0], watched, true);
}

// The place is used again for another descriptor, and an event of the first one arrives after that.
TEST_F(reactor_test, ignores_an_event_of_a_descriptor_that_has_left) {
  const auto tested = make_epoll_reactor();
  registration& first = tested->watch(ends_[0]);
  collect(*tested);
  // Not forgotten by the kernel: as after fork(), which keeps the file open elsewhere.
  tested->leave(ends_[0], first, false);
  const int quiet = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  registration& second = tested->watch(quiet);
  ASSERT_EQ(&first, &second);
  collect(*tested);
  const std::uint64_t before = second.events(direction::read);
  ::send(ends_[1], "x", 1, 0);
  collect(*tested);
  EXPECT_EQ(second.events(direction::read), before);
  tested->leave(quiet, second, true);
  ::close(quiet);
}

// What was seen at a place stays different from what is seen there later.
TEST_F(reactor_test, uses_places_again_and_goes_on_counting) {
  const auto tested = make_epoll_reactor();
  std::set<registration*> places;
  std::uint64_t last = 0;
  for (int i = 0; i < 1000; ++i) {
    registration& watched = tested->watch(ends_[0]);
    EXPECT_EQ(watched.events(direction::read), watched.first_event());
    EXPECT_EQ(watched.events(direction::write), watched.first_event());
    EXPECT_TRUE(i == 0 || watched.first_event() > last);
    EXPECT_FALSE(watched.ended());
    watched.note_drained(direction::read, last);
    EXPECT_TRUE(i == 0 || !watched.drained(direction::read, watched.first_event()));
    last = watched.first_event();
    collect(*tested);
    places.insert(&watched);
    tested->leave(ends_[0], watched, true);
  }
  EXPECT_EQ(places.size(), 1U);
}

TEST_F(reactor_test, says_what_it_cannot_watch) {
  const auto tested = make_epoll_reactor();
  EXPECT_THROW(tested->watch(-1), std::system_error);
  registration& watched = tested->watch(ends_[0]);
  EXPECT_THROW(tested->watch(ends_[0]), std::system_error);
  tested->leave(ends_[0], watched, true);
}

TEST_F(reactor_test, ends_a_wait_that_is_interrupted_before_it_begins) {
  const auto tested = make_epoll_reactor();
  tested->interrupt();
  ready_list ready;
  tested->wait(clock::duration::max(), ready);
  EXPECT_TRUE(ready.empty());
}

// ---------------------------------------------------------------------------------- slab

TEST(slab_test, keeps_everything_in_place) {
  slab<int> tested;
  std::vector<int*> places;
  for (std::uint32_t i = 0; i < 10'000; ++i) {
    ASSERT_EQ(tested.grow(), i);
    tested[i] = static_cast<int>(i);
    places.push_back(&tested[i]);
  }
  EXPECT_EQ(std::set<int*>(places.begin(), places.end()).size(), places.size());
  for (std::uint32_t i = 0; i < 10'000; ++i) {
    EXPECT_EQ(&tested[i], places[i]);
    EXPECT_EQ(tested[i], static_cast<int>(i));
  }
}

bool broken = false;

struct breaks {
  breaks() {
    if (broken) throw std::runtime_error("broken");
  }
};

TEST(slab_test, is_as_it_was_when_it_cannot_grow) {
  slab<breaks> tested;
  broken = true;
  EXPECT_THROW(tested.grow(), std::runtime_error);
  EXPECT_EQ(tested.size(), 0U);
  broken = false;
  EXPECT_EQ(tested.grow(), 0U);
}

}  // namespace
}  // namespace magpie::testing
