#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "magpie/benchmarks/report/servers/file_tree.h"
#include "magpie/benchmarks/report/servers/nginx.h"
#include "magpie/benchmarks/report/servers/socket.h"
#include "magpie/benchmarks/report/servers/temporary_folder.h"

namespace magpie::bench {
namespace {

TEST(temporary_folder, is_removed_with_what_it_holds) {
  std::filesystem::path path;
  {
    const temporary_folder folder;
    path = folder.path();
    std::ofstream(path / "file") << "text";
    EXPECT_TRUE(std::filesystem::exists(path / "file"));
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(file_tree, has_real_files_under_their_names) {
  const temporary_folder folder;
  const file_tree tree = make_file_tree(folder.path(), 70);
  EXPECT_EQ(tree.files, 70u);
  std::uint64_t bytes = 0;
  file_buffer buffer;
  for (std::size_t i = 0; i < tree.files; ++i) {
    bytes += read_file((tree.root / file_name(i)).string(), buffer);
  }
  EXPECT_EQ(bytes, tree.bytes);
  EXPECT_GT(bytes, 70u);
}

TEST(file_tree, a_system_with_too_few_files_is_refused) {
  const temporary_folder folder;
  EXPECT_THROW(make_file_tree(folder.path(), 1, 2), std::runtime_error);
}

TEST(file_tree, a_missing_file_throws) {
  file_buffer buffer;
  EXPECT_THROW(read_file("/no/such/file", buffer), std::system_error);
}

TEST(socket, two_ends_of_the_loopback_interface) {
  listener listening;
  std::thread server([&] {
    const descriptor peer = listening.accept();
    char text[5];
    receive_exactly(peer, text, sizeof text);
    send_all(peer, {text, sizeof text});
  });
  const descriptor client = connect_loopback(listening.port());
  send_all(client, "hello");
  char text[5];
  receive_exactly(client, text, sizeof text);
  EXPECT_EQ(std::string(text, sizeof text), "hello");
  server.join();
  EXPECT_EQ(receive(client, text, sizeof text), 0u);
}

TEST(socket, a_port_where_nobody_listens_is_refused) {
  const std::uint16_t port = free_port();
  EXPECT_THROW(connect_loopback(port), std::system_error);
  EXPECT_FALSE(wait_for_port(port, std::chrono::milliseconds(30)));
}

TEST(nginx, serves_files_until_it_is_destroyed) {
  ASSERT_TRUE(find_program("nginx")) << "nginx is not installed; tools/setup installs it";
  const temporary_folder folder;
  std::filesystem::create_directories(folder.path() / "files");
  std::ofstream(folder.path() / "files" / "greeting") << "hello";
  std::uint16_t port = 0;
  {
    const nginx server(folder.path() / "files", folder.path() / "nginx");
    port = server.port();
    EXPECT_EQ(server.version().find("nginx/"), 0u);
    const descriptor client = connect_loopback(port);
    send_all(client, "GET /greeting HTTP/1.0\r\n\r\n");
    std::string response;
    char buffer[512];
    while (const std::size_t got = receive(client, buffer, sizeof buffer)) {
      response.append(buffer, got);
    }
    EXPECT_NE(response.find("200 OK"), std::string::npos) << response;
    EXPECT_TRUE(response.ends_with("hello")) << response;
  }
  EXPECT_FALSE(wait_for_port(port, std::chrono::milliseconds(30)));
}

}  // namespace
}  // namespace magpie::bench
