#include "magpie/runtime/testing/explore.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <exception>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "magpie/runtime/error.h"
#include "magpie/runtime/testing/decisions.h"

namespace magpie::testing {
namespace {

using decisions::decision_list;
using decisions::open_decision;

constexpr std::size_t most_replays = 300;

struct trial {
  bool failed = false;
  std::string message;
  std::string schedule;
};

trial attempt(const simulation_options& settings, const std::function<void(simulation&)>& body) {
  trial result;
  simulation world(settings);
  try {
    body(world);
    return result;
  } catch (const std::exception& error) {
    result.message = error.what();
  } catch (const cancelled&) {
    result.message = "magpie::cancelled";
  } catch (...) {
    result.message = "an exception that is no std::exception";
  }
  result.failed = true;
  result.schedule = world.schedule();
  return result;
}

// Takes decisions out of a list with which the body fails, as long as it does.
class shortening {
 public:
  shortening(simulation_options settings, const std::function<void(simulation&)>& body)
      : settings_(std::move(settings)), body_(body) {}

  // Whether it fails with this list; if so, it is the best that is known.
  bool fails_with(decision_list decisions) {
    ++replays_;
    trial played = attempt(settings_.replay(decisions::format(decisions)), body_);
    if (!played.failed) return false;
    best_ = std::move(decisions);
    message_ = std::move(played.message);
    return true;
  }

  void drop_the_end() {
    if (fails_with({})) return;
    for (std::size_t step = best_.size() / 2; step > 0 && lasts(); step /= 2) {
      while (step < best_.size() && lasts()) {
        if (!fails_with({best_.begin(), best_.end() - static_cast<std::ptrdiff_t>(step)})) break;
      }
    }
  }

  // In smaller and smaller pieces.
  void drop_in_between() {
    for (std::size_t size = best_.size() / 2; size > 0; size /= 2) {
      for (std::size_t begin = 0; begin < best_.size() && lasts(); begin += size) {
        decision_list fewer = best_;
        const auto first = fewer.begin() + static_cast<std::ptrdiff_t>(begin);
        const auto last =
            fewer.begin() + static_cast<std::ptrdiff_t>(std::min(begin + size, fewer.size()));
        std::fill(first, last, open_decision);
        if (fewer != best_) fails_with(std::move(fewer));
      }
    }
  }

  std::string best() const { return decisions::format(best_); }
  const std::string& message() const { return message_; }

 private:
  bool lasts() const { return replays_ < most_replays; }

  simulation_options settings_;
  const std::function<void(simulation&)>& body_;
  std::size_t replays_ = 0;
  decision_list best_;
  std::string message_;
};

failed_schedule shorten(std::uint64_t seed, const trial& first, const simulation_options& settings,
                        const std::function<void(simulation&)>& body) {
  shortening shorter(settings, body);
  if (!shorter.fails_with(decisions::parse(first.schedule))) {
    return {settings.workers(), seed, first.schedule,
            first.message +
                "\n(It did not fail again when the same schedule was played once more: something "
                "else, such as a static variable or an address, decides what it does.)"};
  }
  shorter.drop_the_end();
  shorter.drop_in_between();
  return {settings.workers(), seed, shorter.best(), shorter.message()};
}

std::optional<std::uint64_t> seed_of_environment() {
  const char* const text = std::getenv("MAGPIE_TEST_SEED");
  if (text == nullptr) return std::nullopt;
  const std::string_view digits(text);
  std::uint64_t seed = 0;
  const auto [stopped, error] = std::from_chars(digits.data(), digits.data() + digits.size(), seed);
  if (error != std::errc() || stopped != digits.data() + digits.size()) {
    throw std::invalid_argument("magpie: MAGPIE_TEST_SEED is no number: " + std::string(digits));
  }
  return seed;
}

}  // namespace

std::optional<failed_schedule> explore(std::size_t count, const simulation_options& settings,
                                       const std::function<void(simulation&)>& body) {
  simulation_options own = settings;
  own.record(true);
  if (const char* const schedule = std::getenv("MAGPIE_TEST_SCHEDULE")) {
    trial only = attempt(own.replay(schedule), body);
    if (!only.failed) return std::nullopt;
    return failed_schedule{own.workers(), 0, schedule, std::move(only.message)};
  }
  const std::optional<std::uint64_t> wanted = seed_of_environment();
  const std::uint64_t first = wanted.value_or(1);
  const std::uint64_t last = wanted.value_or(count);
  for (std::uint64_t seed = first; seed <= last; ++seed) {
    const trial played = attempt(own.seed(seed), body);
    if (played.failed) return shorten(seed, played, own, body);
    if (seed == last) break;
  }
  return std::nullopt;
}

std::string how_to_replay(const failed_schedule& failed) {
  return "seed " + std::to_string(failed.seed) +
         "; to run this one alone: MAGPIE_TEST_SCHEDULE=" + failed.schedule +
         ", or simulation_options().workers(" + std::to_string(failed.workers) + ").replay(\"" +
         failed.schedule + "\")";
}

}  // namespace magpie::testing
