// Runs the report itself at its smallest size and checks what it writes. Usage:
// report_test BINARY.

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <string>

#include "magpie/benchmarks/report/process.h"
#include "magpie/tests/benchmarks/report/page_check.h"

namespace magpie::bench {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

std::string binary;

std::filesystem::path fresh_folder(const std::string& name) {
  const char* const base = std::getenv("TEST_TMPDIR");
  const auto folder =
      (base ? std::filesystem::path(base) : std::filesystem::temp_directory_path()) / name;
  std::filesystem::remove_all(folder);
  return folder;
}

std::string text_of(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

// Where the report that is started next keeps its temporary files: a folder of the test's own,
// since other reports may run at the same time.
std::filesystem::path use_own_temporary_folder() {
  const auto folder = fresh_folder("temporary");
  std::filesystem::create_directories(folder);
  ::setenv("TMPDIR", folder.c_str(), 1);
  return folder;
}

TEST(report, writes_a_whole_json_and_page) {
  const auto folder = fresh_folder("whole");
  const auto temporary = use_own_temporary_folder();
  process p({binary, "--tiny", "--out", folder.string()});
  const std::string said = p.read_all(240s);
  ASSERT_EQ(p.wait(), 0) << p.errors();
  EXPECT_NE(said.find("Verdicts"), std::string::npos);
  EXPECT_TRUE(std::filesystem::is_empty(temporary));

  const json report = json::parse(text_of(folder / "report.json"));
  ASSERT_GE(report["workloads"].size(), 9u);
  const std::set<std::string> verdicts = {"helps", "no difference", "hurts", "inconclusive"};
  for (const json& w : report["workloads"]) {
    const std::string name = w["name"];
    EXPECT_TRUE(verdicts.count(w["verdict"])) << name;
    EXPECT_FALSE(w["reason"].get<std::string>().empty()) << name;
    for (const json& s : w["strategies"]) {
      for (const char* const key : {"wall_s", "cpu_s", "peak_rss_bytes"}) {
        EXPECT_GT(s[key]["median"].get<double>(), 0) << name << ", " << s["name"] << ", " << key;
      }
    }
    for (const json& absent : w["not_run"]) {
      const std::string reason = absent["reason"];
      EXPECT_EQ(reason.find("failed"), std::string::npos)
          << name << ", " << absent["name"] << ": " << reason;
    }
  }
  const std::string page = text_of(folder / "report.html");
  for (const std::string& each : problems_of_page(page))
    ADD_FAILURE() << each;
  for (const json& w : report["workloads"]) {
    EXPECT_NE(page.find("<section id='" + w["name"].get<std::string>() + "'>"), std::string::npos);
  }
}

TEST(report, measures_only_what_is_asked_for) {
  const auto folder = fresh_folder("only");
  process p({binary, "--tiny", "--only", "fork_join", "--out", folder.string()});
  p.read_all(120s);
  ASSERT_EQ(p.wait(), 0) << p.errors();
  const json report = json::parse(text_of(folder / "report.json"));
  ASSERT_EQ(report["workloads"].size(), 1u);
  EXPECT_EQ(report["workloads"][0]["name"], "fork_join");
}

TEST(report, bad_options_end_at_once_with_a_message) {
  process p({binary, "--fast"});
  EXPECT_EQ(p.read_all(10s), "");
  EXPECT_EQ(p.wait(), 2);
  EXPECT_NE(p.errors().find("\"--fast\" is not an option"), std::string::npos) << p.errors();
}

TEST(report, a_folder_that_cannot_be_made_is_refused_before_anything_runs) {
  process p({binary, "--tiny", "--out", "/proc/no/such/folder"});
  EXPECT_EQ(p.read_all(10s), "");
  EXPECT_EQ(p.wait(), 1);
  EXPECT_NE(p.errors().find("cannot make the folder"), std::string::npos) << p.errors();
}

TEST(report, help_and_list) {
  process help({binary, "--help"});
  EXPECT_NE(help.read_all(10s).find("Usage: report"), std::string::npos);
  process list({binary, "--list"});
  EXPECT_NE(list.read_all(10s).find("http_fan_out"), std::string::npos);
}

}  // namespace
}  // namespace magpie::bench

int main(int count, char** words) {
  testing::InitGoogleTest(&count, words);
  if (count != 2) return 2;
  magpie::bench::binary = std::filesystem::absolute(words[1]);
  return RUN_ALL_TESTS();
}
