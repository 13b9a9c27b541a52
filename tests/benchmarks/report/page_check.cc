#include "magpie/tests/benchmarks/report/page_check.h"

#include <cctype>
#include <set>

namespace magpie::bench {
namespace {

// Adds an opening tag to `open`, or takes the one that a closing tag closes.
void follow(const std::string& tag, std::vector<std::string>& open,
            std::vector<std::string>& problems) {
  static const std::set<std::string> k_void = {"meta", "link", "br", "hr", "img", "input"};
  const bool closes = tag.starts_with("/");
  std::size_t end = closes ? 1 : 0;
  while (end < tag.size() && std::isalnum(static_cast<unsigned char>(tag[end])))
    ++end;
  const std::string name = tag.substr(closes ? 1 : 0, end - (closes ? 1 : 0));
  if (!closes) {
    if (!tag.ends_with("/") && !k_void.count(name)) open.push_back(name);
  } else if (open.empty() || open.back() != name) {
    problems.push_back("</" + name + "> closes " + (open.empty() ? "nothing" : open.back()));
  } else {
    open.pop_back();
  }
}

}  // namespace

std::vector<std::string> problems_of_page(const std::string& html) {
  std::vector<std::string> problems;
  for (const char* const foreign :
       {"http:", "https:", "src=", "@import", "url(", "<link", "<script"}) {
    if (html.find(foreign) != std::string::npos) problems.push_back(std::string("has ") + foreign);
  }
  if (!html.starts_with("<!DOCTYPE html>")) problems.push_back("has no document type");
  std::vector<std::string> open;
  for (std::size_t at = html.find('<', 1); at != std::string::npos; at = html.find('<', at + 1)) {
    const std::size_t end = html.find('>', at);
    if (end == std::string::npos) {
      problems.push_back("ends within a tag");
      break;
    }
    follow(html.substr(at + 1, end - at - 1), open, problems);
    at = end;
  }
  for (const std::string& each : open)
    problems.push_back("<" + each + "> is never closed");
  return problems;
}

}  // namespace magpie::bench
