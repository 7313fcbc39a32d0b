// Runs one request or coroutine to its end on its own loop.
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <string>

#include "daemon/net/http_client.hpp"
#include "tests/support/peer/scripted_peer.hpp"

namespace affsync::net::test {

using affsync::test::CertificateOptions;
using affsync::test::Identity;
using affsync::test::PeerConnection;
using affsync::test::ScriptedPeer;
using affsync::test::TestAuthority;

// A 200 answer with that body and its length.
std::string ok_with(std::string const& body, std::string const& more_headers = "");

// A file that is removed with the object.
class TempFile {
 public:
  explicit TempFile(std::string const& text);
  TempFile(TempFile const&) = delete;
  TempFile& operator=(TempFile const&) = delete;
  ~TempFile();
  std::string const& path() const { return path_; }

 private:
  std::string path_;
};

// A GET that may be sent again.
HttpRequest reading(std::string const& target = "/");

// A client of one origin and its loop.
class TestClient {
 public:
  explicit TestClient(std::string const& url, ClientOptions options = ClientOptions());

  // Return or throw what `send` returns or throws.
  HttpResponse get(std::string const& target = "/");
  HttpResponse post(std::string const& target, std::string const& body);
  HttpResponse send(HttpRequest request);
  // The error of a request that must fail; a default Error with the text "succeeded" if it does
  // not.
  Error error_of_get(std::string const& target = "/");
  Error error_of(HttpRequest request);

  asio::io_context& loop() { return loop_; }
  HttpClient& client() { return *client_; }

 private:
  asio::io_context loop_;
  std::unique_ptr<HttpClient> client_;
};

// Limits short enough for a test to reach.
ClientOptions impatient();

// Runs until `work` ends; rethrows its exception.
template <class T>
T run(asio::io_context& loop, asio::awaitable<T> work) {
  std::optional<T> result;
  std::exception_ptr thrown;
  auto ended = [&](std::exception_ptr error, T value) {
    thrown = error;
    if (!error) result = std::move(value);
  };
  asio::co_spawn(loop, std::move(work), std::move(ended));
  loop.restart();
  // Not run(): the timer of an idle connection must not delay the test.
  while (!result && !thrown) {
    if (loop.run_one() == 0)
      throw std::runtime_error("the coroutine waits, but the loop has no work left");
  }
  if (thrown) std::rethrow_exception(thrown);
  return std::move(*result);
}

}  // namespace affsync::net::test
