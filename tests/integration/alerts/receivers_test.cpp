// Receivers over real sockets: what arrives there, and what counts as arrived.
#include <gtest/gtest.h>

#include <atomic>

#include "base/json.hpp"
#include "daemon/alerts/receiver.hpp"
#include "daemon/alerts/words.hpp"
#include "tests/support/peer/scripted_peer.hpp"
#include "tests/support/run_coroutine.hpp"
#include "tests/support/temp_dir.hpp"

namespace affsync::alerts::receivers_test {
namespace {

using affsync::test::Identity;
using affsync::test::PeerConnection;
using affsync::test::ScriptedPeer;
using affsync::test::TempDir;
using affsync::test::TestAuthority;
using std::chrono::milliseconds;

constexpr auto key = "11111111-2222-4333-8444-555555555555";

config::AlertReceiver webhook(std::string const& url) {
  config::AlertReceiver receiver;
  receiver.name = "ops";
  receiver.webhook.emplace().url = Secret(url);
  receiver.proxy = Secret("none");
  return receiver;
}

config::AlertReceiver telegram(std::string const& url) {
  config::AlertReceiver receiver;
  receiver.name = "phone";
  auto& chat = receiver.telegram.emplace();
  chat.token = Secret("123:planted-token");
  chat.chat = "-100123";
  chat.api = url;
  receiver.proxy = Secret("none");
  return receiver;
}

std::string answer(std::string const& status, std::string const& body,
                   std::string const& headers = "") {
  return "HTTP/1.1 " + status + "\r\n" + headers +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

SendOutcome send_to(config::AlertReceiver const& receiver) {
  boost::asio::io_context loop;
  auto const made = make_receiver(loop.get_executor(), receiver).value();
  auto message = sample_message(receiver.name, key, SystemClock().now());
  return affsync::test::run_coroutine(loop, made->send(std::move(message)));
}

// Answers each request with these bytes, and keeps the last request.
class Hook {
 public:
  explicit Hook(std::string bytes, std::optional<Identity> identity = std::nullopt)
      : bytes_(std::move(bytes)),
        peer_([this](PeerConnection& connection) { serve(connection); }, std::move(identity)) {}

  std::string url(std::string const& host = "127.0.0.1") const { return peer_.url(host); }
  std::string request() const {
    std::lock_guard const lock(mutex_);
    return request_;
  }
  int requests() const { return requests_; }

 private:
  void serve(PeerConnection& connection) {
    auto const request = connection.read_request();
    if (request.empty()) return;
    {
      std::lock_guard const lock(mutex_);
      request_ = request;
    }
    ++requests_;
    connection.send(bytes_);
    connection.wait_for_end();
  }

  std::string bytes_;
  mutable std::mutex mutex_;
  std::string request_;
  std::atomic<int> requests_{0};
  ScriptedPeer peer_;
};

TEST(AlertWebhook, GetsJsonWithItsKeyAndHeaders) {
  Hook const hook(answer("200 OK", "ok"));
  auto receiver = webhook(hook.url() + "/planted/path?token=planted");
  receiver.webhook->headers.emplace_back("X-Own", Secret("planted-header"));
  auto const outcome = send_to(receiver);
  EXPECT_TRUE(outcome.sent) << outcome.problem;
  EXPECT_EQ(outcome.said, "HTTP 200: ok");
  auto const request = hook.request();
  EXPECT_TRUE(request.starts_with("POST /planted/path?token=planted HTTP/1.1\r\n")) << request;
  EXPECT_NE(request.find("Idempotency-Key: " + std::string(key)), std::string::npos) << request;
  EXPECT_NE(request.find("X-Own: planted-header"), std::string::npos) << request;
  EXPECT_NE(request.find("Content-Type: application/json"), std::string::npos) << request;
  auto const body = parse_json(request.substr(request.find("\r\n\r\n") + 4));
  ASSERT_TRUE(body);
  EXPECT_EQ(body->find("kind")->as_string(), "test");
  EXPECT_EQ(body->find("idempotency_key")->as_string(), key);
}

TEST(AlertTelegram, IsAskedAsItsApiWants) {
  Hook const hook(answer("200 OK", R"({"ok":true,"result":{"message_id":5}})"));
  EXPECT_TRUE(send_to(telegram(hook.url())).sent);
  auto const request = hook.request();
  EXPECT_TRUE(request.starts_with("POST /bot123:planted-token/sendMessage HTTP/1.1\r\n"))
      << request;
  auto const body = parse_json(request.substr(request.find("\r\n\r\n") + 4));
  ASSERT_TRUE(body);
  EXPECT_EQ(body->find("chat_id")->as_string(), "-100123");
  EXPECT_EQ(body->find("parse_mode"), nullptr);
}

TEST(AlertTelegram, A200WithAnErrorIsAFailure) {
  Hook const hook(
      answer("200 OK", R"({"ok":false,"error_code":403,"description":"bot was blocked"})"));
  auto const outcome = send_to(telegram(hook.url()));
  EXPECT_FALSE(outcome.sent);
  EXPECT_NE(outcome.problem.find("bot was blocked"), std::string::npos) << outcome.problem;
}

// As its documentation says of a group that becomes a supergroup.
TEST(AlertTelegram, AGroupWithANewNumberIsFollowedAndTold) {
  Hook const hook(
      answer("400 Bad Request",
             R"({"ok":false,"error_code":400,"description":"Bad Request: group chat was)"
             R"( upgraded to a supergroup chat","parameters":{"migrate_to_chat_id":)"
             R"(-1001557912345}})"));
  auto const outcome = send_to(telegram(hook.url()));
  EXPECT_FALSE(outcome.sent);
  EXPECT_EQ(outcome.moved_to, "-1001557912345");
  // The second request, and no third one, goes to the new number.
  auto const request = hook.request();
  auto const body = parse_json(request.substr(request.find("\r\n\r\n") + 4));
  ASSERT_TRUE(body);
  EXPECT_EQ(body->find("chat_id")->as_string(), "-1001557912345");
}

TEST(AlertTelegram, AnApiBelowAPathKeepsThePath) {
  Hook const hook(answer("200 OK", R"({"ok":true})"));
  EXPECT_TRUE(send_to(telegram(hook.url() + "/tg/")).sent);
  EXPECT_TRUE(hook.request().starts_with("POST /tg/bot123:planted-token/sendMessage "));
}

TEST(AlertWebhook, ARedirectIsNotFollowed) {
  Hook const other(answer("200 OK", "ok"));
  Hook const hook(answer("302 Found", "", "Location: " + other.url() + "/\r\n"));
  auto const outcome = send_to(webhook(hook.url() + "/x"));
  EXPECT_FALSE(outcome.sent);
  EXPECT_EQ(other.requests(), 0);
  EXPECT_EQ(hook.requests(), 1);
}

TEST(AlertWebhook, A429SaysWhenToComeBack) {
  Hook const hook(answer("429 Too Many Requests", "", "Retry-After: 120\r\n"));
  auto const outcome = send_to(webhook(hook.url() + "/x"));
  EXPECT_FALSE(outcome.sent);
  EXPECT_EQ(outcome.wait, std::chrono::seconds(120));
}

TEST(AlertWebhook, OneThatHangsIsGivenUpAtItsTimeout) {
  ScriptedPeer const peer([](PeerConnection& connection) { connection.wait_for_end(); });
  auto receiver = webhook(peer.url() + "/planted/secret-path");
  receiver.timeout = milliseconds(100);
  auto const outcome = send_to(receiver);
  EXPECT_FALSE(outcome.sent);
  EXPECT_EQ(outcome.problem.find("planted"), std::string::npos) << outcome.problem;
}

TEST(AlertWebhook, OneThatSendsByteAfterByteIsGivenUpAtItsTimeout) {
  ScriptedPeer const peer([](PeerConnection& connection) {
    connection.read_request();
    connection.send("HTTP/1.1 200 OK\r\n");
    while (connection.send("X-Pad: x\r\n")) std::this_thread::sleep_for(milliseconds(20));
  });
  auto receiver = webhook(peer.url() + "/x");
  receiver.timeout = milliseconds(200);
  EXPECT_FALSE(send_to(receiver).sent);
}

TEST(AlertWebhook, OneThatRefusesTheConnectionIsAFailure) {
  std::string url;
  {
    ScriptedPeer const gone([](PeerConnection&) {});
    url = gone.url();
  }
  auto const outcome = send_to(webhook(url + "/planted-path"));
  EXPECT_FALSE(outcome.sent);
  EXPECT_FALSE(outcome.problem.empty());
  EXPECT_EQ(outcome.problem.find("planted"), std::string::npos) << outcome.problem;
}

TEST(AlertWebhook, AnAnswerWithoutEndIsRefused) {
  ScriptedPeer const peer([](PeerConnection& connection) {
    connection.read_request();
    connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    std::string const chunk = "10000\r\n" + std::string(0x10000, 'x') + "\r\n";
    while (connection.send(chunk)) continue;
  });
  EXPECT_FALSE(send_to(webhook(peer.url() + "/x")).sent);
}

TEST(AlertWebhook, AWrongCertificateIsRefused) {
  TempDir const dir;
  TestAuthority const authority;
  auto const ca_file = dir.write("ca.pem", authority.certificate_pem()).string();
  {
    Hook const hook(answer("200 OK", "ok"), authority.issue());
    auto receiver = webhook(hook.url("localhost") + "/x");
    receiver.ca_file = ca_file;
    EXPECT_TRUE(send_to(receiver).sent);
    receiver.ca_file.clear();  // nobody vouches for it
    EXPECT_FALSE(send_to(receiver).sent);
    EXPECT_EQ(hook.requests(), 1);
  }
  test::CertificateOptions other;
  other.names = {"other.example"};
  Hook const hook(answer("200 OK", "ok"), authority.issue(other));
  auto receiver = webhook(hook.url("localhost") + "/x");
  receiver.ca_file = ca_file;
  auto const outcome = send_to(receiver);
  EXPECT_FALSE(outcome.sent);
  EXPECT_NE(outcome.problem.find("certificate"), std::string::npos) << outcome.problem;
  EXPECT_EQ(hook.requests(), 0);
}

// A peer that repeats the secrets it was sent, whole or in part.
TEST(AlertWebhook, NoSecretIsInWhatIsShown) {
  Hook const hook(answer("404 Not Found",
                         "no /planted-one/planted-two?token=planted-three, X-Own: planted-header, "
                         "or planted%2Dtwo, planted/four"));
  auto receiver =
      webhook(hook.url() + "/planted-one/planted-two?token=planted-three&k=planted%2Ffour");
  receiver.webhook->headers.emplace_back("X-Own", Secret("planted-header"));
  auto const outcome = send_to(receiver);
  EXPECT_EQ((outcome.said + outcome.problem).find("planted"), std::string::npos) << outcome.said;
  Hook const bot(answer("404 Not Found", "no bot123:planted-token, planted-token"));
  auto const other = send_to(telegram(bot.url()));
  EXPECT_EQ((other.said + other.problem).find("planted"), std::string::npos) << other.said;
}

TEST(AlertWebhook, AProxyThatCannotBeUsedIsAnErrorOfTheConfiguration) {
  auto receiver = webhook("https://hooks.example/planted");
  receiver.proxy = Secret("ftp://planted");
  receiver.where = "c.yaml:3:5";
  boost::asio::io_context loop;
  auto const made = make_receiver(loop.get_executor(), receiver);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().where, "c.yaml:3:5");
  EXPECT_EQ(made.error().to_line().find("planted"), std::string::npos);
}

}  // namespace
}  // namespace affsync::alerts::receivers_test
