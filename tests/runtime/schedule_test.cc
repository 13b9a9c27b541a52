// The strategies of a simulation, and how a failure is found, shortened and played again.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "magpie/runtime/cpu.h"
#include "magpie/runtime/gather.h"
#include "magpie/runtime/sleep.h"
#include "magpie/runtime/testing/decisions.h"
#include "magpie/runtime/testing/explore.h"
#include "magpie/runtime/testing/simulation.h"
#include "magpie/tests/runtime/leftovers.h"

namespace magpie::testing {
namespace schedule_test {

using namespace std::chrono_literals;

// ---------------------------------------------------------------------------------- what is played

// Many tasks that yield, sleep and compute; who ran, in which order.
task<> mixed(std::string& trace) {
  auto step = [&trace](int name) -> task<> {
    const counted frame;
    for (int i = 0; i < 3; ++i) {
      trace += static_cast<char>('a' + name);
      co_await yield();
    }
    co_await cpu([&trace] { trace += '!'; });
    co_await sleep_for(std::chrono::milliseconds(name % 2));
    trace += static_cast<char>('A' + name);
  };
  std::vector<task<>> all;
  for (int i = 0; i < 6; ++i)
    all.push_back(step(i));
  co_await gather(std::move(all));
}

// Fails if all the others take their ten turns between two of its own.
task<> deep_race(int others) {
  int turns = 0;
  auto works = [&turns]() -> task<> {
    for (int i = 0; i < 10; ++i) {
      co_await yield();
      ++turns;
    }
  };
  auto looks = [&turns, others]() -> task<> {
    const int before = turns;
    co_await yield();
    if (turns - before == 10 * others) throw std::runtime_error("overtaken by all");
  };
  std::vector<task<>> all;
  all.push_back(looks());
  for (int i = 0; i < others; ++i)
    all.push_back(works());
  co_await gather(std::move(all));
}

// Reads, lets others run, writes.
task<> lost_update(int& sum) {
  const int read = sum;
  co_await yield();
  sum = read + 1;
}

task<> two_updates() {
  int sum = 0;
  co_await gather(lost_update(sum), lost_update(sum));
  if (sum != 2) throw std::runtime_error("an update is lost");
}

std::function<void(simulation&)> playing(task<> (*body)()) {
  return [body](simulation& world) { world.run(body()); };
}

struct outcome_of_run {
  std::string trace;
  std::uint64_t hash = 0;
  std::string schedule;
  bool operator==(const outcome_of_run&) const = default;
};

outcome_of_run play(simulation_options settings) {
  outcome_of_run result;
  simulation world(settings.record(true));
  world.run(mixed(result.trace));
  result.hash = world.decision_hash();
  result.schedule = world.schedule();
  return result;
}

// ---------------------------------------------------------------------------------- strategies

struct strategy_case {
  const char* name;
  std::size_t workers;
  void (*choose)(simulation_options& of);
};

class strategy_test : public leaves_nothing_behind<::testing::TestWithParam<strategy_case>> {
 protected:
  static simulation_options settings(std::uint64_t seed) {
    simulation_options made = simulation_options().workers(GetParam().workers).seed(seed);
    GetParam().choose(made);
    return made;
  }
};

void random_order(simulation_options& of) {
  of.random();
}
void in_turn(simulation_options& of) {
  of.round_robin();
}
void by_priority(simulation_options& of) {
  of.pct(3, 60);
}

INSTANTIATE_TEST_SUITE_P(over, strategy_test,
                         ::testing::Values(strategy_case{"random_1", 1, random_order},
                                           strategy_case{"random_2", 2, random_order},
                                           strategy_case{"random_8", 8, random_order},
                                           strategy_case{"round_robin_1", 1, in_turn},
                                           strategy_case{"round_robin_2", 2, in_turn},
                                           strategy_case{"round_robin_8", 8, in_turn},
                                           strategy_case{"pct_1", 1, by_priority},
                                           strategy_case{"pct_2", 2, by_priority},
                                           strategy_case{"pct_8", 8, by_priority}),
                         [](const auto& of) { return std::string(of.param.name); });

TEST_P(strategy_test, the_same_seed_gives_the_same_decisions) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed)
    EXPECT_EQ(play(settings(seed)), play(settings(seed))) << seed;
}

TEST_P(strategy_test, what_was_recorded_replays_exactly) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const outcome_of_run first = play(settings(seed));
    const outcome_of_run again =
        play(simulation_options().workers(GetParam().workers).replay(first.schedule));
    EXPECT_EQ(again.trace, first.trace) << first.schedule;
    EXPECT_EQ(again.hash, first.hash) << first.schedule;
  }
}

TEST_P(strategy_test, nothing_is_recorded_without_being_asked) {
  simulation world(settings(1));
  std::string trace;
  world.run(mixed(trace));
  EXPECT_EQ(world.schedule(), "");
}

// Its end needs turns of a task that a strategy by priority would never give it.
TEST_P(strategy_test, a_loop_that_yields_until_another_has_acted_ends) {
  bool done = false;
  auto waits = [&done]() -> task<> {
    while (!done)
      co_await yield();
  };
  auto acts = [&done]() -> task<> {
    for (int i = 0; i < 10; ++i)
      co_await yield();
    done = true;
  };
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    auto both = [&]() -> task<> {
      done = false;
      co_await gather(waits(), acts());
    };
    simulate(both(), settings(seed));
  }
}

class schedule_test : public runtime_test {};

TEST_F(schedule_test, round_robin_asks_everybody_in_turn) {
  const auto decider = decisions::make_decider(simulation_options().round_robin(), 3);
  const std::vector<std::size_t> all{0, 1, 2};
  std::vector<std::size_t> asked;
  for (int i = 0; i < 4; ++i)
    asked.push_back(all[decider->choose_actor(all)]);
  EXPECT_EQ(asked, (std::vector<std::size_t>{0, 1, 2, 0}));
  EXPECT_EQ(decider->choose_actor({0, 2}), 1U);
  EXPECT_EQ(decider->choose_actor({0, 1}), 0U);
  EXPECT_EQ(play(simulation_options().workers(3).round_robin().seed(1)),
            play(simulation_options().workers(3).round_robin().seed(2)));
}

std::size_t times_found(simulation_options settings, const std::function<task<>()>& body) {
  std::size_t found = 0;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    try {
      simulate(body(), settings.seed(seed));
    } catch (const std::runtime_error&) {
      ++found;
    }
  }
  return found;
}

// What takes a long time without one of the workers is what a random order hardly ever has.
TEST_F(schedule_test, pct_finds_what_random_orders_do_not) {
  const auto body = [] { return deep_race(3); };
  const std::size_t by_pct = times_found(simulation_options().workers(2).pct(2, 60), body);
  EXPECT_GE(by_pct, 5U);
  EXPECT_LT(5 * times_found(simulation_options().workers(2).random(), body), by_pct);
}

TEST_F(schedule_test, pct_with_different_seeds_gives_different_runs) {
  std::set<std::string> traces;
  for (std::uint64_t seed = 1; seed <= 50; ++seed)
    traces.insert(play(simulation_options().workers(8).pct(3, 60).seed(seed)).trace);
  EXPECT_GE(traces.size(), 20U);
}

TEST_F(schedule_test, bad_values_are_refused) {
  EXPECT_THROW(simulation_options().pct(0, 10), std::invalid_argument);
  EXPECT_THROW(simulation_options().pct(1, 0), std::invalid_argument);
  for (const char* bad : {"", ",", "1,", "1,,2", "a", "-1", "~x", "~,1", "1 2", "99999999999"})
    EXPECT_THROW(simulation_options().replay(bad), std::invalid_argument) << bad;
}

TEST_F(schedule_test, text_and_list_say_the_same) {
  using decisions::open_decision;
  const decisions::decision_list list{2, open_decision, open_decision, 0, 7, open_decision};
  EXPECT_EQ(decisions::format(list), "2,~2,0,7");
  EXPECT_EQ(decisions::parse("2,~2,0,7"), decisions::decision_list(list.begin(), list.end() - 1));
  EXPECT_EQ(decisions::format({}), "~");
  EXPECT_EQ(decisions::format({open_decision}), "~");
  EXPECT_TRUE(decisions::parse("~").empty());
}

TEST_F(schedule_test, what_is_left_open_goes_on_from_what_is_given) {
  const auto decider = decisions::make_decider(simulation_options().replay("1,~1,2"), 3);
  std::vector<std::size_t> asked;
  for (int i = 0; i < 4; ++i)
    asked.push_back(decider->choose_actor({0, 1, 2}));
  EXPECT_EQ(asked, (std::vector<std::size_t>{1, 2, 2, 0}));
}

// ---------------------------------------------------------------------------------- explore

TEST_F(schedule_test, explore_finds_shortens_and_replays) {
  const auto body = playing([] { return deep_race(3); });
  const simulation_options settings = simulation_options().workers(2).pct(2, 60);
  const std::optional<failed_schedule> failed = explore(300, settings, body);
  ASSERT_TRUE(failed.has_value());
  EXPECT_EQ(failed->message, "overtaken by all");
  EXPECT_GE(failed->seed, 1U);

  simulation_options again = simulation_options().workers(2);
  simulation whole(simulation_options(settings).seed(failed->seed).record(true));
  EXPECT_THROW(body(whole), std::runtime_error);
  const auto decided = [](const std::string& schedule) {
    const decisions::decision_list all = decisions::parse(schedule);
    return all.size() -
           static_cast<std::size_t>(std::count(all.begin(), all.end(), decisions::open_decision));
  };
  EXPECT_LT(decided(failed->schedule), decided(whole.schedule()));

  std::set<std::uint64_t> hashes;
  for (int i = 0; i < 3; ++i) {
    simulation world(again.replay(failed->schedule));
    EXPECT_THROW(body(world), std::runtime_error);
    hashes.insert(world.decision_hash());
  }
  EXPECT_EQ(hashes.size(), 1U);
  EXPECT_NE(how_to_replay(*failed).find("MAGPIE_TEST_SCHEDULE=" + failed->schedule),
            std::string::npos);
}

TEST_F(schedule_test, what_fails_in_every_order_needs_no_decision) {
  const auto failed = explore(3, simulation_options().workers(2), [](simulation& world) {
    auto fails = []() -> task<> {
      co_await yield();
      throw std::runtime_error("always");
    };
    world.run(fails());
  });
  ASSERT_TRUE(failed.has_value());
  EXPECT_EQ(failed->seed, 1U);
  EXPECT_EQ(failed->schedule, "~");
}

TEST_F(schedule_test, a_lost_update_is_found_by_all) {
  for (auto choose : {random_order, in_turn, by_priority}) {
    simulation_options settings = simulation_options().workers(2);
    choose(settings);
    const auto failed = explore(100, settings, playing(two_updates));
    ASSERT_TRUE(failed.has_value());
    EXPECT_EQ(failed->message, "an update is lost");
  }
}

TEST_F(schedule_test, explore_gives_nothing_for_what_is_right) {
  std::size_t runs = 0;
  std::string trace;
  const auto failed = explore(25, simulation_options().workers(2), [&](simulation& world) {
    ++runs;
    world.run(mixed(trace));
  });
  EXPECT_FALSE(failed.has_value());
  EXPECT_EQ(runs, 25U);
}

TEST_F(schedule_test, a_deadlock_is_a_failure) {
  const auto failed = explore(2, simulation_options(),
                              [](simulation& world) { world.run_until([] { return false; }); });
  ASSERT_TRUE(failed.has_value());
  EXPECT_NE(failed->message.find("nothing can run any more"), std::string::npos);
}

TEST_F(schedule_test, explore_says_so_if_something_else_decides) {
  int runs = 0;
  const auto failed = explore(5, simulation_options().workers(2), [&runs](simulation&) {
    if (++runs == 3) throw std::runtime_error("the third time");
  });
  ASSERT_TRUE(failed.has_value());
  EXPECT_EQ(failed->seed, 3U);
  EXPECT_NE(failed->message.find("did not fail again"), std::string::npos) << failed->message;
}

// Sets a variable of the environment for a while.
class variable {
 public:
  variable(const char* name, const std::string& value) : name_(name) {
    ::setenv(name, value.c_str(), 1);
  }
  variable(const variable&) = delete;
  variable& operator=(const variable&) = delete;
  ~variable() { ::unsetenv(name_); }

 private:
  const char* name_;
};

TEST_F(schedule_test, the_environment_chooses_one_seed) {
  std::vector<std::string> traces;
  const auto body = [&](simulation& world) {
    traces.emplace_back();
    world.run(mixed(traces.back()));
  };
  const simulation_options settings = simulation_options().workers(8);
  {
    const variable seed("MAGPIE_TEST_SEED", "7");
    EXPECT_FALSE(explore(100, settings, body).has_value());
  }
  EXPECT_EQ(traces, std::vector{play(simulation_options().workers(8).seed(7)).trace});
  const variable seed("MAGPIE_TEST_SEED", "seven");
  EXPECT_THROW(explore(100, settings, body), std::invalid_argument);
}

TEST_F(schedule_test, the_environment_chooses_one_schedule) {
  const outcome_of_run wanted = play(simulation_options().workers(8).pct(3, 60).seed(5));
  std::vector<std::string> traces;
  const auto body = [&](simulation& world) {
    traces.emplace_back();
    world.run(mixed(traces.back()));
  };
  const variable schedule("MAGPIE_TEST_SCHEDULE", wanted.schedule);
  EXPECT_FALSE(explore(100, simulation_options().workers(8), body).has_value());
  EXPECT_EQ(traces, std::vector{wanted.trace});
}

}  // namespace schedule_test
}  // namespace magpie::testing
