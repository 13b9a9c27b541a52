// Tasks that use what is gone: captures, and what their parameters refer to.
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "magpie/magpie.h"
#include "magpie/runtime/internal/platform.h"
#include "magpie/runtime/testing/simulation.h"
#include "magpie/tests/pitfalls/said.h"

namespace {

using namespace magpie::testing;
using namespace std::chrono_literals;

using lines = std::vector<std::string>;

// ---------------------------------------------------------------------- captures of a lambda

struct guest {
  std::string name;
};

namespace wrong {

// [capture_wrong]
void invite(std::shared_ptr<guest> who, lines& log) {
  auto remind = [who, &log]() -> magpie::task<> {
    co_await magpie::sleep_for(1h);
    log.push_back("do come, " + who->name);  // Whose `who`? The lambda is gone.
  };
  magpie::spawn(remind(), "remind").detach();
}
// [capture_wrong end]

}  // namespace wrong

namespace right {

// [capture_right]
void invite(std::shared_ptr<guest> who, lines& log) {
  auto remind = [who, &log]() -> magpie::task<> {
    co_await magpie::sleep_for(1h);
    log.push_back("do come, " + who->name);
  };
  magpie::spawn(magpie::keep(std::move(remind)), "remind").detach();
}
// [capture_right end]

}  // namespace right

using inviting = void(std::shared_ptr<guest>, lines&);

magpie::task<> invite_and_wait(inviting* invite, lines& log, magpie::clock::duration waits) {
  auto ada = std::make_shared<guest>(guest{"Ada"});
  const std::weak_ptr<guest> watched = ada;
  invite(std::move(ada), log);
  co_await magpie::sleep_for(waits);
  log.push_back(watched.expired() ? "gone" : "there");
}

// The task is cancelled before it would use the capture.
TEST(lambda_capture_test, the_wrong_one_has_lost_it_while_it_waits) {
  lines log;
  simulate(invite_and_wait(wrong::invite, log, 1s));
  EXPECT_EQ(log, lines{"gone"});
}

TEST(lambda_capture_death_test, address_sanitizer_sees_the_wrong_one) {
#if !defined(MAGPIE_ASAN)
  GTEST_SKIP() << "needs AddressSanitizer";
#endif
  lines log;
  EXPECT_DEATH(simulate(invite_and_wait(wrong::invite, log, 2h)),
               "AddressSanitizer: stack-use-after-return");
}

TEST(lambda_capture_test, the_right_one_keeps_it) {
  lines log;
  simulate(invite_and_wait(right::invite, log, 1s));
  EXPECT_EQ(log, lines{"there"});
  log.clear();
  EXPECT_TRUE(is_right([&] { return invite_and_wait(right::invite, log, 2h); }));
  EXPECT_EQ(log[0], "do come, Ada");
}

// --------------------------------------------------------------------------- reference parameters

namespace wrong {

// [reference_wrong]
magpie::task<> greet(const std::string& name, lines& log) {
  co_await magpie::sleep_for(1s);
  log.push_back("hello " + name);
}

void meet(std::string first, std::string last, lines& log) {
  magpie::spawn(greet(first + " " + last, log), "greet").detach();
}
// [reference_wrong end]

}  // namespace wrong

namespace right {

// [reference_right]
magpie::task<> greet(const std::string& name, lines& log) {
  co_await magpie::sleep_for(1s);
  log.push_back("hello " + name);
}

void meet(std::string first, std::string last, lines& log) {
  magpie::spawn(magpie::keep(greet, first + " " + last, std::ref(log)), "greet").detach();
}
// [reference_right end]

}  // namespace right

using meeting = void(std::string, std::string, lines&);

magpie::task<> meet_and_wait(meeting* meet, lines& log) {
  meet("Augusta Ada King", "Countess of Lovelace", log);
  co_await magpie::sleep_for(2s);
}

TEST(reference_parameter_death_test, address_sanitizer_sees_the_wrong_one) {
#if !defined(MAGPIE_ASAN)
  GTEST_SKIP() << "needs AddressSanitizer";
#endif
  lines log;
  EXPECT_DEATH(simulate(meet_and_wait(wrong::meet, log)),
               "AddressSanitizer: stack-use-after-return");
}

TEST(reference_parameter_test, the_right_one_greets) {
  lines log;
  EXPECT_TRUE(is_right([&] { return meet_and_wait(right::meet, log); }));
  EXPECT_EQ(log, lines(3, "hello Augusta Ada King Countess of Lovelace"));
}

}  // namespace
