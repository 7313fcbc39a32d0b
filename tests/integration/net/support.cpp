#include "tests/integration/net/support.hpp"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>

namespace affsync::net::test {

std::string ok_with(std::string const& body, std::string const& more_headers) {
  return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n" + more_headers + "\r\n" + body;
}

TempFile::TempFile(std::string const& text) {
  char path[] = "/tmp/affsync-net-XXXXXX";
  int const file = ::mkstemp(path);
  ::close(file);
  path_ = path;
  std::ofstream(path_) << text;
}

TempFile::~TempFile() {
  std::remove(path_.c_str());
}

ClientOptions impatient() {
  ClientOptions options;
  options.deadlines.handshake = std::chrono::milliseconds(200);
  options.deadlines.read = std::chrono::milliseconds(200);
  return options;
}

TestClient::TestClient(std::string const& url, ClientOptions options) {
  options.origin = parse_origin(url, false).value();
  if (options.user_agent.empty()) options.user_agent = "affsync/test";
  client_ = std::move(make_http_client(loop_.get_executor(), std::move(options)).value());
}

HttpResponse TestClient::send(HttpRequest request) {
  return run(loop_, client_->send(std::move(request)));
}

HttpRequest reading(std::string const& target) {
  HttpRequest request(Method::get, target);
  request.only_reads = true;
  return request;
}

HttpResponse TestClient::get(std::string const& target) {
  return send(reading(target));
}

HttpResponse TestClient::post(std::string const& target, std::string const& body) {
  HttpRequest request(Method::post, target);
  request.body = body;
  return send(std::move(request));
}

Error TestClient::error_of_get(std::string const& target) {
  return error_of(reading(target));
}

Error TestClient::error_of(HttpRequest request) {
  try {
    send(std::move(request));
  } catch (Failure const& failure) {
    return failure.error();
  }
  return Error(ErrorCode::internal, "succeeded");
}

}  // namespace affsync::net::test
