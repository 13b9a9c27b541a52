#include "magpie/runtime/testing/decisions.h"

#include <algorithm>
#include <charconv>
#include <numeric>
#include <random>
#include <stdexcept>
#include <utility>

#include "magpie/runtime/testing/simulation.h"

namespace magpie::testing::decisions {
namespace {

class random_decider final : public decider {
 public:
  explicit random_decider(std::uint64_t seed) : random_(seed) {}

  std::size_t choose_actor(const std::vector<std::size_t>& candidates) override {
    return choose(candidates.size());
  }
  std::size_t choose(std::size_t alternatives) override { return random_() % alternatives; }

 private:
  std::mt19937_64 random_;
};

class round_robin final : public decider {
 public:
  std::size_t choose_actor(const std::vector<std::size_t>& candidates) override {
    const auto next = std::upper_bound(candidates.begin(), candidates.end(), last_);
    const std::size_t index =
        next == candidates.end() ? 0 : static_cast<std::size_t>(next - candidates.begin());
    note(candidates[index]);
    return index;
  }
  std::size_t choose(std::size_t alternatives) override { return ++chosen_ % alternatives; }

  // Somebody else has decided.
  void note(std::size_t actor) { last_ = actor; }

 private:
  std::size_t last_ = SIZE_MAX;
  std::size_t chosen_ = 0;
};

class pct_decider final : public decider {
 public:
  pct_decider(std::uint64_t seed, std::size_t depth, std::size_t turns, std::size_t actors)
      : random_(seed), turns_(turns), priorities_(actors), changes_(depth - 1) {
    std::iota(priorities_.begin(), priorities_.end(), depth);
    for (std::size_t i = actors - 1; i > 0; --i)
      std::swap(priorities_[i], priorities_[random_() % (i + 1)]);
    for (std::size_t& at : changes_)
      at = 1 + random_() % turns_;
  }

  void begin_turn() override {
    ++turn_;
    for (std::size_t i = 0; i < changes_.size(); ++i) {
      if (changes_[i] == turn_) priorities_[last_] = i;  // Below all that it began with.
    }
  }

  std::size_t choose_actor(const std::vector<std::size_t>& candidates) override {
    // A loop that waits for another, with yield(), would keep that one from its turn for ever.
    if (turn_ > turns_) return afterwards_.choose_actor(candidates);
    const auto highest = std::max_element(
        candidates.begin(), candidates.end(),
        [this](std::size_t a, std::size_t b) { return priorities_[a] < priorities_[b]; });
    last_ = *highest;
    return static_cast<std::size_t>(highest - candidates.begin());
  }

  std::size_t choose(std::size_t alternatives) override { return random_() % alternatives; }

 private:
  std::mt19937_64 random_;
  const std::size_t turns_;
  std::size_t turn_ = 0;
  std::size_t last_ = 0;
  std::vector<std::size_t> priorities_;  // Of each actor.
  std::vector<std::size_t> changes_;     // At which turns.
  round_robin afterwards_;
};

class replaying_decider final : public decider {
 public:
  explicit replaying_decider(decision_list decisions) : decisions_(std::move(decisions)) {}

  std::size_t choose_actor(const std::vector<std::size_t>& candidates) override {
    const std::int64_t given = next();
    if (given == open_decision) return open_.choose_actor(candidates);
    const std::size_t index = static_cast<std::size_t>(given) % candidates.size();
    open_.note(candidates[index]);
    return index;
  }

  std::size_t choose(std::size_t alternatives) override {
    const std::int64_t given = next();
    if (given == open_decision) return open_.choose(alternatives);
    return static_cast<std::size_t>(given) % alternatives;
  }

 private:
  std::int64_t next() { return at_ < decisions_.size() ? decisions_[at_++] : open_decision; }

  const decision_list decisions_;
  std::size_t at_ = 0;
  round_robin open_;
};

std::uint32_t number(std::string_view text, std::string_view whole) {
  std::uint32_t value = 0;
  const auto [stopped, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || stopped != text.data() + text.size()) {
    throw std::invalid_argument("magpie: this is no schedule: \"" + std::string(whole) + "\"");
  }
  return value;
}

}  // namespace

std::unique_ptr<decider> make_decider(const simulation_options& settings, std::size_t actors) {
  switch (settings.strategy()) {
    case scheduling::round_robin:
      return std::make_unique<round_robin>();
    case scheduling::pct:
      return std::make_unique<pct_decider>(settings.seed(), settings.pct_depth(),
                                           settings.pct_turns(), actors);
    case scheduling::replay:
      return std::make_unique<replaying_decider>(parse(settings.schedule()));
    case scheduling::random:
      break;
  }
  return std::make_unique<random_decider>(settings.seed());
}

std::string format(const decision_list& decisions) {
  std::string text;
  std::size_t open = 0;
  for (const std::int64_t each : decisions) {
    if (each == open_decision) {
      ++open;
      continue;
    }
    if (open > 0) text += "~" + std::to_string(open) + ",";
    open = 0;
    text += std::to_string(each) + ",";
  }
  if (text.empty()) return "~";
  text.pop_back();
  return text;
}

decision_list parse(std::string_view text) {
  // More would be a mistake, and could fill the memory.
  constexpr std::uint32_t most_open = 100'000'000;
  decision_list decisions;
  if (text == "~") return decisions;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    const std::string_view item = text.substr(begin, end - begin);
    if (item.starts_with('~')) {
      decisions.insert(decisions.end(), std::min(number(item.substr(1), text), most_open),
                       open_decision);
    } else {
      decisions.push_back(number(item, text));
    }
    begin = end + 1;
  }
  return decisions;
}

}  // namespace magpie::testing::decisions
