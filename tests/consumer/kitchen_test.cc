// Tests of somebody else, with GoogleTest; docs/testing.md quotes them.
#include <array>
#include <chrono>
#include <cstddef>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "magpie/io/testing/duplex.h"
#include "magpie/magpie.h"
#include "magpie/runtime/testing/cancel_sweep.h"
#include "magpie/runtime/testing/gmock.h"
#include "magpie/runtime/testing/gtest.h"

using namespace std::chrono_literals;
using namespace magpie::testing;

// [first]
magpie::task<std::string> cook(std::string dish) {
  co_await magpie::sleep_for(20min);
  if (dish.empty()) throw std::invalid_argument("nothing to cook");
  co_return "hot " + dish;
}

CO_SIM_TEST(kitchen_test, cooks) {
  const auto start = magpie::clock::now();
  const std::string dish = co_await cook("soup");
  CO_ASSERT_EQ(dish, "hot soup");
  EXPECT_EQ(magpie::clock::now() - start, 20min);
}

CO_SIM_TEST(kitchen_test, refuses_to_cook_nothing) {
  CO_EXPECT_THROW(co_await cook(""), std::invalid_argument);
}
// [first end]

// [fixture]
class two_cooks : public ::testing::Test {
 protected:
  test_settings co_settings() const {
    return test_settings().threads(magpie::options().workers(2)).time_limit(5s);
  }
  magpie::mutex stove_;
};

CO_TEST_F(two_cooks, share_a_stove) {
  auto uses = [this]() -> magpie::task<> {
    const auto mine = co_await stove_.lock();
    co_await magpie::yield();
  };
  co_await magpie::gather(uses(), uses());
  EXPECT_FALSE(stove_.locked());
}
// [fixture end]

// [schedules]
magpie::task<> sell_one(magpie::mutex& till, int& sold) {
  const auto locked = co_await till.lock();
  const int before = sold;
  co_await magpie::yield();
  sold = before + 1;
}

TEST(shop_test, sells_two_in_every_order) {
  for_each_schedule(200, simulation_options().workers(2).pct(3, 20), []() -> magpie::task<> {
    magpie::mutex till;
    int sold = 0;
    co_await magpie::gather(sell_one(till, sold), sell_one(till, sold));
    EXPECT_EQ(sold, 2);
  });
}
// [schedules end]

// [sweep]
TEST(shop_test, a_customer_may_leave_at_any_moment) {
  magpie::mutex till;
  int sold = 0;
  cancel_sweep(
      simulation_options().workers(2),
      [&](simulation& world) {
        sold = 0;
        cast players;
        players.victim = world.spawn(sell_one(till, sold));
        players.others.push_back(world.spawn(sell_one(till, sold)));
        return players;
      },
      [&] {
        EXPECT_FALSE(till.locked());
        EXPECT_GE(sold, 1);
      });
}
// [sweep end]

// [mock]
class supplier {
 public:
  virtual ~supplier() = default;
  virtual magpie::task<int> price_of(std::string what) = 0;
};

class mock_supplier : public supplier {
 public:
  MOCK_METHOD(magpie::task<int>, price_of, (std::string what), (override));
};

CO_SIM_TEST(shop_test, does_not_wait_for_a_slow_supplier) {
  mock_supplier slow;
  EXPECT_CALL(slow, price_of("flour"))
      .WillOnce(CoReturnAfter(24h, 3))
      .WillOnce(CoThrow(std::runtime_error("no flour")));
  CO_EXPECT_THROW(co_await magpie::with_timeout(1h, slow.price_of("flour")), magpie::timeout_error);
  CO_EXPECT_THROW(co_await slow.price_of("flour"), std::runtime_error);
}
// [mock end]

// [duplex]
// For a tcp_stream, or what has the same members.
template <class Stream>
magpie::task<std::string> read_line(Stream& from) {
  std::string line;
  std::array<std::byte, 1> next{};
  for (;;) {
    const std::size_t n = co_await from.read(next);
    if (n == 0 || static_cast<char>(next[0]) == '\n') co_return line;
    line += static_cast<char>(next[0]);
  }
}

CO_SIM_TEST(shop_test, reads_an_order_that_comes_in_pieces) {
  auto [customer, shop] =
      make_duplex(stream_script().write_at_most(2).write_delay(1s),
                  stream_script().fail_read_after(8, std::errc::connection_reset));
  const std::string text = "soup\nbread\n";
  auto orders = [&]() -> magpie::task<> {
    co_await customer.write(std::as_bytes(std::span(text)));
  };
  auto reads = [&]() -> magpie::task<> {
    const std::string first = co_await read_line(shop);
    EXPECT_EQ(first, "soup");
    CO_EXPECT_THROW(co_await read_line(shop), std::system_error);
  };
  co_await magpie::gather(orders(), reads());
}
// [duplex end]
