#include "magpie/benchmarks/report/operations.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

namespace magpie::bench {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view k_plain[] = {strategies::sequential, strategies::thread_per_operation,
                                        strategies::thread_pool};
constexpr std::string_view k_magpie[] = {strategies::magpie_1, strategies::magpie_n,
                                         strategies::magpie_cpu, strategies::magpie_blocking,
                                         strategies::magpie_inline};

parameters two_workers() {
  return parameters().set("workers", 2).set("count", 50);
}

// Each operation once gives 1 + 2 + ... + 50.
constexpr std::uint64_t k_sum = 1275;

class calls : public timed_operations {
 public:
  explicit calls(const parameters& p) : timed_operations(p.count("count")) {}

  void call(std::size_t i) { sum_ += i + 1; }
  void finish(meter& m) {
    m.check(sum_);
    timed_operations::finish(m);
  }

 private:
  std::atomic<std::uint64_t> sum_ = 0;
};

class waits : public operations {
 public:
  explicit waits(const parameters& p) : count_(p.count("count")) {}

  std::size_t count() const { return count_; }
  void block(std::size_t i) {
    begin();
    std::this_thread::sleep_for(200us);
    end(i);
  }
  task<> await(std::size_t i, call_site) {
    begin();
    co_await sleep_for(200us);
    end(i);
  }
  void finish(meter& m) {
    m.check(sum_);
    m.extra("most", static_cast<double>(most_));
  }

 private:
  void begin() {
    const std::size_t now = ++running_;
    std::size_t most = most_;
    while (most < now && !most_.compare_exchange_weak(most, now)) {
    }
  }
  void end(std::size_t i) {
    --running_;
    sum_ += i + 1;
    ended(i);
  }

  const std::size_t count_;
  std::atomic<std::size_t> running_ = 0;
  std::atomic<std::size_t> most_ = 0;
  std::atomic<std::uint64_t> sum_ = 0;
};

class slow_calls : public calls {
 public:
  static constexpr bool k_heartbeat = true;
  using calls::calls;
  void call(std::size_t i) {
    std::this_thread::sleep_for(3ms);
    calls::call(i);
  }
};

template <class Work>
sample run_once(std::string_view strategy, const parameters& p) {
  meter m;
  run_operations<Work>(strategy, p, m);
  return m.result();
}

TEST(operations, each_strategy_makes_each_call_once) {
  std::vector<std::string_view> all(std::begin(k_plain), std::end(k_plain));
  all.insert(all.end(), std::begin(k_magpie), std::end(k_magpie));
  for (const std::string_view strategy : all) {
    const sample s = run_once<calls>(strategy, two_workers());
    EXPECT_EQ(s.check, k_sum) << strategy;
    EXPECT_TRUE(s.p50_us && s.p99_us) << strategy;
    EXPECT_FALSE(s.heartbeat_lag_us) << strategy;
  }
}

TEST(operations, batches_and_lanes_do_each_operation_once) {
  EXPECT_EQ(run_once<calls>(strategies::magpie_n, two_workers().set("batch", 7)).check, k_sum);
  EXPECT_EQ(run_once<calls>(strategies::magpie_n, two_workers().set("concurrency", 7)).check,
            k_sum);
}

TEST(operations, no_more_run_at_once_than_the_parameters_say) {
  const auto most = [](std::string_view strategy, const parameters& p) {
    const sample s = run_once<waits>(strategy, p);
    EXPECT_EQ(s.check, k_sum) << strategy;
    return s.extra.at("most");
  };
  EXPECT_EQ(most(strategies::sequential, two_workers()), 1);
  EXPECT_LE(most(strategies::thread_per_operation, two_workers().set("alive", 3)), 3);
  EXPECT_LE(most(strategies::thread_pool, two_workers()), 2);
  EXPECT_LE(most(strategies::thread_pool, two_workers().set("pool_threads", 3)), 3);
  EXPECT_LE(most(strategies::magpie_n, two_workers().set("concurrency", 3)), 3);
  EXPECT_LE(most(strategies::magpie_n, two_workers().set("batch", 3)), 3);
}

TEST(operations, a_heartbeat_beats_beside_them_where_asked) {
  const parameters few = parameters().set("workers", 2).set("count", 2);
  for (const std::string_view strategy : {strategies::sequential, strategies::magpie_1}) {
    EXPECT_TRUE(run_once<slow_calls>(strategy, few).heartbeat_lag_us) << strategy;
  }
}

}  // namespace
}  // namespace magpie::bench
