// TLS with a real peer: which certificates are trusted, and the message of a refusal.
#include <gtest/gtest.h>

#include "tests/integration/net/support.hpp"

namespace affsync::net::test::tls_test {
namespace {

TestAuthority const& authority() {
  static TestAuthority const one;
  return one;
}

TempFile const& authority_file() {
  static TempFile const file(authority().certificate_pem());
  return file;
}

CertificateOptions for_names(std::vector<std::string> names) {
  CertificateOptions wishes;
  wishes.names = std::move(names);
  return wishes;
}

ClientOptions trusting() {
  ClientOptions options;
  options.ca_file = authority_file().path();
  return options;
}

void answer_once(PeerConnection& connection) {
  connection.read_request();
  connection.send(ok_with("{}"));
  connection.wait_for_end();
}

Error error_from(Identity const& identity, std::string const& host, ClientOptions options) {
  ScriptedPeer peer(answer_once, identity);
  return TestClient(peer.url(host), std::move(options)).error_of_get();
}

TEST(Tls, ACertificateOfATrustedAuthorityIsBelieved) {
  ScriptedPeer peer(answer_once, authority().issue());
  EXPECT_EQ(TestClient(peer.url("localhost"), trusting()).get().status, 200);
}

TEST(Tls, ACertificateForTheAddressIsBelieved) {
  ScriptedPeer peer(answer_once, authority().issue(for_names({"127.0.0.1"})));
  EXPECT_EQ(TestClient(peer.url("127.0.0.1"), trusting()).get().status, 200);
}

TEST(Tls, AConnectionIsUsedAgain) {
  ScriptedPeer peer(
      [](PeerConnection& connection) {
        while (!connection.read_request().empty()) connection.send(ok_with("{}"));
      },
      authority().issue());
  TestClient client(peer.url("localhost"), trusting());
  for (int i = 0; i < 3; ++i) EXPECT_EQ(client.get().status, 200);
  EXPECT_EQ(peer.connections(), 1);
}

// The record behind the answer is in the client's buffers when the answer is complete, or only its
// start is.
TEST(Tls, ARecordBehindAnAnswerEndsTheConnection) {
  for (auto const& behind : {ok_with(R"({"forged": true})"), std::string("\r\n"),
                             ok_with(std::string(16'000, ' ') + R"({"forged": true})"),
                             ok_with(std::string(100'000, ' ') + R"({"forged": true})")}) {
    ScriptedPeer peer(
        [&](PeerConnection& connection) {
          while (!connection.read_request().empty()) {
            if (!connection.send_together(ok_with("{}"), behind)) return;
          }
        },
        authority().issue());
    TestClient client(peer.url("localhost"), trusting());
    for (int i = 0; i < 3; ++i) EXPECT_EQ(client.get().body, "{}") << behind.size();
    EXPECT_EQ(peer.connections(), 3) << behind.size();
  }
}

TEST(Tls, OneThatThePeerClosedMeanwhileIsReplaced) {
  ScriptedPeer peer(
      [](PeerConnection& connection) {
        connection.read_request();
        connection.send(ok_with("{}"));
      },
      authority().issue());
  TestClient client(peer.url("localhost"), trusting());
  for (int i = 0; i < 3; ++i) EXPECT_EQ(client.get().status, 200);
}

TEST(Tls, Expired) {
  CertificateOptions wishes;
  wishes.from_days = -20;
  wishes.until_days = -5;
  auto const error = error_from(authority().issue(wishes), "localhost", trusting());
  EXPECT_EQ(error.code, ErrorCode::tls_failed);
  EXPECT_NE(error.message.find("the certificate of localhost expired on 20"), std::string::npos)
      << error.message;
  EXPECT_FALSE(error.hint.empty());
}

TEST(Tls, NotYetValid) {
  CertificateOptions wishes;
  wishes.from_days = 5;
  auto const error = error_from(authority().issue(wishes), "localhost", trusting());
  EXPECT_EQ(error.code, ErrorCode::tls_failed);
  EXPECT_NE(error.message.find("not valid yet"), std::string::npos) << error.message;
}

TEST(Tls, SelfSigned) {
  auto const error = error_from(affsync::test::self_signed(), "localhost", ClientOptions());
  EXPECT_EQ(error.code, ErrorCode::tls_failed);
  EXPECT_NE(error.message.find("self-signed"), std::string::npos) << error.message;
  EXPECT_NE(error.hint.find("tls.ca_file"), std::string::npos) << error.hint;
}

TEST(Tls, SelfSignedButNamedInCaFile) {
  auto const identity = affsync::test::self_signed();
  TempFile const file(identity.certificate_pem);
  ClientOptions options;
  options.ca_file = file.path();
  ScriptedPeer peer(answer_once, identity);
  EXPECT_EQ(TestClient(peer.url("localhost"), options).get().status, 200);
}

TEST(Tls, WhoTakesAnyCertificateSendsNoSecret) {
  ClientOptions options;
  options.unverified = true;
  ScriptedPeer peer(answer_once, affsync::test::self_signed(for_names({"another.example"})));
  TestClient client(peer.url("localhost"), options);
  HttpRequest keyed(Method::get, "/");
  keyed.secret_headers.emplace_back("Authorization", Secret("Bearer planted"));
  EXPECT_EQ(client.error_of(keyed).code, ErrorCode::internal);
  HttpRequest hidden(Method::get, "/");
  hidden.secret_target = Secret("/?key=planted");
  EXPECT_EQ(client.error_of(hidden).code, ErrorCode::internal);
  EXPECT_EQ(client.error_of(HttpRequest(Method::post, "/login")).code, ErrorCode::internal);
  EXPECT_EQ(peer.connections(), 0);
  EXPECT_EQ(client.get().status, 200);
  // Others with the same files still look at the certificate.
  EXPECT_EQ(error_from(affsync::test::self_signed(), "localhost", ClientOptions()).code,
            ErrorCode::tls_failed);
}

TEST(Tls, AnAuthorityThatIsNotTrusted) {
  auto const error = error_from(authority().issue(), "localhost", ClientOptions());
  EXPECT_EQ(error.code, ErrorCode::tls_failed);
  EXPECT_NE(error.message.find("authority that is not trusted"), std::string::npos)
      << error.message;
}

TEST(Tls, AnotherHost) {
  auto const identity = authority().issue(for_names({"other.example", "www.other.example"}));
  auto const error = error_from(identity, "localhost", trusting());
  EXPECT_EQ(error.code, ErrorCode::tls_failed);
  EXPECT_NE(error.message.find("for another host (other.example, www.other.example)"),
            std::string::npos)
      << error.message;
}

TEST(Tls, AHostNameIsNoAddress) {
  auto const error = error_from(authority().issue(), "127.0.0.1", trusting());
  EXPECT_EQ(error.code, ErrorCode::tls_failed);
  EXPECT_NE(error.message.find("another host (localhost)"), std::string::npos) << error.message;
}

// RFC 9110, 4.3.4: the common name must not be looked at.
TEST(Tls, ANameInAnotherPlaceIsNone) {
  struct Case {
    std::string host, names, message, hint;
  };
  for (auto const& one : std::initializer_list<Case>{
           {"localhost", "",
            "the certificate of localhost has it as its common name only, which does not count",
            "`subjectAltName = DNS:localhost`"},
           {"127.0.0.1", "",
            "the certificate of 127.0.0.1 has it as its common name only, which does not count",
            "`subjectAltName = IP:127.0.0.1`"},
           {"127.0.0.1", "DNS:other.example,DNS:127.0.0.1",
            "the certificate of 127.0.0.1 has it as a DNS name only, which does not count",
            "`subjectAltName = IP:127.0.0.1`"},
       }) {
    auto wishes = for_names({one.host});
    wishes.alternative_names = one.names;
    auto const error = error_from(authority().issue(wishes), one.host, trusting());
    EXPECT_EQ(error.code, ErrorCode::tls_failed) << error.to_line();
    EXPECT_EQ(error.message, one.message);
    EXPECT_NE(error.hint.find(one.hint), std::string::npos) << error.hint;
  }
}

TEST(Tls, ABodyUntilTheEndNeedsAnOrderlyEnd) {
  ScriptedPeer peer(
      [](PeerConnection& connection) {
        bool const cut = connection.read_request().starts_with("GET /cut");
        connection.send("HTTP/1.1 200 OK\r\n\r\n[1, 2, 3]");
        cut ? connection.cut() : connection.close();
      },
      authority().issue());
  TestClient client(peer.url("localhost"), trusting());
  EXPECT_EQ(client.get("/whole").body, "[1, 2, 3]");
  EXPECT_EQ(client.error_of_get("/cut").code, ErrorCode::truncated);
}

TEST(Tls, ABodyWithALengthDoesNot) {
  ScriptedPeer peer(
      [](PeerConnection& connection) {
        connection.read_request();
        connection.send(ok_with("[1]"));
        connection.cut();
      },
      authority().issue());
  EXPECT_EQ(TestClient(peer.url("localhost"), trusting()).get().body, "[1]");
}

TEST(Tls, APeerThatSpeaksPlainHttp) {
  ScriptedPeer peer([](PeerConnection& connection) {
    connection.send("HTTP/1.1 400 Bad Request\r\n\r\n");
    connection.wait_for_end();
  });
  std::string const url = "https://127.0.0.1:" + std::to_string(peer.port());
  auto const error = TestClient(url).error_of_get();
  EXPECT_EQ(error.code, ErrorCode::tls_failed);
  EXPECT_NE(error.hint.find("does not use TLS"), std::string::npos) << error.to_line();
}

TEST(Tls, AHandshakeThatNeverComes) {
  ScriptedPeer peer([](PeerConnection& connection) { connection.wait_for_end(); });
  std::string const url = "https://127.0.0.1:" + std::to_string(peer.port());
  auto const error = TestClient(url, impatient()).error_of_get();
  EXPECT_EQ(error.code, ErrorCode::timeout);
  EXPECT_NE(error.message.find("handshake"), std::string::npos) << error.message;
}

TEST(Tls, AHandshakeThatIsCutOff) {
  ScriptedPeer peer([](PeerConnection& connection) { connection.reset(); });
  std::string const url = "https://127.0.0.1:" + std::to_string(peer.port());
  EXPECT_EQ(TestClient(url).error_of_get().code, ErrorCode::connect_failed);
}

// A server that admits only clients with a certificate of this authority.
Identity demanding(TestAuthority const& of_clients) {
  auto identity = authority().issue();
  identity.clients_authority_pem = of_clients.certificate_pem();
  return identity;
}

TEST(Tls, ACertificateOfOursIsShownToAServerThatDemandsOne) {
  TestAuthority const of_clients;
  auto const own = of_clients.issue();
  TempFile const certificate(own.certificate_pem);
  TempFile const key(own.key_pem);
  auto options = trusting();
  options.certificate_file = certificate.path();
  options.key_file = key.path();
  ScriptedPeer peer(answer_once, demanding(of_clients));
  EXPECT_EQ(TestClient(peer.url("localhost"), options).get().status, 200);
}

TEST(Tls, WithoutACertificateOfOursItSaysThatOneIsDemanded) {
  auto const error = error_from(demanding(TestAuthority()), "localhost", trusting());
  EXPECT_EQ(error.code, ErrorCode::tls_failed) << error.to_line();
  EXPECT_EQ(error.message, "localhost demands a certificate of its clients");
  EXPECT_NE(error.hint.find("tls.certificate_file"), std::string::npos) << error.hint;
}

TEST(Tls, ACertificateOfOursFromAnotherAuthorityIsRefused) {
  auto const own = TestAuthority().issue();
  TempFile const certificate(own.certificate_pem);
  TempFile const key(own.key_pem);
  auto options = trusting();
  options.certificate_file = certificate.path();
  options.key_file = key.path();
  auto const error = error_from(demanding(TestAuthority()), "localhost", options);
  EXPECT_EQ(error.code, ErrorCode::tls_failed) << error.to_line();
  EXPECT_NE(error.message.find("localhost refused the certificate in tls.certificate_file"),
            std::string::npos)
      << error.message;
}

TEST(Tls, ACertificateOfOursThatCannotBeUsedIsSaidAtOnce) {
  asio::io_context loop;
  auto const own = TestAuthority().issue();
  TempFile const certificate(own.certificate_pem);
  TempFile const other_key(TestAuthority().issue().key_pem);
  auto const refusal = [&](std::string const& certificate_file, std::string const& key_file) {
    ClientOptions options;
    options.origin = parse_origin("https://localhost", false).value();
    options.certificate_file = certificate_file;
    options.key_file = key_file;
    auto const client = make_http_client(loop.get_executor(), std::move(options));
    EXPECT_TRUE(client.has_error());
    return client ? "none" : client.error().message;
  };
  EXPECT_EQ(refusal("/nonexistent.pem", other_key.path()),
            "the file /nonexistent.pem in tls.certificate_file cannot be used: No such file or "
            "directory");
  EXPECT_NE(refusal(certificate.path(), other_key.path())
                .find("the file " + other_key.path() + " in tls.key_file cannot be used: "),
            std::string::npos);
}

TEST(Tls, ACaFileThatCannotBeUsedIsSaidAtOnce) {
  asio::io_context loop;
  TempFile const empty("");
  for (std::string const& path : {std::string("/nonexistent/ca.pem"), empty.path()}) {
    ClientOptions options;
    options.origin = parse_origin("https://localhost", false).value();
    options.ca_file = path;
    auto const client = make_http_client(loop.get_executor(), std::move(options));
    ASSERT_TRUE(client.has_error()) << path;
    EXPECT_EQ(client.error().code, ErrorCode::config_invalid);
    EXPECT_NE(client.error().message.find(path), std::string::npos);
  }
}

}  // namespace
}  // namespace affsync::net::test::tls_test
