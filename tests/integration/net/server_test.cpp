// The small HTTP server, called over real sockets.
#include "daemon/net/http_server.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <filesystem>
#include <fstream>

#include "tests/integration/net/support.hpp"

namespace affsync::net::test::server_test {
namespace {

// The client end of a connection, blocking.
class Caller {
 public:
  // `from`: its own address.
  explicit Caller(unsigned short port, char const* from = "127.0.0.1")
      : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in own{};
    own.sin_family = AF_INET;
    ::inet_pton(AF_INET, from, &own.sin_addr);
    if (::bind(socket_, reinterpret_cast<sockaddr*>(&own), sizeof own) != 0) {
      throw std::runtime_error("no such address of this machine");
    }
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(port);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket_, reinterpret_cast<sockaddr*>(&at), sizeof at) != 0) {
      throw std::runtime_error("no connection");
    }
  }
  Caller(Caller const&) = delete;
  Caller& operator=(Caller const&) = delete;
  ~Caller() { ::close(socket_); }

  void send(std::string_view bytes) { ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL); }
  // Reads fail after this time.
  void be_patient_for(int seconds) {
    timeval const limit{seconds, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  }
  bool has_something() {
    char c = 0;
    return ::recv(socket_, &c, 1, MSG_PEEK | MSG_DONTWAIT) >= 0;
  }
  // Reads until the server closes the connection.
  std::string read_all() {
    std::string text;
    char buffer[4096];
    for (ssize_t got = 0; (got = ::recv(socket_, buffer, sizeof buffer, 0)) > 0;) {
      text.append(buffer, static_cast<std::size_t>(got));
    }
    return text;
  }
  // Reads up to and including `end`.
  std::string read_until(std::string const& end) {
    std::string text;
    char c = 0;
    while (!text.ends_with(end) && ::recv(socket_, &c, 1, 0) == 1) text += c;
    return text;
  }

 private:
  int socket_;
};

asio::awaitable<HttpResponse> greet(HttpRequest request, std::string peer) {
  if (request.target == "/throws") throw Failure(ErrorCode::database_unavailable, "no database");
  if (request.target == "/waits") {
    asio::steady_timer timer(co_await asio::this_coro::executor, std::chrono::hours(1));
    co_await timer.async_wait(asio::use_awaitable);
  }
  HttpResponse response;
  response.status = 200;
  response.headers.add("Content-Type", "text/plain");
  response.body = "hello " + request.target;
  if (request.target == "/whoami") response.body = "you are " + peer;
  if (request.method == Method::post) response.body += " with " + request.body;
  co_return response;
}

// The server on its own loop and thread. Answers to /gate wait until it is opened.
class RunningServer {
 public:
  explicit RunningServer(ServerLimits limits = {}, ServerTlsFiles tls = {})
      : gate_(loop_, asio::steady_timer::time_point::max()),
        server_(std::move(
            make_http_server(loop_.get_executor(), "127.0.0.1:0", handler(), limits, std::move(tls))
                .value())) {
    auto ended = [this](std::exception_ptr error) { error_ = error; };
    asio::co_spawn(loop_, server_->serve(),
                   asio::bind_cancellation_slot(signal_.slot(), std::move(ended)));
    thread_ = std::thread([this] { loop_.run(); });
  }
  ~RunningServer() { stop(); }

  unsigned short port() const { return server_->port(); }
  // Waits until all connections have ended.
  void stop() {
    if (!thread_.joinable()) return;
    asio::post(loop_, [this] { server_->stop(); });
    thread_.join();
  }
  void cancel() {
    asio::post(loop_, [this] { signal_.emit(asio::cancellation_type::terminal); });
    thread_.join();
  }
  std::exception_ptr error() const { return error_; }

  void wait_for_gate(int callers) {
    while (at_gate_ < callers) at_gate_.wait(at_gate_.load());
  }
  void open_gate() {
    asio::post(loop_, [this] { gate_.cancel(); });
  }

 private:
  RequestHandler handler() {
    return [this](HttpRequest request, std::string peer) {
      return answer(std::move(request), std::move(peer));
    };
  }
  asio::awaitable<HttpResponse> answer(HttpRequest request, std::string peer) {
    if (request.target == "/gate") {
      at_gate_ += 1;
      at_gate_.notify_all();
      boost::system::error_code opened;
      co_await gate_.async_wait(asio::redirect_error(asio::use_awaitable, opened));
    }
    co_return co_await greet(std::move(request), std::move(peer));
  }

  asio::io_context loop_{1};
  asio::steady_timer gate_;
  std::atomic<int> at_gate_ = 0;
  asio::cancellation_signal signal_;
  std::unique_ptr<HttpServer> server_;
  std::exception_ptr error_;
  std::thread thread_;
};

std::string ask(unsigned short port, std::string const& bytes) {
  Caller caller(port);
  caller.send(bytes);
  return caller.read_all();
}

TEST(Server, ToldWhereARequestComesFrom) {
  RunningServer server;
  auto const answer =
      ask(server.port(), "GET /whoami HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(answer.ends_with("you are 127.0.0.1")) << answer;
}

// Two on one connection: what follows a body is the next request.
TEST(Server, TakesBodiesWhereItIsToldTo) {
  ServerLimits limits;
  limits.body_bytes = 10;
  RunningServer server(limits);
  std::string const post = "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n";
  auto const both = ask(server.port(), post + "\r\none" + post + "Connection: close\r\n\r\ntwo");
  EXPECT_NE(both.find("hello /a with oneHTTP/1.1 200"), std::string::npos) << both;
  EXPECT_TRUE(both.ends_with("hello /a with two")) << both;
  auto const put = ask(server.port(), "PUT /a HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_NE(put.find("Allow: GET, HEAD, POST\r\n"), std::string::npos) << put;
  auto const large =
      ask(server.port(), "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n12345678901");
  EXPECT_TRUE(large.starts_with("HTTP/1.1 413")) << large;
  RunningServer other;
  auto const refused = ask(other.port(), post + "\r\none");
  EXPECT_TRUE(refused.starts_with("HTTP/1.1 405")) << refused;
}

TEST(Server, Get) {
  RunningServer server;
  auto const answer =
      ask(server.port(), "GET /metrics?x=1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(answer,
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 18\r\n"
            "Connection: close\r\n\r\nhello /metrics?x=1");
}

TEST(Server, HeadHasNoBody) {
  RunningServer server;
  auto const answer = ask(server.port(), "HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_NE(answer.find("Content-Length: 7\r\n"), std::string::npos);
  EXPECT_TRUE(answer.ends_with("\r\n\r\n"));
}

TEST(Server, OneConnectionCarriesManyRequests) {
  RunningServer server;
  Caller caller(server.port());
  caller.send("GET /one HTTP/1.1\r\nHost: a\r\n\r\nGET /two HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_TRUE(caller.read_until("hello /one").starts_with("HTTP/1.1 200"));
  EXPECT_TRUE(caller.read_until("hello /two").starts_with("HTTP/1.1 200"));
  caller.send("GET /three HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(caller.read_all().ends_with("hello /three"));
}

TEST(Server, OtherMethodsAreRefused) {
  RunningServer server;
  for (std::string const method : {"POST", "PUT", "DELETE", "OPTIONS", "PATCH"}) {
    auto const answer =
        ask(server.port(), method + " / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 405 Method Not Allowed\r\n")) << answer;
    EXPECT_NE(answer.find("Allow: GET, HEAD\r\n"), std::string::npos);
  }
}

TEST(Server, AHeaderWithoutEndIsRefused) {
  RunningServer server;
  auto const answer =
      ask(server.port(), "GET / HTTP/1.1\r\nX-Fill: " + std::string(40'000, 'x') + "\r\n\r\n");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 431 ")) << answer;
}

TEST(Server, GarbageIsRefused) {
  RunningServer server;
  EXPECT_TRUE(ask(server.port(), "\x16\x03\x01 hello\r\n\r\n").starts_with("HTTP/1.1 400 "));
}

TEST(Server, ABodyIsRefused) {
  RunningServer server;
  auto const answer =
      ask(server.port(), "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 413 ")) << answer;
}

TEST(Server, AFailingHandlerIsAnAnswer) {
  RunningServer server;
  auto const answer =
      ask(server.port(), "GET /throws HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 500 ")) << answer;
  EXPECT_TRUE(answer.ends_with("no database\n")) << answer;
}

TEST(Server, MoreCallersThanItServesAtOnceWaitTheirTurn) {
  RunningServer server;
  std::vector<std::unique_ptr<Caller>> idle;
  for (int i = 0; i < 64; ++i) {
    idle.push_back(std::make_unique<Caller>(server.port()));
    idle.back()->send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    idle.back()->read_until("hello /");
  }
  Caller late(server.port());
  late.send("GET /late HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  idle.pop_back();
  EXPECT_TRUE(late.read_all().ends_with("hello /late"));
}

// Neither waits for a time limit: the caller's patience is shorter than each of the server's.
TEST(Server, ANewCallerTakesThePlaceOfTheOneThatIsSilentLongest) {
  RunningServer server;
  Caller first(server.port());
  first.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  first.read_until("hello /");
  std::vector<std::unique_ptr<Caller>> silent;
  for (int i = 0; i < 63; ++i) {
    silent.push_back(std::make_unique<Caller>(server.port()));
    silent.back()->send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    silent.back()->read_until("hello /");
    silent.back()->send("GET /half HTTP/1.1\r\nHo");  // and no more
  }
  std::string const last = "GET /late HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
  first.send("GET /again HTTP/1.1\r\nHost: a\r\n\r\n");
  first.read_until("hello /again");
  Caller late(server.port());
  late.be_patient_for(5);
  late.send(last);
  EXPECT_TRUE(late.read_all().ends_with("hello /late"));
  silent.front()->be_patient_for(5);
  EXPECT_EQ(silent.front()->read_all(), "");
  // The one that has spoken since is still there.
  first.send("GET /third HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_TRUE(first.read_until("hello /third").starts_with("HTTP/1.1 200"));
}

TEST(Server, OneAddressCannotTakeThePlacesOfOthers) {
  RunningServer server;
  Caller quiet(server.port(), "127.0.0.2");
  quiet.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  quiet.read_until("hello /");
  // More than there are places, some at work for long and some silent, all newer than the quiet
  // one.
  std::vector<std::unique_ptr<Caller>> many;
  for (int i = 0; i < 200; ++i) {
    many.push_back(std::make_unique<Caller>(server.port()));
    many.back()->send(i < 100 ? "GET /waits HTTP/1.1\r\nHost: a\r\n\r\n" : "GET /half");
  }
  Caller other(server.port(), "127.0.0.3");
  other.be_patient_for(5);
  other.send("GET /other HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(other.read_all().ends_with("hello /other"));
  quiet.be_patient_for(5);
  quiet.send("GET /quiet HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_TRUE(quiet.read_until("hello /quiet").starts_with("HTTP/1.1 200"));
}

TEST(Server, RequestsOfOneAddressTakeTurnsWhenThereAreMany) {
  RunningServer server;
  std::vector<std::unique_ptr<Caller>> many;
  for (int i = 0; i < 48; ++i) {
    many.push_back(std::make_unique<Caller>(server.port()));
    many.back()->send("GET /gate HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  }
  // Those are being answered now; the next one is answered when one of them has been.
  server.wait_for_gate(48);
  Caller next(server.port());
  next.send("GET /next HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  Caller other(server.port(), "127.0.0.2");
  other.send("GET /other HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(other.read_all().ends_with("hello /other"));
  EXPECT_FALSE(next.has_something());
  server.open_gate();
  EXPECT_TRUE(next.read_all().ends_with("hello /next"));
  for (auto const& one : many) EXPECT_TRUE(one->read_all().ends_with("hello /gate"));
}

// It waits for the server, unlike the silent ones, although they are newer.
TEST(Server, WhoWaitsForItsTurnKeepsItsPlace) {
  RunningServer server;
  std::vector<std::unique_ptr<Caller>> many, silent;
  for (int i = 0; i < 48; ++i) {
    many.push_back(std::make_unique<Caller>(server.port()));
    many.back()->send("GET /gate HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  }
  server.wait_for_gate(48);
  Caller next(server.port());
  next.send("GET /next HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  for (int i = 0; i < 15; ++i) {
    silent.push_back(std::make_unique<Caller>(server.port()));
    silent.back()->send("GET /half");
  }
  Caller other(server.port(), "127.0.0.2");
  other.send("GET /other HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(other.read_all().ends_with("hello /other"));
  EXPECT_EQ(silent.front()->read_all(), "");
  server.open_gate();
  EXPECT_TRUE(next.read_all().ends_with("hello /next"));
}

// An address that fills all places with requests takes none from others, and is told so.
TEST(Server, WhoWaitsForItsTurnIsRefusedIfOthersHaveNoPlace) {
  RunningServer server;
  std::vector<std::unique_ptr<Caller>> many, waiting;
  for (int i = 0; i < 48; ++i) {
    many.push_back(std::make_unique<Caller>(server.port()));
    many.back()->send("GET /gate HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  }
  server.wait_for_gate(48);
  for (int i = 0; i < 16; ++i) {
    waiting.push_back(std::make_unique<Caller>(server.port()));
    waiting.back()->send("GET /next HTTP/1.1\r\nHost: a\r\n\r\n");
  }
  // The first ones may take the place of one whose request the server has not read yet.
  std::vector<std::unique_ptr<Caller>> others;
  std::string refused;
  while (refused.empty() && others.size() < 15) {
    others.push_back(std::make_unique<Caller>(server.port(), "127.0.0.2"));
    others.back()->send("GET /other HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_TRUE(others.back()->read_until("hello /other").starts_with("HTTP/1.1 200"));
    for (auto const& one : waiting) {
      if (one->has_something()) refused += one->read_all();
    }
  }
  EXPECT_TRUE(refused.starts_with("HTTP/1.1 503 ")) << refused;
  EXPECT_NE(refused.find("Retry-After: 1\r\n"), std::string::npos) << refused;
  server.open_gate();
  EXPECT_TRUE(waiting.front()->read_until("hello /next").starts_with("HTTP/1.1 200"));
}

// RFC 9112, 3.2.
TEST(Server, ARequestNamesTheServerOnce) {
  RunningServer server;
  auto const status = [&](std::string const& head) {
    auto const answer = ask(server.port(), head + "Connection: close\r\n\r\n");
    return answer.substr(0, answer.find("\r\n"));
  };
  EXPECT_EQ(status("GET / HTTP/1.1\r\n"), "HTTP/1.1 400 Bad Request");
  EXPECT_EQ(status("GET / HTTP/1.1\r\nHost:\r\n"), "HTTP/1.1 400 Bad Request");
  EXPECT_EQ(status("GET / HTTP/1.1\r\nHost: a\r\nhost: b\r\n"), "HTTP/1.1 400 Bad Request");
  EXPECT_EQ(status("GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n"), "HTTP/1.1 400 Bad Request");
  EXPECT_EQ(status("GET / HTTP/1.1\r\nHost: a\r\n"), "HTTP/1.1 200 OK");
  EXPECT_EQ(status("GET / HTTP/1.0\r\n"), "HTTP/1.1 200 OK");
}

// RFC 9112, 3.2.2.
TEST(Server, AWholeAddressIsATargetIfItNamesTheHost) {
  RunningServer server;
  auto const answer = [&](std::string const& target) {
    return ask(server.port(),
               "GET " + target + " HTTP/1.1\r\nHost: a:1\r\nConnection: close\r\n\r\n");
  };
  EXPECT_TRUE(answer("http://a:1/path?x=1").ends_with("hello /path?x=1"));
  EXPECT_TRUE(answer("HTTPS://A:1/path").ends_with("hello /path"));
  EXPECT_TRUE(answer("http://a:1").ends_with("hello /"));
  EXPECT_TRUE(answer("http://a:1?x").ends_with("hello /?x"));
  for (auto const* other :
       {"http://b:1/", "http://a/", "http://me@a:1/", "ftp://a:1/", "http:///", "a:1/", "*"}) {
    EXPECT_TRUE(answer(other).starts_with("HTTP/1.1 400 ")) << other;
  }
}

TEST(Server, StoppingEndsIdleAndWaitingConnections) {
  RunningServer server;
  Caller idle(server.port());
  idle.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  idle.read_until("hello /");
  Caller waiting(server.port());
  waiting.send("GET /waits HTTP/1.1\r\nHost: a\r\n\r\n");
  server.stop();
  EXPECT_FALSE(server.error());
  EXPECT_EQ(idle.read_all(), "");
  EXPECT_EQ(waiting.read_all(), "");
}

TEST(Server, CancellingItEndsEverything) {
  RunningServer server;
  Caller idle(server.port());
  idle.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  idle.read_until("hello /");
  server.cancel();
  EXPECT_TRUE(server.error());
  EXPECT_EQ(idle.read_all(), "");
}

TEST(Server, APortInUseIsNamed) {
  RunningServer first;
  asio::io_context loop;
  std::string const listen = "127.0.0.1:" + std::to_string(first.port());
  auto const second = make_http_server(loop.get_executor(), listen, greet);
  ASSERT_TRUE(second.has_error());
  EXPECT_EQ(second.error().code, ErrorCode::connect_failed);
  EXPECT_NE(second.error().message.find(listen + " in http.listen is already in use"),
            std::string::npos);
  EXPECT_NE(second.error().hint.find("ss -ltnp"), std::string::npos);
}

TEST(Server, AListenTextThatIsNoAddressIsRefused) {
  asio::io_context loop;
  for (auto const* odd : {"", "9464", "127.0.0.1", "127.0.0.1:", "127.0.0.1:http", "::1:9464",
                          "host.example:80", "127.0.0.1:70000", "[::1]"}) {
    auto const server = make_http_server(loop.get_executor(), odd, greet);
    ASSERT_TRUE(server.has_error()) << odd;
    EXPECT_EQ(server.error().code, ErrorCode::config_invalid) << odd;
  }
}

TEST(Server, AnAddressThatIsNotOursCannotBeBound) {
  asio::io_context loop;
  auto const server = make_http_server(loop.get_executor(), "192.0.2.1:0", greet);
  ASSERT_TRUE(server.has_error());
  EXPECT_EQ(server.error().code, ErrorCode::connect_failed);
}

// Two files of a certificate, which can be replaced.
class CertificateFiles {
 public:
  explicit CertificateFiles(Identity const& identity)
      : certificate_(identity.certificate_pem), key_(identity.key_pem) {}
  ServerTlsFiles files() const { return ServerTlsFiles{certificate_.path(), key_.path()}; }
  void replace(Identity const& identity) {
    write(certificate_.path(), identity.certificate_pem);
    write(key_.path(), identity.key_pem);
  }

 private:
  // Into the same file, with a time that surely differs.
  static void write(std::string const& path, std::string const& text) {
    std::ofstream(path, std::ios::trunc) << text;
    std::filesystem::last_write_time(
        path, std::filesystem::last_write_time(path) + std::chrono::hours(1));
  }
  TempFile certificate_, key_;
};

class ServerTls : public testing::Test {
 protected:
  HttpResponse get(unsigned short port) const {
    ClientOptions options;
    options.ca_file = authority_file_.path();
    return TestClient("https://localhost:" + std::to_string(port), std::move(options)).get("/x");
  }
  Error error_of_get(unsigned short port) const {
    ClientOptions options;
    options.ca_file = authority_file_.path();
    return TestClient("https://localhost:" + std::to_string(port), std::move(options))
        .error_of_get("/x");
  }
  static Identity issued(TestAuthority const& authority, std::string const& name) {
    CertificateOptions options;
    options.names = {name};
    return authority.issue(options);
  }

  TestAuthority authority_;
  TempFile authority_file_{authority_.certificate_pem()};
};

TEST_F(ServerTls, AnswersOverTlsAndNothingElse) {
  CertificateFiles const files(issued(authority_, "localhost"));
  RunningServer const server({}, files.files());
  EXPECT_EQ(get(server.port()).body, "hello /x");
  EXPECT_EQ(ask(server.port(), "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").find("hello"),
            std::string::npos);
  // The one that spoke plainly has harmed nobody.
  EXPECT_EQ(get(server.port()).status, 200);
}

TEST_F(ServerTls, ARenewedCertificateNeedsNoRestart) {
  CertificateFiles files(issued(authority_, "elsewhere.example"));
  std::atomic<int> refused = 0;
  auto tls = files.files();
  tls.on_refused = [&](Error const& error) {
    EXPECT_NE(error.message.find("http.tls: the key in "), std::string::npos);
    ++refused;
  };
  RunningServer const server({}, std::move(tls));
  EXPECT_EQ(error_of_get(server.port()).code, ErrorCode::tls_failed);
  files.replace(issued(authority_, "localhost"));
  EXPECT_EQ(get(server.port()).status, 200);
  // While the files do not fit, the old certificate stays.
  auto mixed = issued(authority_, "localhost");
  mixed.key_pem = issued(authority_, "localhost").key_pem;
  EXPECT_EQ(refused, 0);
  files.replace(mixed);
  EXPECT_EQ(get(server.port()).status, 200);
  EXPECT_EQ(get(server.port()).status, 200);
  EXPECT_EQ(refused, 1);
}

TEST_F(ServerTls, FilesThatCannotBeUsedAreNamed) {
  auto const identity = issued(authority_, "localhost");
  TempFile const certificate(identity.certificate_pem), key(identity.key_pem), text("no pem"),
      other(issued(authority_, "localhost").key_pem);
  auto const refusal = [&](std::string const& its_certificate, std::string const& its_key) {
    asio::io_context loop;
    auto const server = make_http_server(loop.get_executor(), "127.0.0.1:0", greet, {},
                                         ServerTlsFiles{its_certificate, its_key});
    return server ? Error(ErrorCode::internal, "none") : server.error();
  };
  auto const missing = refusal("/nowhere.pem", key.path());
  EXPECT_EQ(missing.code, ErrorCode::config_invalid);
  EXPECT_NE(missing.message.find("the certificate in /nowhere.pem"), std::string::npos);
  EXPECT_NE(refusal(text.path(), key.path()).message.find("the certificate in " + text.path()),
            std::string::npos);
  EXPECT_NE(refusal(certificate.path(), text.path()).message.find("the key in " + text.path()),
            std::string::npos);
  EXPECT_NE(refusal(certificate.path(), other.path()).message.find(other.path()),
            std::string::npos);
}

}  // namespace
}  // namespace affsync::net::test::server_test
