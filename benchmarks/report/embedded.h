#ifndef MAGPIE_BENCHMARKS_REPORT_EMBEDDED_H_
#define MAGPIE_BENCHMARKS_REPORT_EMBEDDED_H_

#include <filesystem>
#include <string_view>

namespace magpie::bench {

// Writes the files of python/, which are compiled in so that the binary runs from anywhere.
void write_scripts(const std::filesystem::path& folder);

// The style sheet of the page.
std::string_view page_style();

}  // namespace magpie::bench

#endif  // MAGPIE_BENCHMARKS_REPORT_EMBEDDED_H_
