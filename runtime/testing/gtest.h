// Tests that are coroutines, for GoogleTest. Depend on @magpie//runtime/testing:gtest.
//
//   CO_TEST(kitchen_test, serves_soup) {
//     const std::string dish = co_await cook("soup");
//     CO_ASSERT_EQ(dish, "hot soup");
//   }
//
// CO_TEST, CO_TEST_F, CO_TEST_P are TEST, TEST_F, TEST_P, and their bodies are coroutines, which
// contain a co_await or a co_return. Each runs in a runtime of its own, within a time limit; after
// it the test has failed, says what its tasks were waiting for, and is cancelled. A test also fails
// if it leaves tasks or open descriptors behind, or if something was reported that would otherwise
// pass in silence. A fixture may have a member
//
//   test_settings co_settings() const { return test_settings().time_limit(5s); }
//
// which says how (test_run.h); it is asked after SetUp(). CO_SIM_TEST, CO_SIM_TEST_F, CO_SIM_TEST_P
// run on virtual time, so that sleeping costs none; co_settings() may choose the workers and the
// seed.
//
// EXPECT_* work as ever. ASSERT_* return, which a coroutine cannot: CO_ASSERT_* co_return, as do
// CO_FAIL and CO_SKIP; they work in coroutines that give nothing, such as task<>. All of these take
// values that were awaited before: co_await into a variable first, since some compilers get a
// co_await in a condition wrong (docs/compilers.md). Only CO_EXPECT_THROW and its kin take a
// statement with co_await. SCOPED_TRACE belongs to a thread, and so does not work across co_await.
#ifndef MAGPIE_RUNTIME_TESTING_GTEST_H_
#define MAGPIE_RUNTIME_TESTING_GTEST_H_

#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <source_location>
#include <stdexcept>
#include <string>
#include <utility>

#include "magpie/runtime/task.h"
#include "magpie/runtime/testing/explore.h"
#include "magpie/runtime/testing/leak_check.h"
#include "magpie/runtime/testing/simulation.h"
#include "magpie/runtime/testing/test_run.h"

namespace magpie::testing {

// Calls `make()` with each of the seeds 1 to `count` and runs the task that it gives in a
// simulation of its own (explore.h, also for the variables of the environment). An order in which
// it throws or has a failed EXPECT_* fails the test, with a short schedule that plays it again.
//
//   for_each_schedule(200, simulation_options().workers(2).pct(3, 20), [] { return
//   transfer_twice();
//   });
//
// `make` may be a coroutine itself, also a lambda with captures. It makes everything anew that the
// task changes, and what it refers to outlives this call. Tasks that it leaves behind are cancelled
// at the end of each order; what fails in them then, and what is reported (options::on_report), is
// told without its order. There is no time limit.
template <class Make>
void for_each_schedule(std::size_t count, const simulation_options& settings, Make make,
                       std::source_location where = std::source_location::current());

// Fails the test if descriptors are open at the end of this scope, or frames of coroutines there,
// that were not at its begin (leak_check.h).
class expect_no_leaks {
 public:
  explicit expect_no_leaks(std::source_location where = std::source_location::current())
      : where_(where) {}
  expect_no_leaks(const expect_no_leaks&) = delete;
  expect_no_leaks& operator=(const expect_no_leaks&) = delete;
  ~expect_no_leaks() {
    for (const std::string& each : before_.leaks())
      ADD_FAILURE_AT(where_.file_name(), static_cast<int>(where_.line())) << each;
  }

 private:
  const leak_check before_;
  const std::source_location where_;
};

namespace gtest {

inline void run(const std::function<task<>()>& make_body, const test_settings& settings,
                const char* file, int line, std::source_location where) {
  const ::testing::TestInfo* const info = ::testing::UnitTest::GetInstance()->current_test_info();
  std::string name = std::string(info->test_suite_name()) + "." + info->name();
  for (const std::string& each : run_test(make_body, settings, std::move(name), where))
    ADD_FAILURE_AT(file, line) << each;
}

// For CO_SIM_TEST: the settings of the fixture, if they are those of a simulation.
inline test_settings simulated(test_settings settings) {
  if (settings.simulation() == nullptr) settings.simulated();
  return settings;
}

inline bool has_failure(const ::testing::TestPartResultArray& parts) {
  for (int i = 0; i < parts.size(); ++i) {
    if (parts.GetTestPartResult(i).failed()) return true;
  }
  return false;
}

// Tells GoogleTest of the failures that have been kept from it.
inline void repeat(const ::testing::TestPartResultArray& parts) {
  for (int i = 0; i < parts.size(); ++i) {
    const ::testing::TestPartResult& part = parts.GetTestPartResult(i);
    if (!part.failed()) continue;
    ::testing::internal::AssertHelper(
        part.type(), part.file_name() == nullptr ? "unknown file" : part.file_name(),
        part.line_number(), part.message()) = ::testing::Message();
  }
}

}  // namespace gtest

template <class Make>
void for_each_schedule(std::size_t count, const simulation_options& settings, Make make,
                       std::source_location where) {
  std::unique_ptr<::testing::TestPartResultArray> parts_of_failure;
  const auto body = [&](simulation& world) {
    auto parts = std::make_unique<::testing::TestPartResultArray>();
    std::exception_ptr thrown;
    {
      using intercept = ::testing::ScopedFakeTestPartResultReporter;
      // One alone would miss the other threads, or this one if somebody else intercepts it.
      const intercept others(intercept::INTERCEPT_ALL_THREADS, parts.get());
      const intercept own(intercept::INTERCEPT_ONLY_CURRENT_THREAD, parts.get());
      try {
        world.run(make());
      } catch (...) {
        thrown = std::current_exception();
      }
    }
    const bool failed = gtest::has_failure(*parts);
    // Of the last that fails: that is the one with the schedule that explore() gives.
    if (failed || thrown != nullptr) parts_of_failure = std::move(parts);
    if (thrown != nullptr) std::rethrow_exception(thrown);
    if (failed) throw std::runtime_error("see the failures above");
  };
  const auto failed = explore(count, settings, body);
  if (!failed) return;
  gtest::repeat(*parts_of_failure);
  ADD_FAILURE_AT(where.file_name(), static_cast<int>(where.line()))
      << "fails in some orders: " << failed->message << "\n"
      << how_to_replay(*failed);
}

}  // namespace magpie::testing

// ------------------------------------------------------------------------------------------ tests

#define CO_TEST(suite, name) \
  MAGPIE_CO_TEST_(suite, name, ::testing::Test, ::testing::internal::GetTestTypeId(), )
#define CO_TEST_F(fixture, name) \
  MAGPIE_CO_TEST_(fixture, name, fixture, ::testing::internal::GetTypeId<fixture>(), )
#define CO_SIM_TEST(suite, name)                                                      \
  MAGPIE_CO_TEST_(suite, name, ::testing::Test, ::testing::internal::GetTestTypeId(), \
                  ::magpie::testing::gtest::simulated)
#define CO_SIM_TEST_F(fixture, name)                                                 \
  MAGPIE_CO_TEST_(fixture, name, fixture, ::testing::internal::GetTypeId<fixture>(), \
                  ::magpie::testing::gtest::simulated)
#define CO_TEST_P(fixture, name) MAGPIE_CO_TEST_P_(fixture, name, )
#define CO_SIM_TEST_P(fixture, name) \
  MAGPIE_CO_TEST_P_(fixture, name, ::magpie::testing::gtest::simulated)

// NOLINTBEGIN(bugprone-macro-parentheses): names of classes, and beginnings of statements.

// Between the fixture and the class of the test stands one that has the coroutine.
#define MAGPIE_CO_BODY_(suite, name) suite##_##name##_Coroutine

#define MAGPIE_CO_BODY_CLASS_(suite, name, fixture, adjust)                                      \
  class MAGPIE_CO_BODY_(suite, name) : public fixture {                                          \
   protected:                                                                                    \
    void co_run(const char* file, int line) {                                                    \
      ::magpie::testing::gtest::run([this] { return co_body(); }, adjust(co_settings_of(*this)), \
                                    file, line, ::std::source_location::current());              \
    }                                                                                            \
    template <class Self>                                                                        \
    static ::magpie::testing::test_settings co_settings_of(Self& self) {                         \
      if constexpr (requires { self.co_settings(); })                                            \
        return self.co_settings();                                                               \
      else                                                                                       \
        return {};                                                                               \
    }                                                                                            \
    ::magpie::task<> co_body();                                                                  \
  }

// A body without co_await or co_return is no coroutine, returns nothing, and is not to be run.
#define MAGPIE_CO_NEEDS_CO_RETURN_ _Pragma("GCC diagnostic error \"-Wreturn-type\"")

#define MAGPIE_CO_TEST_(suite, name, fixture, id, adjust)      \
  MAGPIE_CO_BODY_CLASS_(suite, name, fixture, adjust);         \
  GTEST_TEST_(suite, name, MAGPIE_CO_BODY_(suite, name), id) { \
    co_run(__FILE__, __LINE__);                                \
  }                                                            \
  MAGPIE_CO_NEEDS_CO_RETURN_                                   \
  ::magpie::task<> MAGPIE_CO_BODY_(suite, name)::co_body()

// TEST_P has no parameter for the class that a test is derived from, so this is TEST_P again.
#define MAGPIE_CO_TEST_P_(fixture, name, adjust)                                                 \
  MAGPIE_CO_BODY_CLASS_(fixture, name, fixture, adjust);                                         \
  class GTEST_TEST_CLASS_NAME_(fixture, name) : public MAGPIE_CO_BODY_(fixture, name) {          \
    void TestBody() override {                                                                   \
      co_run(__FILE__, __LINE__);                                                                \
    }                                                                                            \
                                                                                                 \
   public:                                                                                       \
    static int add_to_registry() {                                                               \
      ::testing::UnitTest::GetInstance()                                                         \
          ->parameterized_test_registry()                                                        \
          .GetTestSuitePatternHolder<fixture>(                                                   \
              #fixture, ::testing::internal::CodeLocation(__FILE__, __LINE__))                   \
          ->AddTestPattern(                                                                      \
              #fixture, #name,                                                                   \
              new ::testing::internal::TestMetaFactory<GTEST_TEST_CLASS_NAME_(fixture, name)>(), \
              ::testing::internal::CodeLocation(__FILE__, __LINE__));                            \
      return 0;                                                                                  \
    }                                                                                            \
  };                                                                                             \
  [[maybe_unused]] static const int fixture##_##name##_registered =                              \
      GTEST_TEST_CLASS_NAME_(fixture, name)::add_to_registry();                                  \
  MAGPIE_CO_NEEDS_CO_RETURN_ ::magpie::task<> MAGPIE_CO_BODY_(fixture, name)::co_body()

// ------------------------------------------------------------------------------------- assertions

#define MAGPIE_CO_FATAL_(message) \
  co_return GTEST_MESSAGE_(message, ::testing::TestPartResult::kFatalFailure)
#define MAGPIE_CO_COMPARE_(compare, a, b) GTEST_PRED_FORMAT2_(compare, a, b, MAGPIE_CO_FATAL_)

#define CO_ASSERT_TRUE(condition) \
  GTEST_TEST_BOOLEAN_(condition, #condition, false, true, MAGPIE_CO_FATAL_)
#define CO_ASSERT_FALSE(condition) \
  GTEST_TEST_BOOLEAN_(!(condition), #condition, true, false, MAGPIE_CO_FATAL_)
#define CO_ASSERT_EQ(a, b) MAGPIE_CO_COMPARE_(::testing::internal::EqHelper::Compare, a, b)
#define CO_ASSERT_NE(a, b) MAGPIE_CO_COMPARE_(::testing::internal::CmpHelperNE, a, b)
#define CO_ASSERT_LT(a, b) MAGPIE_CO_COMPARE_(::testing::internal::CmpHelperLT, a, b)
#define CO_ASSERT_LE(a, b) MAGPIE_CO_COMPARE_(::testing::internal::CmpHelperLE, a, b)
#define CO_ASSERT_GT(a, b) MAGPIE_CO_COMPARE_(::testing::internal::CmpHelperGT, a, b)
#define CO_ASSERT_GE(a, b) MAGPIE_CO_COMPARE_(::testing::internal::CmpHelperGE, a, b)
#define CO_ASSERT_STREQ(a, b) MAGPIE_CO_COMPARE_(::testing::internal::CmpHelperSTREQ, a, b)

#define CO_FAIL() MAGPIE_CO_FATAL_("Failed")
#define CO_SKIP() co_return GTEST_MESSAGE_("Skipped", ::testing::TestPartResult::kSkip)

// The statement throws what is or derives from `type`. It may contain co_await, and its commas
// stand in brackets. These take no <<. `cancelled` passes, as what cancels the test has to, unless
// it is the type that is expected.
#define CO_EXPECT_THROW(statement, type) MAGPIE_CO_THROW_(statement, type, ADD_FAILURE())
#define CO_ASSERT_THROW(statement, type) MAGPIE_CO_THROW_(statement, type, CO_FAIL())
#define CO_EXPECT_NO_THROW(statement) MAGPIE_CO_NO_THROW_(statement, ADD_FAILURE())
#define CO_ASSERT_NO_THROW(statement) MAGPIE_CO_NO_THROW_(statement, CO_FAIL())

// No co_return in a handler: the outcome goes into a variable.
#define MAGPIE_CO_THROW_(statement, type, fail)                                                    \
  do {                                                                                             \
    ::std::string magpie_thrown = "nothing";                                                       \
    try {                                                                                          \
      statement;                                                                                   \
    } catch (const type&) {                                                                        \
      magpie_thrown.clear();                                                                       \
    } catch (...) {                                                                                \
      magpie_thrown = ::magpie::testing::describe_current_exception();                             \
    }                                                                                              \
    if (!magpie_thrown.empty()) {                                                                  \
      fail << "Expected: " #statement " throws " #type ".\n  Actual: it throws " << magpie_thrown; \
    }                                                                                              \
  } while (false)

#define MAGPIE_CO_NO_THROW_(statement, fail)                                                     \
  do {                                                                                           \
    ::std::string magpie_thrown;                                                                 \
    try {                                                                                        \
      statement;                                                                                 \
    } catch (...) {                                                                              \
      magpie_thrown = ::magpie::testing::describe_current_exception();                           \
    }                                                                                            \
    if (!magpie_thrown.empty())                                                                  \
      fail << "Expected: " #statement " throws nothing.\n  Actual: it throws " << magpie_thrown; \
  } while (false)

// NOLINTEND(bugprone-macro-parentheses)

#endif  // MAGPIE_RUNTIME_TESTING_GTEST_H_
