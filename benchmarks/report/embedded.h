#ifndef MAGPIE_BENCHMARKS_REPORT_EMBEDDED_H_
#define MAGPIE_BENCHMARKS_REPORT_EMBEDDED_H_

#include <filesystem>
#include <span>
#include <string_view>

namespace magpie::bench {

// A file that is compiled in, so that the binary runs from anywhere.
struct embedded_file {
  std::string_view name;
  std::string_view text;
};

// The files of python/ and the style sheet of the page; embed.sh makes the source.
std::span<const embedded_file> embedded_files();

// Writes the scripts into a folder.
void write_scripts(const std::filesystem::path& folder);

std::string_view page_style();

}  // namespace magpie::bench

#endif  // MAGPIE_BENCHMARKS_REPORT_EMBEDDED_H_
