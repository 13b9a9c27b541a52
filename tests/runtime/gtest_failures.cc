// Tests that fail, each in its own way; gtest_failures_test.py says how.
#include <fcntl.h>
#include <gtest/gtest.h>

#include <chrono>
#include <stdexcept>

#include "magpie/runtime/event.h"
#include "magpie/runtime/sleep.h"
#include "magpie/runtime/spawn.h"
#include "magpie/runtime/testing/gtest.h"

namespace {

using namespace std::chrono_literals;
using magpie::testing::test_settings;

magpie::task<> hang() {
  magpie::event never;
  co_await never.wait();
}

class impatient : public ::testing::Test {
 protected:
  static test_settings co_settings() { return test_settings().time_limit(3s); }
};

CO_TEST_F(impatient, hangs) {
  magpie::join_handle<> helper = magpie::spawn(hang(), "helper");
  co_await helper;
}

CO_SIM_TEST(failing, hangs_on_virtual_time) {
  co_await hang();
}

CO_TEST(failing, throws) {
  co_await magpie::yield();
  throw std::runtime_error("out of soup");
}

CO_TEST(failing, asserts) {
  co_await magpie::yield();
  CO_ASSERT_EQ(1, 2) << "first";
  ADD_FAILURE() << "not reached";
}

CO_TEST(failing, fails) {
  co_await magpie::yield();
  CO_FAIL() << "given up";
}

CO_TEST(failing, skips) {
  co_await magpie::yield();
  CO_SKIP() << "no oven";
}

CO_SIM_TEST(failing, leaves_a_task) {
  magpie::spawn(hang(), "forgotten").detach();
  co_await magpie::yield();
}

CO_TEST(failing, leaves_a_descriptor) {
  static_cast<void>(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  co_await magpie::yield();
}

CO_TEST(failing, forgets_to_await) {
  static_cast<void>(hang());
  co_await magpie::yield();
}

TEST(failing, leaves_a_descriptor_in_a_scope) {
  const magpie::testing::expect_no_leaks here;
  static_cast<void>(::open("/dev/null", O_RDONLY | O_CLOEXEC));
}

class by_number : public ::testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(of, by_number, ::testing::Values(1, 2));

CO_TEST_P(by_number, is_one) {
  co_await magpie::yield();
  CO_ASSERT_EQ(GetParam(), 1);
}

}  // namespace
