#include "magpie/runtime/testing/gmock.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include "magpie/runtime/clock.h"
#include "magpie/runtime/error.h"
#include "magpie/runtime/testing/gtest.h"
#include "magpie/runtime/timeout.h"
#include "magpie/tests/runtime/leftovers.h"

namespace magpie::testing {
namespace gmock_test {

using namespace std::chrono_literals;

// NOLINTBEGIN(bugprone-unused-return-value): of MOCK_METHOD.
class oven {
 public:
  virtual ~oven() = default;
  virtual task<std::string> bake(int minutes) = 0;
  virtual task<> clean() = 0;
  virtual task<std::unique_ptr<int>> take() = 0;
  virtual task<int> weigh(std::unique_ptr<int> what) = 0;
};

class mock_oven : public oven {
 public:
  MOCK_METHOD(task<std::string>, bake, (int minutes), (override));
  MOCK_METHOD(task<>, clean, (), (override));
  MOCK_METHOD(task<std::unique_ptr<int>>, take, (), (override));
  MOCK_METHOD(task<int>, weigh, (std::unique_ptr<int> what), (override));
};
// NOLINTEND(bugprone-unused-return-value)

CO_SIM_TEST(gmock_test, returns) {
  mock_oven oven;
  EXPECT_CALL(oven, bake(30)).Times(2).WillRepeatedly(CoReturn("bread"));
  EXPECT_CALL(oven, bake(::testing::Lt(10))).WillOnce(CoReturn(std::string("nothing")));
  EXPECT_CALL(oven, clean()).WillOnce(CoReturn());
  for (int i = 0; i < 2; ++i) {
    const std::string bread = co_await oven.bake(30);
    CO_ASSERT_EQ(bread, "bread");
  }
  const std::string nothing = co_await oven.bake(5);
  CO_ASSERT_THAT(nothing, ::testing::StartsWith("noth"));
  co_await oven.clean();
}

CO_SIM_TEST(gmock_test, returns_what_cannot_be_copied_once) {
  mock_oven oven;
  EXPECT_CALL(oven, take()).Times(2).WillRepeatedly(CoReturn(std::make_unique<int>(5)));
  const std::unique_ptr<int> five = co_await oven.take();
  EXPECT_EQ(*five, 5);
  CO_EXPECT_THROW(co_await oven.take(), usage_error);
}

CO_SIM_TEST(gmock_test, takes_arguments_that_cannot_be_copied) {
  mock_oven oven;
  EXPECT_CALL(oven, weigh(::testing::Pointee(3))).WillOnce(CoReturn(300));
  auto loaf = std::make_unique<int>(3);
  const int grams = co_await oven.weigh(std::move(loaf));
  EXPECT_EQ(grams, 300);
}

CO_SIM_TEST(gmock_test, throws_when_it_is_awaited) {
  mock_oven oven;
  EXPECT_CALL(oven, bake(1)).WillOnce(CoThrow(std::runtime_error("no power")));
  EXPECT_CALL(oven, clean()).WillOnce(CoThrow(std::logic_error("dirty")));
  task<std::string> baking = oven.bake(1);
  std::string said;
  try {
    co_await std::move(baking);
  } catch (const std::runtime_error& error) {
    said = error.what();
  }
  EXPECT_EQ(said, "no power");
  CO_EXPECT_THROW(co_await oven.clean(), std::logic_error);
}

CO_SIM_TEST(gmock_test, returns_after_a_time) {
  mock_oven oven;
  EXPECT_CALL(oven, bake(30)).WillOnce(CoReturnAfter(30min, "bread"));
  EXPECT_CALL(oven, clean()).WillOnce(CoReturnAfter(24h));
  const auto start = clock::now();
  const std::string bread = co_await oven.bake(30);
  EXPECT_EQ(bread, "bread");
  EXPECT_EQ(clock::now() - start, 30min);
  co_await oven.clean();
  EXPECT_EQ(clock::now() - start, 24h + 30min);
}

CO_SIM_TEST(gmock_test, can_be_cancelled) {
  mock_oven oven;
  EXPECT_CALL(oven, clean()).WillOnce(CoReturnAfter(24h));
  const auto start = clock::now();
  CO_EXPECT_THROW(co_await with_timeout(1h, oven.clean()), timeout_error);
  EXPECT_EQ(clock::now() - start, 1h);
}

// Each task has a value of its own.
CO_SIM_TEST(gmock_test, keeps_no_instance) {
  mock_oven oven;
  {
    ::testing::MockFunction<task<counted>()> many;
    EXPECT_CALL(many, Call()).WillRepeatedly(CoReturn(counted()));
    const counted first = co_await many.Call();
    const counted second = co_await many.Call();
    EXPECT_EQ(counted::live(), 3);
  }
  EXPECT_EQ(counted::live(), 0);
}

}  // namespace gmock_test
}  // namespace magpie::testing
