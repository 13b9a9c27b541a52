#include "magpie/benchmarks/report/sample.h"

#include <nlohmann/json.hpp>
#include <stdexcept>

namespace magpie::bench {
namespace {

using nlohmann::json;

std::optional<double> optional_number(const json& line, const char* key) {
  const auto found = line.find(key);
  if (found == line.end() || found->is_null()) return std::nullopt;
  return found->get<double>();
}

}  // namespace

std::string encode(const sample& s) {
  json line = {{"wall_s", s.wall_s},
               {"cpu_s", s.cpu_s},
               {"peak_rss_bytes", s.peak_rss_bytes},
               {"base_rss_bytes", s.base_rss_bytes},
               {"extra", s.extra}};
  if (s.p50_us) line["p50_us"] = *s.p50_us;
  if (s.p99_us) line["p99_us"] = *s.p99_us;
  if (s.heartbeat_lag_us) line["heartbeat_lag_us"] = *s.heartbeat_lag_us;
  if (s.check) line["check"] = *s.check;
  return line.dump();
}

std::string encode_error(const std::string& message) {
  return json{{"error", message}}.dump();
}

sample decode(const std::string& line) {
  const json parsed = json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (!parsed.is_object()) {
    throw std::runtime_error("the run sent no result: \"" + line.substr(0, 200) + "\"");
  }
  if (const auto error = parsed.find("error"); error != parsed.end()) {
    throw std::runtime_error(error->is_string() ? error->get<std::string>() : error->dump());
  }
  try {
    sample s;
    s.wall_s = parsed.at("wall_s").get<double>();
    s.cpu_s = parsed.at("cpu_s").get<double>();
    s.peak_rss_bytes = parsed.at("peak_rss_bytes").get<double>();
    s.base_rss_bytes = parsed.at("base_rss_bytes").get<double>();
    s.p50_us = optional_number(parsed, "p50_us");
    s.p99_us = optional_number(parsed, "p99_us");
    s.heartbeat_lag_us = optional_number(parsed, "heartbeat_lag_us");
    if (parsed.contains("check")) s.check = parsed["check"].get<std::uint64_t>();
    if (parsed.contains("extra")) {
      s.extra = parsed["extra"].get<std::map<std::string, double>>();
    }
    return s;
  } catch (const json::exception& e) {
    throw std::runtime_error(std::string("the run sent an incomplete result: ") + e.what());
  }
}

}  // namespace magpie::bench
