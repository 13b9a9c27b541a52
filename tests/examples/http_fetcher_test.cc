#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <span>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "magpie/magpie.h"

using namespace std::chrono_literals;

magpie::task<std::size_t> http_fetcher(std::ostream& out, std::vector<std::string> urls,
                                       std::size_t concurrent, magpie::clock::duration limit);

namespace {

const std::string head = "HTTP/1.1 200 OK\r\n";

// What the server says about each path, and then it closes the connection.
std::string answer_to(const std::string& path) {
  if (path == "/until-close") return head + "\r\nhello";
  if (path == "/length") return head + "Content-Length: 5\r\n\r\nhello";
  if (path == "/empty") return "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n";
  if (path == "/cut") return head + "content-length: 6\r\n\r\nhello";
  if (path == "/chunked") {
    return head +
           "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n";
  }
  if (path == "/chunk-cut") return head + "Transfer-Encoding: chunked\r\n\r\n5\r\nhel";
  if (path == "/garbage") return "hello";
  return "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnone";
}

class http_fetcher_test : public testing::Test {
 protected:
  http_fetcher_test() {
    runtime_.spawn(serve(), "server").detach();
    base_ = "http://" + listener_.local_address().to_string();
  }

  magpie::task<> serve() {
    for (;;) {
      magpie::io::tcp_stream client = co_await listener_.accept();
      magpie::spawn(answer(std::move(client)), "answer").detach();
    }
  }

  magpie::task<> answer(magpie::io::tcp_stream client) {
    const std::size_t open = ++open_;
    std::size_t most = most_open_;
    while (most < open && !most_open_.compare_exchange_weak(most, open)) {
    }
    try {
      std::string request;
      std::array<std::byte, 1024> buffer;
      while (request.find("\r\n\r\n") == std::string::npos) {
        const std::size_t size = co_await client.read(buffer);
        if (size == 0) break;
        request.append(reinterpret_cast<const char*>(buffer.data()), size);
      }
      const std::string path = request.substr(4, request.find(' ', 4) - 4);
      co_await magpie::sleep_for(path == "/never" ? 1h : 5ms);
      --open_;
      const std::string text = answer_to(path);
      co_await client.write(std::as_bytes(std::span(text)));
    } catch (const std::system_error&) {
      // The client has gone.
    }
  }

  struct outcome {
    std::string text;
    std::size_t failed;
  };

  outcome fetch(const std::vector<std::string>& urls, std::size_t concurrent = 4,
                magpie::clock::duration limit = 30s) {
    std::ostringstream out;
    const std::size_t failed = magpie::run(http_fetcher(out, urls, concurrent, limit));
    return {out.str(), failed};
  }

  magpie::io::tcp_listener listener_ =
      magpie::io::tcp_listener::bind(magpie::io::address::loopback(0));
  std::string base_;
  std::atomic<std::size_t> open_ = 0;
  std::atomic<std::size_t> most_open_ = 0;
  magpie::runtime runtime_{magpie::options().workers(2)};
};

TEST_F(http_fetcher_test, understands_every_way_to_end_a_body) {
  const auto [text, failed] = fetch({base_ + "/until-close", base_ + "/length", base_ + "/empty",
                                     base_ + "/chunked", base_ + "/none"});
  EXPECT_EQ(text, "200 5 bytes  " + base_ + "/until-close\n" +   //
                      "200 5 bytes  " + base_ + "/length\n" +    //
                      "204 0 bytes  " + base_ + "/empty\n" +     //
                      "200 15 bytes  " + base_ + "/chunked\n" +  //
                      "404 4 bytes  " + base_ + "/none\n");
  EXPECT_EQ(failed, 0U);
}

TEST_F(http_fetcher_test, says_what_is_wrong_with_an_answer) {
  const auto [text, failed] = fetch({base_ + "/cut", base_ + "/chunk-cut", base_ + "/garbage"});
  EXPECT_EQ(text, "failed  " + base_ + "/cut: the answer was cut short\n" +            //
                      "failed  " + base_ + "/chunk-cut: the answer was cut short\n" +  //
                      "failed  " + base_ + "/garbage: the answer is not HTTP/1.1\n");
  EXPECT_EQ(failed, 3U);
}

TEST_F(http_fetcher_test, gives_up_on_one_and_goes_on_with_the_others) {
  const auto [text, failed] =
      fetch({base_ + "/never", base_ + "/length", "ftp://nowhere", "http://:80/"}, 1, 300ms);
  EXPECT_EQ(text, "failed  " + base_ + "/never: timed out\n" +                //
                      "200 5 bytes  " + base_ + "/length\n" +                 //
                      "failed  ftp://nowhere: a URL starts with http://\n" +  //
                      "failed  http://:80/: a URL names a host\n");
  EXPECT_EQ(failed, 3U);
}

TEST_F(http_fetcher_test, fetches_no_more_at_once_than_it_may) {
  const std::vector<std::string> urls(60, base_ + "/length");
  const auto [text, failed] = fetch(urls, 3);
  EXPECT_EQ(failed, 0U);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 60);
  EXPECT_GE(most_open_, 2U);
  EXPECT_LE(most_open_, 3U);
}

TEST_F(http_fetcher_test, does_nothing_for_no_urls) {
  EXPECT_EQ(fetch({}).text, "");
}

}  // namespace
