// Who decides in a simulation: who takes the next turn, and whom a thief tries first.
//
// Part of simulation.cc and explore.cc; nothing for users.
#ifndef MAGPIE_RUNTIME_TESTING_DECISIONS_H_
#define MAGPIE_RUNTIME_TESTING_DECISIONS_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace magpie::testing {

class simulation_options;

namespace decisions {

class decider {
 public:
  decider() = default;
  decider(const decider&) = delete;
  decider& operator=(const decider&) = delete;
  virtual ~decider() = default;

  // Once for each turn, before it.
  virtual void begin_turn() {}
  // Which of these shall try to take it; the ascending numbers of at least two. Gives an index.
  // When one had nothing to do, the others are asked about again, without it.
  virtual std::size_t choose_actor(const std::vector<std::size_t>& candidates) = 0;
  // A number below `alternatives`, which is at least 2.
  virtual std::size_t choose(std::size_t alternatives) = 0;
};

// For so many actors.
std::unique_ptr<decider> make_decider(const simulation_options& settings, std::size_t actors);

// What was decided, one number for each question; `open` leaves it to round robin.
using decision_list = std::vector<std::int64_t>;
constexpr std::int64_t open_decision = -1;

// As text: "2,0,~7,1" is 2, 0, seven open ones, 1. Behind the end all are open; nothing is "~".
std::string format(const decision_list& decisions);
// Throws std::invalid_argument.
decision_list parse(std::string_view text);

}  // namespace decisions
}  // namespace magpie::testing

#endif  // MAGPIE_RUNTIME_TESTING_DECISIONS_H_
