// Connections of the sandbox.
#include "tests/sandbox/server.hpp"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <charconv>
#include <iostream>

namespace affsync::sandbox {
namespace {

namespace asio = boost::asio;
using asio::use_awaitable;
using Socket = asio::ip::tcp::socket;

constexpr std::size_t most_head = 64 * 1024;
constexpr std::size_t most_body = 1024 * 1024;

void reset(Socket& socket) {
  boost::system::error_code ignored;
  socket.set_option(asio::socket_base::linger(true, 0), ignored);
  socket.close(ignored);
}

asio::awaitable<void> pause(std::chrono::milliseconds time) {
  asio::steady_timer timer(co_await asio::this_coro::executor, time);
  co_await timer.async_wait(use_awaitable);
}

// Keeps the connection open and silent until the client closes it.
asio::awaitable<void> wait_for_close(Socket& socket) {
  std::array<char, 1024> ignored;
  for (;;) co_await socket.async_read_some(asio::buffer(ignored), use_awaitable);
}

asio::awaitable<void> write_slowly(Socket& socket, std::string_view text, Delivery const& way) {
  while (!text.empty()) {
    auto const part = text.substr(0, way.slow_bytes);
    text.remove_prefix(part.size());
    co_await asio::async_write(socket, asio::buffer(part), use_awaitable);
    co_await pause(way.slow_pause);
  }
}

std::string chunked(std::string_view body, bool endless) {
  constexpr std::size_t piece = 4000;
  std::string out;
  while (!body.empty()) {
    auto const part = body.substr(0, piece);
    body.remove_prefix(part.size());
    std::array<char, 16> size;
    out.append(size.data(),
               std::to_chars(size.data(), size.data() + size.size(), part.size(), 16).ptr);
    out.append("\r\n").append(part).append("\r\n");
  }
  return endless ? out : out + "0\r\n\r\n";
}

asio::awaitable<void> write_without_end(Socket& socket) {
  std::string const more = chunked(std::string(4000, ' '), true);
  for (;;) co_await asio::async_write(socket, asio::buffer(more), use_awaitable);
}

// Returns true if the connection can carry another request.
asio::awaitable<bool> deliver(Socket& socket, Reply const& reply) {
  auto const& way = reply.delivery;
  if (way.delay.count() > 0) co_await pause(way.delay);
  if (way.never) co_await wait_for_close(socket);
  std::string const head = render_head(reply);
  std::string framed;
  std::string_view body = reply.body;
  if (way.chunked || way.endless) body = framed = chunked(reply.body, way.endless);
  if (way.truncate_after) body = body.substr(0, *way.truncate_after);

  if (way.reset_after) {
    std::string const whole = (head + std::string(body)).substr(0, *way.reset_after);
    co_await asio::async_write(socket, asio::buffer(whole), use_awaitable);
    reset(socket);
    co_return false;
  }
  if (way.slow_bytes > 0) {
    co_await write_slowly(socket, head, way);
    co_await write_slowly(socket, body, way);
  } else {
    std::array<asio::const_buffer, 2> const parts{asio::buffer(head), asio::buffer(body)};
    co_await asio::async_write(socket, parts, use_awaitable);
  }
  if (way.endless) co_await write_without_end(socket);
  co_return !way.truncate_after && way.length_delta == 0 && !way.close;
}

// Returns false if the peer closed or did not send HTTP.
asio::awaitable<bool> read_request(Socket& socket, std::string& buffer, Request& request) {
  auto const head_size = co_await asio::async_read_until(
      socket, asio::dynamic_buffer(buffer, most_head + most_body), "\r\n\r\n", use_awaitable);
  auto parsed = parse_request_head(std::string_view(buffer).substr(0, head_size));
  if (!parsed) co_return false;
  request = std::move(*parsed);
  std::size_t length = 0;
  auto const field = request.header("content-length");
  std::from_chars(field.data(), field.data() + field.size(), length);
  if (length > most_body || !request.header("transfer-encoding").empty()) co_return false;
  if (buffer.size() < head_size + length) {
    auto const held = buffer.size();
    buffer.resize(head_size + length);
    auto const rest = asio::buffer(buffer.data() + held, buffer.size() - held);
    co_await asio::async_read(socket, rest, use_awaitable);
  }
  request.body = buffer.substr(head_size, length);
  buffer.erase(0, head_size + length);
  co_return true;
}

// Marks one request as delivered in the log, however its delivery ends.
class Delivered {
 public:
  explicit Delivered(RequestLog& log) : log_(log) { log_.request_begun(); }
  ~Delivered() { log_.delivered(); }
  Delivered(Delivered const&) = delete;
  Delivered& operator=(Delivered const&) = delete;

 private:
  RequestLog& log_;
};

asio::awaitable<void> serve_connection(Socket socket, Sandbox& sandbox) {
  socket.set_option(asio::ip::tcp::no_delay(true));
  std::string buffer;
  for (;;) {
    Request request;
    if (!co_await read_request(socket, buffer, request)) co_return;
    Delivered const in_progress(sandbox.log());
    Reply const reply = sandbox.answer(request);
    if (!co_await deliver(socket, reply)) co_return;
    if (request.header("connection") == "close") co_return;
  }
}

asio::awaitable<void> accept_all(asio::ip::tcp::acceptor& acceptor, Sandbox& sandbox) {
  auto const executor = co_await asio::this_coro::executor;
  for (;;) {
    auto socket = co_await acceptor.async_accept(use_awaitable);
    sandbox.log().connection_opened();
    auto ended = [&sandbox](std::exception_ptr failure) {
      sandbox.log().connection_closed();
      try {
        if (failure) std::rethrow_exception(failure);
      } catch (boost::system::system_error const&) {
        // The client may disconnect at any time.
      } catch (std::exception const& error) {
        std::cerr << "affsync-sandbox: " << error.what() << '\n';
      }
    };
    asio::co_spawn(executor, serve_connection(std::move(socket), sandbox), std::move(ended));
  }
}

}  // namespace

// The coroutine itself stays in the unnamed namespace: in a unity build g++ warns about lambdas in
// the frame of a coroutine with external linkage.
asio::awaitable<void> serve(asio::ip::tcp::acceptor& acceptor, Sandbox& sandbox) {
  return accept_all(acceptor, sandbox);
}

}  // namespace affsync::sandbox
