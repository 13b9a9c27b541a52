// Rows of programs in other languages and of other libraries: child processes, one for each
// repetition, so that all rows run interleaved in one command and end in one file.
//
// tools/peers builds the programs. One is called as
//
//   PROGRAM SUITE/PROGRAM/RUNTIME WORKERS SECONDS
//
// repeats that row for about so long, after a first time that does not count, and prints one line
// of JSON: wall_ns and cpu_ns for one operation, and whatever else the row measures, as numbers.
#ifndef MAGPIE_BENCHMARKS_PEER_PROCESS_H_
#define MAGPIE_BENCHMARKS_PEER_PROCESS_H_

#include <cstddef>
#include <string>
#include <vector>

#include "magpie/benchmarks/suite.h"

namespace magpie::benchmarks {

// The row `name`/1, or one for each of worker_counts(), measured by this program. They are there
// only if the suite is called with --peers=FOLDER and the folder has the program.
void add_peer_row(const std::string& name, const std::string& program);
void add_peer_rows(const std::string& name, const std::string& program);

// Calls it with the folder, which may be empty, where main() registers rows: for suites that call
// the programs of peers in a way of their own.
void add_rows_with_peers(void (*add)(const std::string& folder));

// Whether the folder has the program; if not, that is said once.
bool has_peer(const std::string& folder, const std::string& program);

// For main(), before the rows run.
void register_peer_rows(const std::string& folder);

}  // namespace magpie::benchmarks

#endif  // MAGPIE_BENCHMARKS_PEER_PROCESS_H_
