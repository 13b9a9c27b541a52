#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "magpie/magpie.h"

magpie::task<> echo_server(std::ostream& out, magpie::io::tcp_listener& listener);
magpie::task<> echo_client(std::istream& in, std::ostream& out, magpie::io::address where);

namespace {

class echo : public testing::Test {
 protected:
  echo() { server_ = runtime_.spawn(echo_server(server_output_, listener_), "server"); }

  std::string answer_to(const std::string& lines) {
    std::istringstream in(lines);
    std::ostringstream out;
    magpie::run(echo_client(in, out, listener_.local_address()));
    return out.str();
  }

  std::ostringstream server_output_;
  magpie::io::tcp_listener listener_ =
      magpie::io::tcp_listener::bind(magpie::io::address::loopback(0));
  magpie::join_handle<> server_;  // Outlives the runtime, which ends it.
  magpie::runtime runtime_{magpie::options().workers(2)};
};

TEST_F(echo, sends_back_every_line) {
  EXPECT_EQ(answer_to("hello\nworld\n"), "hello\nworld\n");
}

TEST_F(echo, sends_back_nothing_for_nothing) {
  EXPECT_EQ(answer_to(""), "");
}

TEST_F(echo, sends_back_lines_longer_than_its_buffer) {
  const std::string line = std::string(100'000, 'x') + "\n";
  EXPECT_EQ(answer_to(line + line), line + line);
}

TEST_F(echo, serves_several_clients_at_once) {
  std::vector<std::thread> clients;
  std::vector<std::string> answers(8);
  for (std::size_t i = 0; i < answers.size(); ++i) {
    clients.emplace_back([&, i] { answers[i] = answer_to(std::to_string(i) + "\n"); });
  }
  for (std::thread& client : clients)
    client.join();
  for (std::size_t i = 0; i < answers.size(); ++i)
    EXPECT_EQ(answers[i], std::to_string(i) + "\n");
}

TEST_F(echo, says_where_it_listens_and_stops_when_the_runtime_does) {
  answer_to("hello\n");
  runtime_.shutdown();
  EXPECT_THROW(server_.get(), magpie::cancelled);
  EXPECT_EQ(server_output_.str(), "listening on " + listener_.local_address().to_string() + "\n");
}

TEST(echo_client, says_that_nobody_listens) {
  auto listener = magpie::io::tcp_listener::bind(magpie::io::address::loopback(0));
  const auto where = listener.local_address();
  listener.close();
  std::istringstream in("hello\n");
  std::ostringstream out;
  EXPECT_THROW(magpie::run(echo_client(in, out, where)), std::system_error);
}

}  // namespace
