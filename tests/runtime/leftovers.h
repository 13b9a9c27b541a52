// What a test of the runtime must not leave behind: instances, and threads.
#ifndef MAGPIE_TESTS_RUNTIME_LEFTOVERS_H_
#define MAGPIE_TESTS_RUNTIME_LEFTOVERS_H_

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>

namespace magpie::testing {

// Counts its instances. One that lives in a coroutine's frame counts the frames.
class counted {
 public:
  counted() noexcept { ++live_; }
  counted(const counted&) noexcept { ++live_; }
  counted(counted&&) noexcept { ++live_; }
  counted& operator=(const counted&) noexcept = default;
  counted& operator=(counted&&) noexcept = default;
  ~counted() { --live_; }

  static int live() noexcept { return live_.load(); }

 private:
  static inline std::atomic<int> live_{0};
};

// The threads that live. One that has been joined is still listed for a moment: the kernel tells
// its joiner first and takes it off the list afterwards. It has the flag PF_EXITING by then.
inline std::size_t threads_of_process() {
  constexpr unsigned long exiting = 0x4;
  std::size_t living = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/task")) {
    std::ifstream file(entry.path() / "stat");
    std::string line;
    if (!std::getline(file, line)) continue;  // Gone since it was listed.
    // The name, in brackets, may hold anything; the flags are the seventh field behind it.
    std::istringstream fields(line.substr(line.rfind(')') + 1));
    std::string skipped;
    for (int i = 0; i < 6; ++i)
      fields >> skipped;
    unsigned long flags = 0;
    if (fields >> flags && (flags & exiting) == 0) ++living;
  }
  return living;
}

// Threads that nobody joins end a little after they have said so. True as soon as there are no
// more than `most` threads; false after ten seconds.
inline bool threads_fall_to(std::size_t most) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (threads_of_process() > most) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

// Base of the tests. Frames that leak are found by the leak sanitizer as well, but only in its own
// configuration.
template <class Base>
class leaves_nothing_behind : public Base {
 protected:
  void SetUp() override {
    ASSERT_EQ(counted::live(), 0);
    // ThreadSanitizer starts a thread of its own together with the first one.
    std::thread([] {}).join();
    threads_before_ = threads_of_process();
  }
  void TearDown() override {
    EXPECT_EQ(counted::live(), 0) << "instances have been left behind";
    EXPECT_TRUE(threads_fall_to(threads_before_ + threads_that_stay_))
        << "threads have been left behind";
  }

  // oneTBB keeps its threads for the next arena.
  void expect_threads_of_onetbb() { threads_that_stay_ = 1024; }

 private:
  std::size_t threads_before_ = 0;
  std::size_t threads_that_stay_ = 0;
};

using runtime_test = leaves_nothing_behind<::testing::Test>;

// Parameter: the number of workers.
using over_workers = leaves_nothing_behind<::testing::TestWithParam<std::size_t>>;

inline std::string workers_name(const ::testing::TestParamInfo<std::size_t>& info) {
  return std::to_string(info.param) + (info.param == 1 ? "_worker" : "_workers");
}

}  // namespace magpie::testing

// NOLINTNEXTLINE(cppcoreguidelines-macro-usage)
#define MAGPIE_OVER_WORKERS(suite)                                     \
  INSTANTIATE_TEST_SUITE_P(over, suite, ::testing::Values(1U, 2U, 8U), \
                           ::magpie::testing::workers_name)

#endif  // MAGPIE_TESTS_RUNTIME_LEFTOVERS_H_
