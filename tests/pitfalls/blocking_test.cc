// Tasks that keep their worker: they block, they compute; and tasks for what never waits.
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <numeric>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "magpie/magpie.h"
#include "magpie/runtime/internal/reporting.h"
#include "magpie/runtime/testing/simulation.h"
#include "magpie/tests/pitfalls/said.h"

namespace {

using namespace magpie::testing;
using namespace std::chrono_literals;

// Runs the task, named `name`, on one worker, until it has ended. Calls `heard` when it is reported
// that it keeps its worker, and gives what was said of it first.
std::string long_turn_of(magpie::task<> what, const std::string& name,
                         const std::function<void()>& heard) {
  std::mutex mutex;
  std::string said;
  const auto hook = [&](const magpie::report& each) {
    const std::lock_guard lock(mutex);
    if (each.task_name != name || !said.empty()) return;  // The machine was busy.
    said = magpie::internal::describe(each);
    heard();
  };
  auto body = [](magpie::task<> inner, std::string its_name) -> magpie::task<> {
    auto handle = magpie::spawn(std::move(inner), std::move(its_name));
    co_await handle;
  };
  magpie::run(body(std::move(what), name),
              magpie::options().workers(1).report_long_turns(1ms).on_report(hook));
  return said;
}

// ---------------------------------------------------------------------------------------- sleeping

class printer {
 public:
  bool has_paper() const { return has_paper_; }
  void add_paper() { has_paper_ = true; }

 private:
  std::atomic<bool> has_paper_{false};
};

namespace wrong {

// [sleep_wrong]
magpie::task<> wait_for_paper(const printer& from) {
  while (!from.has_paper())
    std::this_thread::sleep_for(1ms);
  co_return;
}
// [sleep_wrong end]

}  // namespace wrong

namespace right {

// [sleep_right]
magpie::task<> wait_for_paper(const printer& from) {
  while (!from.has_paper())
    co_await magpie::sleep_for(1ms);
}
// [sleep_right end]

}  // namespace right

TEST(sleeping_thread_test, the_wrong_one_is_named_while_it_sleeps) {
  printer empty;
  const std::string said =
      long_turn_of(wrong::wait_for_paper(empty), "print", [&] { empty.add_paper(); });
  EXPECT_TRUE(is_quoted(said, "long_turn"));
}

// With one worker, the other task comes to its turn only if this one gives way.
TEST(sleeping_thread_test, the_right_one_lets_others_run) {
  auto office = []() -> magpie::task<> {
    printer empty;
    auto adds_paper = [&]() -> magpie::task<> {
      co_await magpie::sleep_for(1s);
      empty.add_paper();
    };
    co_await magpie::gather(right::wait_for_paper(empty), adds_paper());
  };
  EXPECT_TRUE(is_right(office));
}

// ----------------------------------------------------------------------------------------- reading

namespace wrong {

// [read_wrong]
magpie::task<char> read_key(int terminal) {
  char key = 0;
  const ssize_t got = ::read(terminal, &key, 1);  // Until somebody presses one.
  co_return got == 1 ? key : '\0';
}
// [read_wrong end]

}  // namespace wrong

namespace right {

// [read_right]
magpie::task<char> read_key(int terminal) {
  char key = 0;
  const ssize_t got = co_await magpie::blocking([&] { return ::read(terminal, &key, 1); });
  co_return got == 1 ? key : '\0';
}
// [read_right end]

}  // namespace right

class blocking_read_test : public ::testing::Test {
 protected:
  blocking_read_test() { EXPECT_EQ(::pipe(ends_.data()), 0); }
  ~blocking_read_test() override {
    ::close(ends_[0]);
    ::close(ends_[1]);
  }

  int terminal() const { return ends_[0]; }
  void press(char key) const { EXPECT_EQ(::write(ends_[1], &key, 1), 1); }

 private:
  std::array<int, 2> ends_{};
};

TEST_F(blocking_read_test, the_wrong_one_is_named_while_it_reads) {
  char pressed = '\0';
  auto read = [&]() -> magpie::task<> { pressed = co_await wrong::read_key(terminal()); };
  const std::string said = long_turn_of(read(), "keys", [&] { press('y'); });
  EXPECT_NE(said.find("has kept worker 0 for 1 ms or longer"), std::string::npos) << said;
  EXPECT_EQ(pressed, 'y');
}

TEST_F(blocking_read_test, the_right_one_lets_others_run) {
  char pressed = '\0';
  auto read = [&]() -> magpie::task<> { pressed = co_await right::read_key(terminal()); };
  auto somebody = [&]() -> magpie::task<> {
    press('y');
    co_return;
  };
  auto both = [&]() -> magpie::task<> { co_await magpie::gather(read(), somebody()); };
  magpie::run(both(), magpie::options().workers(1));
  EXPECT_EQ(pressed, 'y');
}

// --------------------------------------------------------------------------------------- computing

std::atomic<bool> heard_of_it{true};

// As long as it takes until somebody has said that it takes long.
long heavy(long n) {
  while (!heard_of_it) {
  }
  return n * n;
}

namespace wrong {

// [cpu_wrong]
magpie::task<long> total(std::vector<long> numbers) {
  long sum = 0;
  for (const long each : numbers)
    sum += heavy(each);
  co_return sum;
}
// [cpu_wrong end]

}  // namespace wrong

namespace right {

// [yield_right]
magpie::task<long> total_in_pieces(std::vector<long> numbers) {
  long sum = 0;
  for (const long each : numbers) {
    sum += heavy(each);
    co_await magpie::yield();
  }
  co_return sum;
}
// [yield_right end]

// [cpu_right]
magpie::task<long> total(std::vector<long> numbers) {
  co_return co_await magpie::cpu([&] {
    return std::transform_reduce(numbers.begin(), numbers.end(), 0L, std::plus<>(), heavy);
  });
}
// [cpu_right end]

}  // namespace right

const std::vector<long> five_numbers{1, 2, 3, 4, 5};

// How often another task on the same worker has its turn while the sum is computed.
int beats_during(const std::function<magpie::task<long>()>& total) {
  int beats = 0;
  auto heart = [&]() -> magpie::task<> {
    for (;;) {
      ++beats;
      co_await magpie::yield();
    }
  };
  auto body = [&]() -> magpie::task<int> {
    magpie::spawn(heart(), "heart").detach();
    const int before = beats;
    const long sum = co_await total();
    EXPECT_EQ(sum, 55);
    co_return beats - before;
  };
  return simulate(body());
}

TEST(computing_test, the_wrong_one_is_named_while_it_computes) {
  heard_of_it = false;
  auto compute = []() -> magpie::task<> {
    const long sum = co_await wrong::total(five_numbers);
    EXPECT_EQ(sum, 55);
  };
  const std::string said = long_turn_of(compute(), "report", [] { heard_of_it = true; });
  EXPECT_NE(said.find("has kept worker 0 for 1 ms or longer"), std::string::npos) << said;
}

TEST(computing_test, nobody_else_has_a_turn) {
  EXPECT_EQ(beats_during([] { return wrong::total(five_numbers); }), 0);
}

TEST(computing_test, the_right_ones_let_others_run) {
  EXPECT_EQ(beats_during([] { return right::total_in_pieces(five_numbers); }), 5);
  EXPECT_GE(beats_during([] { return right::total(five_numbers); }), 1);
}

// -------------------------------------------------------------------------- tasks that never wait

namespace wrong {

// [everywhere_wrong]
magpie::task<int> square(int n) {
  const int squared = n * n;
  co_return squared;
}

magpie::task<int> sum_of_squares(std::vector<int> numbers) {
  std::vector<magpie::task<int>> squares;
  for (const int each : numbers)
    squares.push_back(square(each));
  const std::vector<int> values = co_await magpie::gather(std::move(squares));
  co_return std::accumulate(values.begin(), values.end(), 0);
}
// [everywhere_wrong end]

}  // namespace wrong

namespace right {

// [everywhere_right]
int square(int n) {
  return n * n;
}

int sum_of_squares(const std::vector<int>& numbers) {
  int sum = 0;
  for (const int each : numbers)
    sum += square(each);
  return sum;
}
// [everywhere_right end]

}  // namespace right

// What a test of one's own can hold a computation to.
std::uint64_t turns_of(magpie::task<int> what) {
  // [turns]
  simulation world;
  const int sum = world.run(std::move(what));
  const std::uint64_t turns = world.turns();
  // [turns end]
  EXPECT_EQ(sum, 1000);
  return turns;
}

TEST(never_waits_test, the_wrong_one_takes_a_turn_for_each_element) {
  EXPECT_GE(turns_of(wrong::sum_of_squares(std::vector<int>(1000, 1))), 1000U);
}

TEST(never_waits_test, the_right_one_takes_one) {
  auto body = []() -> magpie::task<int> {
    co_return right::sum_of_squares(std::vector<int>(1000, 1));
  };
  EXPECT_EQ(turns_of(body()), 1U);
}

}  // namespace
