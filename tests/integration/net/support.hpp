// Runs one request, or one coroutine, to its end on a loop of its own.
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

// A body in an answer with its length.
std::string ok_with(std::string const& body, std::string const& more_headers = "");

// A file that goes with the test.
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

// A client of one origin and the loop that it lives on.
class TestClient {
 public:
  explicit TestClient(std::string const& url, ClientOptions options = ClientOptions());

  // What `send` gives or throws.
  HttpResponse get(std::string const& target = "/");
  HttpResponse post(std::string const& target, std::string const& body);
  HttpResponse send(HttpRequest request);
  // The error of a request that must fail; a default Error with the text "succeeded" otherwise.
  Error error_of_get(std::string const& target = "/");
  Error error_of(HttpRequest request);

  asio::io_context& loop() { return loop_; }
  HttpClient& client() { return *client_; }

 private:
  asio::io_context loop_;
  std::unique_ptr<HttpClient> client_;
};

// Limits that a test can wait for.
ClientOptions impatient();

// Runs until `work` ends; throws what it threw.
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
  // Not run(): an idle connection's timer must not hold the test.
  while (!result && !thrown) {
    if (loop.run_one() == 0) throw std::runtime_error("the loop ran out of work");
  }
  if (thrown) std::rethrow_exception(thrown);
  return std::move(*result);
}

}  // namespace affsync::net::test
