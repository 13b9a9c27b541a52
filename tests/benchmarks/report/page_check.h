#ifndef MAGPIE_TESTS_BENCHMARKS_REPORT_PAGE_CHECK_H_
#define MAGPIE_TESTS_BENCHMARKS_REPORT_PAGE_CHECK_H_

#include <string>
#include <vector>

namespace magpie::bench {

// What is wrong with a page that has to stand alone: tags that do not match, and whatever would
// be loaded from elsewhere. Empty when nothing is.
std::vector<std::string> problems_of_page(const std::string& html);

}  // namespace magpie::bench

#endif  // MAGPIE_TESTS_BENCHMARKS_REPORT_PAGE_CHECK_H_
