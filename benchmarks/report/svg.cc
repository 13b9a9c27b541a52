#include "magpie/benchmarks/report/svg.h"

#include <algorithm>
#include <cstdio>
#include <limits>
#include <utility>

#include "magpie/benchmarks/report/axis.h"
#include "magpie/benchmarks/report/format.h"
#include "magpie/benchmarks/report/strategy.h"
#include "magpie/benchmarks/report/table.h"

namespace magpie::bench {
namespace {

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", value);
  return text;
}

std::string element(const std::string& name, const std::string& attributes,
                    const std::string& inside = {}) {
  return "<" + name + " " + attributes + (inside.empty() ? "/>" : ">" + inside + "</" + name + ">");
}

std::string line(double x1, double y1, double x2, double y2, const std::string& css) {
  return element("line", "x1='" + number(x1) + "' y1='" + number(y1) + "' x2='" + number(x2) +
                             "' y2='" + number(y2) + "' class='" + css + "'");
}

std::string label(double x, double y, const std::string& css, std::string_view text) {
  return element("text", "x='" + number(x) + "' y='" + number(y) + "' class='" + css + "'",
                 escape(text));
}

std::string dot(double x, double y, double radius, const std::string& css,
                const std::string& title) {
  return element("circle",
                 "cx='" + number(x) + "' cy='" + number(y) + "' r='" + number(radius) +
                     "' class='" + css + "'",
                 "<title>" + escape(title) + "</title>");
}

std::string open_svg(double width, double height, std::string_view description) {
  return "<svg viewBox='0 0 " + number(width) + " " + number(height) + "' width='" + number(width) +
         "' height='" + number(height) + "' role='img' aria-label='" + escape(description) + "'>";
}

std::string in_words(std::string_view strategy, std::string_view measure, const figure& f) {
  return std::string(find_strategy(strategy).title) + ": " + format_measure(measure, f.median) +
         " (" + format_measure(measure, f.min) + " to " + format_measure(measure, f.max) + ", " +
         std::to_string(f.n) + (f.n == 1 ? " run)" : " runs)");
}

// A figure on an axis: without the zeros that stand for precision, and none at all for zero.
std::string tick_text(std::string_view measure, double value) {
  if (value == 0) return "0";
  std::string text = format_measure(measure, value);
  const std::size_t end = text.find_first_not_of("0123456789.,");
  const std::string unit = end == std::string::npos ? "" : text.substr(end);
  std::string digits = text.substr(0, end);
  if (digits.find('.') != std::string::npos) {
    digits.erase(digits.find_last_not_of('0') + 1);
    if (digits.back() == '.') digits.pop_back();
  }
  return digits + unit;
}

// Memory has ticks at whole units of 1024.
double tick_unit(std::string_view measure, double largest) {
  if (measure.find("bytes") == std::string_view::npos) return 1;
  double unit = 1;
  while (largest >= 1024 * unit)
    unit *= 1024;
  return unit;
}

using bounds = std::pair<double, double>;

void widen(bounds& range, const figure& f) {
  range.first = std::min(range.first, f.min);
  range.second = std::max(range.second, f.max);
}

constexpr bounds k_nothing = {std::numeric_limits<double>::infinity(), 0};

// One measure of all strategies.
struct panel {
  std::string_view title;
  std::string_view measure;
  std::vector<std::optional<figure>> rows;
};

constexpr double k_row = 26;
constexpr double k_top = 26;
constexpr double k_labels = 240;
constexpr double k_gap = 14;
constexpr double k_widest_panel = 288;
// What the style sheet leaves for the panels of one workload together.
constexpr double k_page = 1240;

std::string draw_row(const panel& p, std::size_t i, const workload_result& result,
                     const axis& scale, double right) {
  if (!p.rows[i]) return {};
  const figure& f = *p.rows[i];
  const std::string_view strategy = result.strategies[i].what->strategy;
  const std::string css = "c-" + std::string(strategy);
  const double y = k_top + (static_cast<double>(i) + 0.5) * k_row;
  std::string text;
  if (!scale.is_logarithmic()) {
    const double zero = scale.at(0);
    text += element("rect", "x='" + number(zero) + "' y='" + number(y - 6) + "' width='" +
                                number(std::max(0.5, scale.at(f.median) - zero)) +
                                "' height='12' class='bar " + css + "'");
  }
  text += line(scale.at(f.min), y, scale.at(f.max), y, "whisker");
  text += dot(scale.at(f.median), y, 4, "dot " + css, in_words(strategy, p.measure, f));
  const std::string value = format_measure(p.measure, f.median);
  const double beside = scale.at(f.max) + 7;
  const bool fits = beside + 6.6 * static_cast<double>(value.size()) < right;
  // Where there is no room to the right, above the line's left end.
  text += fits ? label(beside, y + 4, "value", value)
               : label(scale.at(f.min) - 7, y + 4, "value end", value);
  return text;
}

std::string draw(const panel& p, const workload_result& result, double left, double right) {
  bounds range = k_nothing;
  for (const auto& row : p.rows) {
    if (row) widen(range, *row);
  }
  const axis scale = axis::fitting(range.first, range.second, left + 6, right - 64);
  const double bottom = k_top + k_row * static_cast<double>(p.rows.size());
  std::string text = label(left + 6, 14, "panel-title",
                           std::string(p.title) + (scale.is_logarithmic() ? " (log)" : ""));
  text += line(left + 6, bottom, right - 8, bottom, "axis");
  double free_from = 0;
  for (const double tick : scale.ticks(3, tick_unit(p.measure, range.second))) {
    const std::string name = tick_text(p.measure, tick);
    const double half = 3.2 * static_cast<double>(name.size());
    text += line(scale.at(tick), k_top, scale.at(tick), bottom, "grid");
    if (scale.at(tick) - half < free_from) continue;
    text += label(scale.at(tick), bottom + 14, "tick middle", name);
    free_from = scale.at(tick) + half + 6;
  }
  for (std::size_t i = 0; i < p.rows.size(); ++i)
    text += draw_row(p, i, result, scale, right);
  return text;
}

std::vector<panel> panels_of(const workload_result& result) {
  std::vector<panel> found = {
      {"wall time", "wall_s", {}},           {"CPU time", "cpu_s", {}},
      {"peak memory", "peak_rss_bytes", {}}, {"latency p50", "p50_us", {}},
      {"latency p99", "p99_us", {}},         {"heartbeat lag", "heartbeat_lag_us", {}},
  };
  for (const strategy_result& each : result.strategies) {
    const std::optional<figure> figures[] = {each.wall_s(), each.cpu_s(),  each.peak_rss_bytes(),
                                             each.p50_us(), each.p99_us(), each.heartbeat_lag_us()};
    for (std::size_t i = 0; i < found.size(); ++i)
      found[i].rows.push_back(figures[i]);
  }
  std::erase_if(found, [](const panel& p) {
    return std::none_of(p.rows.begin(), p.rows.end(),
                        [](const auto& row) { return row.has_value(); });
  });
  return found;
}

constexpr double k_width = 560;
constexpr double k_height = 270;
constexpr double k_left = 66;
constexpr double k_right = 540;
constexpr double k_upper = 14;
constexpr double k_lower = 222;

std::string draw_curve(const curve& c, const sweep& s, const axis& x, const axis& y) {
  const std::string css = "c-" + std::string(c.strategy);
  std::string path;
  std::string marks;
  for (const auto& [at, f] : c.points) {
    path += (path.empty() ? "" : " ") + number(x.at(at)) + "," + number(y.at(f.median));
    marks += line(x.at(at), y.at(f.min), x.at(at), y.at(f.max), "whisker");
    marks += dot(x.at(at), y.at(f.median), 4, "dot " + css,
                 "at " + format_number(at) + ", " + in_words(c.strategy, s.measure, f));
  }
  return element("polyline", "points='" + path + "' class='curve " + css + "'") + marks;
}

// Of the points and of their values.
std::pair<bounds, bounds> bounds_of(const sweep_result& swept) {
  bounds xs = k_nothing;
  bounds ys = k_nothing;
  for (const curve& c : swept.curves) {
    for (const auto& [x, f] : c.points) {
      widen(xs, figure{x, x, x, 1});
      widen(ys, f);
    }
  }
  return {xs, ys};
}

std::string draw_axes(const sweep_result& swept, const axis& x, const axis& y, double largest) {
  std::string text;
  for (const double tick : y.ticks(5, tick_unit(swept.what.measure, largest))) {
    text += line(k_left, y.at(tick), k_right, y.at(tick), "grid");
    text += label(k_left - 8, y.at(tick) + 4, "tick end", tick_text(swept.what.measure, tick));
  }
  text += line(k_left, k_lower, k_right, k_lower, "axis");
  double last = -100;
  for (const double each : swept.what.points) {
    if (x.at(each) - last < 44) continue;
    last = x.at(each);
    text += label(last, k_lower + 18, "tick middle", format_number(each));
  }
  return text + label((k_left + k_right) / 2, k_height - 8, "tick middle", swept.what.x_title);
}

}  // namespace

std::string escape(std::string_view text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '"':
        result += "&quot;";
        break;
      case '\'':
        result += "&#39;";
        break;
      default:
        result += c;
    }
  }
  return result;
}

std::string panels(const workload_result& result) {
  const std::vector<panel> found = panels_of(result);
  if (found.empty()) return {};
  const double width =
      std::min(k_widest_panel, (k_page - k_labels) / static_cast<double>(found.size()) - k_gap);
  const double total = k_labels + (width + k_gap) * static_cast<double>(found.size());
  const double bottom = k_top + k_row * static_cast<double>(result.strategies.size());
  std::string text = open_svg(total, bottom + 24, "Figures of " + std::string(result.what->title));
  for (std::size_t i = 0; i < result.strategies.size(); ++i) {
    const double y = k_top + k_row * static_cast<double>(i);
    if (i % 2 == 0) {
      text += element("rect", "x='0' y='" + number(y) + "' width='" + number(total) + "' height='" +
                                  number(k_row) + "' class='stripe'");
    }
    const std::string_view strategy = result.strategies[i].what->strategy;
    const bool decides = strategy == result.judged.candidate || strategy == result.judged.opponent;
    text +=
        label(8, y + k_row / 2 + 4, decides ? "row decides" : "row", find_strategy(strategy).title);
  }
  double left = k_labels;
  for (const panel& each : found) {
    text += draw(each, result, left, left + width);
    left += width + k_gap;
  }
  return text + "</svg>\n";
}

std::string lines(const sweep_result& swept) {
  if (swept.curves.empty()) return {};
  const auto [xs, ys] = bounds_of(swept);
  const axis x = axis::logarithmic(xs.first, xs.second, k_left + 8, k_right);
  const axis y = axis::fitting(ys.first, ys.second, k_lower, k_upper);
  std::string text = open_svg(k_width, k_height, swept.what.y_title);
  text += draw_axes(swept, x, y, ys.second);
  for (const curve& c : swept.curves)
    text += draw_curve(c, swept.what, x, y);
  return text + "</svg>\n";
}

bool has_logarithmic_axis(const sweep_result& swept) {
  const bounds ys = bounds_of(swept).second;
  return axis::fitting(ys.first, ys.second, 0, 1).is_logarithmic();
}

}  // namespace magpie::bench
