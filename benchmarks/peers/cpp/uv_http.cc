// libuv's server of the suite http: one loop. How it is called, and what it answers:
// benchmarks/servers/server.h.
#include <uv.h>

#include <vector>

#include "magpie/benchmarks/servers/server.h"

namespace {

namespace benchmarks = magpie::benchmarks;

bool echoes = false;

struct connection {
  uv_tcp_t handle;
  benchmarks::request_buffer requests;
  std::vector<char> bytes;
};

connection& of(void* handle) {
  return *static_cast<connection*>(static_cast<uv_handle_t*>(handle)->data);
}

void close(connection& peer) {
  uv_close(reinterpret_cast<uv_handle_t*>(&peer.handle),
           [](uv_handle_t* handle) { delete &of(handle); });
}

void give_room(uv_handle_t* handle, std::size_t, uv_buf_t* room) {
  connection& peer = of(handle);
  *room = echoes ? uv_buf_init(peer.bytes.data(), static_cast<unsigned>(peer.bytes.size()))
                 : uv_buf_init(peer.requests.free(), static_cast<unsigned>(peer.requests.room()));
}

// False: the connection is closed.
bool write(connection& peer, const char* bytes, std::size_t count) {
  uv_buf_t sent = uv_buf_init(const_cast<char*>(bytes), static_cast<unsigned>(count));
  // No client of the suite has more bytes on their way than a socket holds.
  const int result = uv_try_write(reinterpret_cast<uv_stream_t*>(&peer.handle), &sent, 1);
  if (result == static_cast<int>(count)) return true;
  close(peer);
  return false;
}

void received(uv_stream_t* stream, ssize_t count, const uv_buf_t* filled) {
  connection& peer = of(stream);
  if (count < 0) return close(peer);
  if (echoes) {
    write(peer, filled->base, static_cast<std::size_t>(count));
    return;
  }
  for (std::size_t due = peer.requests.add(static_cast<std::size_t>(count)); due != 0; --due) {
    if (!write(peer, benchmarks::reply.data(), benchmarks::reply.size())) return;
  }
}

void accept_one(uv_stream_t* listener, int status) {
  if (status < 0) return;
  auto* const peer = new connection;
  if (echoes) peer->bytes.resize(benchmarks::echo_bytes);
  uv_tcp_init(listener->loop, &peer->handle);
  peer->handle.data = peer;
  auto* const stream = reinterpret_cast<uv_stream_t*>(&peer->handle);
  if (uv_accept(listener, stream) != 0) return close(*peer);
  uv_tcp_nodelay(&peer->handle, 1);
  uv_read_start(stream, give_room, received);
}

}  // namespace

int main(int argc, char** argv) {
  echoes = benchmarks::parse_command(argc, argv).echoes();
  uv_loop_t* const loop = uv_default_loop();
  uv_tcp_t listener;
  uv_tcp_init(loop, &listener);
  sockaddr_in name{};
  uv_ip4_addr("127.0.0.1", 0, &name);
  uv_tcp_bind(&listener, reinterpret_cast<sockaddr*>(&name), 0);
  if (uv_listen(reinterpret_cast<uv_stream_t*>(&listener), 4096, accept_one) != 0) return 1;
  int size = sizeof name;
  uv_tcp_getsockname(&listener, reinterpret_cast<sockaddr*>(&name), &size);
  benchmarks::say_port(ntohs(name.sin_port));
  uv_run(loop, UV_RUN_DEFAULT);
}
