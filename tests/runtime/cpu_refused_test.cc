// cpu() when the system refuses oneTBB its threads. oneTBB remembers that for the whole process, so
// this is a program of its own.
#include <dlfcn.h>
#include <gtest/gtest.h>
#include <pthread.h>

#include <atomic>
#include <cerrno>
#include <string>
#include <system_error>

#include "magpie/runtime/blocking.h"
#include "magpie/runtime/cpu.h"
#include "magpie/runtime/run.h"

namespace {

std::atomic<bool> refuses{false};

}  // namespace

extern "C" int pthread_create(pthread_t* thread, const pthread_attr_t* attributes,
                              void* (*start)(void*), void* argument) {
  using function = int (*)(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*);
  static const auto real = reinterpret_cast<function>(::dlsym(RTLD_NEXT, "pthread_create"));
  return refuses ? EAGAIN : real(thread, attributes, start, argument);
}

namespace magpie::testing {
namespace {

task<std::string> refusal() {
  std::string message;
  try {
    co_await cpu([] {});
  } catch (const std::system_error& error) {
    message = error.what();
  }
  co_return message;
}

TEST(cpu_refused_test, is_told_each_time_and_keeps_nobody_waiting) {
  runtime first(options().workers(1));
  refuses = true;
  const std::string told = first.run(refusal());
  EXPECT_NE(told.find("use blocking()"), std::string::npos) << told;
  refuses = false;
  EXPECT_EQ(first.run(refusal()), told);
  // In another runtime, too; and what was advised works.
  runtime second(options().workers(1));
  EXPECT_EQ(second.run(refusal()), told);
  auto advised = []() -> task<int> {
    const int got = co_await blocking([] { return 3; });
    co_return got;
  };
  EXPECT_EQ(second.run(advised()), 3);
}

}  // namespace
}  // namespace magpie::testing
