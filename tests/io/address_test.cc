#include "magpie/io/address.h"

#include <gtest/gtest.h>

#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>

namespace magpie::io {
namespace {

class good_address : public ::testing::TestWithParam<std::string_view> {};

TEST_P(good_address, is_printed_as_it_was_written) {
  EXPECT_EQ(address::parse(GetParam()).to_string(), GetParam());
}

TEST_P(good_address, is_equal_to_itself_only) {
  const address parsed = address::parse(GetParam());
  EXPECT_EQ(parsed, address::parse(GetParam()));
  EXPECT_NE(parsed, parsed.with_port(4711));
}

INSTANTIATE_TEST_SUITE_P(table, good_address,
                         ::testing::Values("0.0.0.0:0", "127.0.0.1:80", "255.255.255.255:65535",
                                           "1.2.3.4:1", "[::]:0", "[::1]:80",
                                           "[2001:db8::8a2e:370:7334]:443", "[fe80::1%2]:22",
                                           "[::ffff:1.2.3.4]:5"));

struct bad {
  std::string_view text;
  std::string_view why;
};

class bad_address : public ::testing::TestWithParam<bad> {};

TEST_P(bad_address, is_refused_with_a_reason) {
  try {
    const address parsed = address::parse(GetParam().text);
    FAIL() << "was read as " << parsed;
  } catch (const std::invalid_argument& error) {
    EXPECT_NE(std::string(error.what()).find(GetParam().why), std::string::npos) << error.what();
  }
}

using namespace std::string_view_literals;

INSTANTIATE_TEST_SUITE_P(
    table, bad_address,
    ::testing::Values(bad{"", "it is empty"}, bad{"127.0.0.1", "the port is missing"},
                      bad{"127.0.0.1:", "the port is missing"},
                      bad{"127.0.0.1:65536", "no number from 0 to 65535"},
                      bad{"127.0.0.1:-1", "no number from 0 to 65535"},
                      bad{"127.0.0.1:+1", "no number from 0 to 65535"},
                      bad{"127.0.0.1: 1", "no number from 0 to 65535"},
                      bad{"127.0.0.1:8x", "no number from 0 to 65535"},
                      bad{"127.0.0.1:http", "no number from 0 to 65535"},
                      bad{":80", "four numbers"}, bad{"127.0.0:80", "four numbers"},
                      bad{"127.0.0.256:80", "four numbers"}, bad{"127.0.0.1.5:80", "four numbers"},
                      bad{" 127.0.0.1:80", "four numbers"}, bad{"localhost:80", "four numbers"},
                      bad{"127.0.0.1\0:80"sv, "four numbers"}, bad{"::1:80", "square brackets"},
                      bad{"::1", "square brackets"}, bad{"[::1:80", "no closing bracket"},
                      bad{"[::1]", "the port is missing"}, bad{"[::1]:", "the port is missing"},
                      bad{"[::1]80", "the port is missing"},
                      bad{"[::1]:80:", "no number from 0 to 65535"},
                      bad{"[]:80", "no IPv6 address"}, bad{"[127.0.0.1]:80", "no IPv6 address"},
                      bad{"[::g]:80", "no IPv6 address"}, bad{"[1:2:3]:80", "no IPv6 address"},
                      bad{"[::1\0]:80"sv, "no IPv6 address"},
                      bad{"[fe80::1%eth0]:80", "number of an interface"},
                      bad{"[fe80::1%]:80", "number of an interface"},
                      bad{"[fe80::1%4294967296]:80", "number of an interface"}));

TEST(address, reads_the_parts) {
  const address v4 = address::parse("10.1.2.3:4567");
  EXPECT_FALSE(v4.is_v6());
  EXPECT_EQ(v4.port(), 4567);
  EXPECT_EQ(v4.bytes()[0], 10);
  EXPECT_EQ(v4.bytes()[3], 3);
  const address v6 = address::parse("[fe80::12%7]:89");
  EXPECT_TRUE(v6.is_v6());
  EXPECT_EQ(v6.port(), 89);
  EXPECT_EQ(v6.bytes()[0], 0xfe);
  EXPECT_EQ(v6.bytes()[15], 0x12);
  EXPECT_EQ(v6.scope(), 7U);
}

TEST(address, names_this_machine) {
  EXPECT_EQ(address::loopback(1), address::parse("127.0.0.1:1"));
  EXPECT_EQ(address::loopback_v6(1), address::parse("[::1]:1"));
  EXPECT_EQ(address::any(1), address::parse("0.0.0.0:1"));
  EXPECT_EQ(address::any_v6(1), address::parse("[::]:1"));
  EXPECT_EQ(address(), address::any(0));
  EXPECT_NE(address::any(1), address::any_v6(1));
}

TEST(address, is_printed_to_streams) {
  std::ostringstream out;
  out << address::loopback_v6(80);
  EXPECT_EQ(out.str(), "[::1]:80");
}

}  // namespace
}  // namespace magpie::io
