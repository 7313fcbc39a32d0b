// Every way in which an answer can arrive or fail, over a real socket.
#include <gtest/gtest.h>

#include "tests/integration/net/support.hpp"
#include "tests/support/compress.hpp"

namespace affsync::net::test::answers_test {
namespace {

// Answers the first request of every connection with these bytes and closes in order.
ScriptedPeer::Script answering(std::string bytes) {
  return [bytes = std::move(bytes)](PeerConnection& peer) {
    peer.read_request();
    peer.send(bytes);
    peer.close();
  };
}

Error error_from(ScriptedPeer::Script script, ClientOptions options = ClientOptions()) {
  ScriptedPeer peer(std::move(script));
  return TestClient(peer.url(), std::move(options)).error_of_get("/rows/?limit=5");
}

TEST(Answer, WithItsLength) {
  std::string const bytes = ok_with(R"({"a": 1})", "X-Rate: 7\r\n");
  ScriptedPeer peer(answering(bytes));
  auto const response = TestClient(peer.url()).get();
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, R"({"a": 1})");
  EXPECT_EQ(response.headers.find("x-rate"), "7");
  EXPECT_EQ(response.bytes_received, bytes.size());
}

TEST(Answer, TheRequestSaysWhatItShouldAndNothingElse) {
  std::string seen;
  ScriptedPeer peer([&](PeerConnection& connection) {
    seen = connection.read_request();
    connection.send(ok_with("{}"));
  });
  ClientOptions options;
  options.user_agent = "affsync/0.1.0";
  {
    TestClient client(peer.url() + "/base/", options);
    HttpRequest request(Method::get, "/rows/?limit=5");
    request.headers.add("Accept", "application/json");
    request.secret_headers.emplace_back("Authorization", Secret("JWT abc"));
    client.send(std::move(request));
  }
  EXPECT_EQ(seen,
            "GET /base/rows/?limit=5 HTTP/1.1\r\n"
            "Host: 127.0.0.1:" +
                std::to_string(peer.port()) +
                "\r\n"
                "Connection: keep-alive\r\n"
                "Accept-Encoding: gzip\r\n"
                "User-Agent: affsync/0.1.0\r\n"
                "Accept: application/json\r\n"
                "Authorization: JWT abc\r\n\r\n");
}

TEST(Answer, Chunked) {
  ScriptedPeer peer([](PeerConnection& connection) {
    connection.read_request();
    connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n[1,2\r\n");
    connection.send("3;name=value\r\n,3]\r\n0\r\nX-Trailer: 1\r\n");
    connection.send("\r\n");
  });
  auto const response = TestClient(peer.url()).get();
  EXPECT_EQ(response.body, "[1,2,3]");
  EXPECT_FALSE(response.headers.find("X-Trailer")) << "a trailer must not become a header";
}

TEST(Answer, ByteByByte) {
  ScriptedPeer peer([](PeerConnection& connection) {
    connection.read_request();
    for (char const c : std::string("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                                    "5\r\nhello\r\n0\r\n\r\n")) {
      connection.send(std::string_view(&c, 1));
    }
  });
  EXPECT_EQ(TestClient(peer.url()).get().body, "hello");
}

TEST(Answer, UntilTheEndOfTheConnection) {
  ScriptedPeer peer(answering("HTTP/1.1 200 OK\r\n\r\n[1, 2]"));
  EXPECT_EQ(TestClient(peer.url()).get().body, "[1, 2]");
}

TEST(Answer, Gzip) {
  std::string const body = affsync::test::compress(R"({"rows": []})");
  ScriptedPeer peer(answering(ok_with(body, "Content-Encoding: gzip\r\n")));
  auto const response = TestClient(peer.url()).get();
  EXPECT_EQ(response.body, R"({"rows": []})");
}

TEST(Answer, WithoutABody) {
  ScriptedPeer peer(answering("HTTP/1.1 204 No Content\r\n\r\n"));
  auto const response = TestClient(peer.url()).get();
  EXPECT_EQ(response.status, 204);
  EXPECT_EQ(response.body, "");
}

TEST(Answer, InterimOnesAreSkipped) {
  ScriptedPeer peer(
      answering("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
                "HTTP/1.1 100 Continue\r\n\r\n" +
                ok_with("{}")));
  auto const response = TestClient(peer.url()).get();
  EXPECT_EQ(response.status, 200);
  EXPECT_FALSE(response.headers.find("Link"));
}

TEST(Answer, ARedirectIsGivenBackAndNotFollowed) {
  ScriptedPeer other(answering(ok_with("{}")));
  ScriptedPeer peer(answering("HTTP/1.1 302 Found\r\nLocation: " + other.url() +
                              "/\r\nContent-Length: 0\r\n\r\n"));
  EXPECT_EQ(TestClient(peer.url()).get().status, 302);
  EXPECT_EQ(other.connections(), 0);
}

TEST(Answer, ErrorStatusesAreAnswersToo) {
  ScriptedPeer peer(answering("HTTP/1.1 500 Oops\r\nContent-Length: 4\r\n\r\nfail"));
  auto const response = TestClient(peer.url()).get();
  EXPECT_EQ(response.status, 500);
  EXPECT_EQ(response.body, "fail");
}

TEST(BrokenAnswer, CutShort) {
  auto const error =
      error_from(answering("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"half\": "));
  EXPECT_EQ(error.code, ErrorCode::truncated);
  EXPECT_EQ(error.where, "GET /rows/?limit=5");
  EXPECT_NE(error.message.find("Content-Length: 100"), std::string::npos);
}

TEST(BrokenAnswer, CutInsideTheHeader) {
  EXPECT_EQ(error_from(answering("HTTP/1.1 200 OK\r\nContent-Le")).code, ErrorCode::truncated);
}

TEST(BrokenAnswer, CutInsideAChunk) {
  EXPECT_EQ(
      error_from(answering("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\nabc")).code,
      ErrorCode::truncated);
}

TEST(BrokenAnswer, CutBeforeTheLastChunk) {
  EXPECT_EQ(
      error_from(answering("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"))
          .code,
      ErrorCode::truncated);
}

TEST(BrokenAnswer, CutInsideTheCompressedBody) {
  std::string const body = affsync::test::compress(std::string(1000, 'x') + "end");
  auto const error = error_from(answering("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" +
                                          body.substr(0, body.size() - 9)));
  EXPECT_EQ(error.code, ErrorCode::truncated);
}

TEST(BrokenAnswer, ResetInTheMiddle) {
  ScriptedPeer peer([](PeerConnection& connection) {
    connection.read_request();
    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{");
    connection.reset();
  });
  // Data sent before a reset may be lost with it; then no answer had begun.
  auto const code = TestClient(peer.url()).error_of_get().code;
  EXPECT_TRUE(code == ErrorCode::truncated || code == ErrorCode::connect_failed) << to_string(code);
}

TEST(BrokenAnswer, ResetBeforeItBegins) {
  auto const error = error_from([](PeerConnection& connection) {
    connection.read_request();
    connection.reset();
  });
  EXPECT_EQ(error.code, ErrorCode::connect_failed);
}

TEST(BrokenAnswer, NoAnswerAtAll) {
  auto const error = error_from([](PeerConnection& connection) { connection.read_request(); });
  EXPECT_EQ(error.code, ErrorCode::connect_failed);
  EXPECT_NE(error.message.find("without an answer"), std::string::npos);
}

TEST(BrokenAnswer, Garbage) {
  EXPECT_EQ(error_from(answering("SSH-2.0-OpenSSH_9.2\r\n")).code, ErrorCode::malformed_answer);
  EXPECT_EQ(error_from(answering("HTTP/1.1 200 OK\r\nno colon here\r\n\r\n")).code,
            ErrorCode::malformed_answer);
  EXPECT_EQ(error_from(answering("HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n")).code,
            ErrorCode::malformed_answer);
  EXPECT_EQ(
      error_from(answering("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n")).code,
      ErrorCode::malformed_answer);
}

TEST(BrokenAnswer, TwoLengthsThatDiffer) {
  EXPECT_EQ(
      error_from(answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}x"))
          .code,
      ErrorCode::malformed_answer);
}

TEST(BrokenAnswer, DamagedGzip) {
  EXPECT_EQ(error_from(answering(ok_with("this is no gzip", "Content-Encoding: gzip\r\n"))).code,
            ErrorCode::malformed_answer);
}

TEST(BrokenAnswer, ACodingThatWasNotAskedFor) {
  EXPECT_EQ(error_from(answering(ok_with("x", "Content-Encoding: br\r\n"))).code,
            ErrorCode::malformed_answer);
}

TEST(HostileAnswer, HugeHeader) {
  auto const error =
      error_from(answering("HTTP/1.1 200 OK\r\nX-Fill: " + std::string(100'000, 'x') + "\r\n\r\n"));
  EXPECT_EQ(error.code, ErrorCode::answer_too_large);
}

TEST(HostileAnswer, ALargeButSaneHeaderIsFine) {
  ScriptedPeer peer(answering(ok_with("{}", "X-Fill: " + std::string(9'000, 'x') + "\r\n")));
  EXPECT_EQ(TestClient(peer.url()).get().body, "{}");
}

TEST(HostileAnswer, AnnouncedTooLarge) {
  EXPECT_EQ(error_from(answering("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n{")).code,
            ErrorCode::answer_too_large);
}

TEST(HostileAnswer, WithoutEnd) {
  ClientOptions options;
  options.limits.body_bytes = 100'000;
  for (std::string const header : {"", "Transfer-Encoding: chunked\r\n"}) {
    auto const endless = [&](PeerConnection& connection) {
      connection.read_request();
      connection.send("HTTP/1.1 200 OK\r\n" + header + "\r\n");
      std::string const piece =
          header.empty() ? std::string(1000, 'x') : "3e8\r\n" + std::string(1000, 'x') + "\r\n";
      while (connection.send(piece)) {
      }
    };
    EXPECT_EQ(error_from(endless, options).code, ErrorCode::answer_too_large) << header;
  }
}

TEST(HostileAnswer, AChunkHeaderWithoutEnd) {
  auto const endless = [](PeerConnection& connection) {
    connection.read_request();
    connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;");
    while (connection.send(std::string(1000, 'x'))) {
    }
  };
  auto const code = error_from(endless).code;
  EXPECT_TRUE(code == ErrorCode::answer_too_large || code == ErrorCode::malformed_answer)
      << to_string(code);
}

TEST(HostileAnswer, InterimAnswersWithoutEnd) {
  auto const endless = [](PeerConnection& connection) {
    connection.read_request();
    while (connection.send("HTTP/1.1 100 Continue\r\n\r\n")) {
    }
  };
  EXPECT_EQ(error_from(endless).code, ErrorCode::malformed_answer);
}

TEST(HostileAnswer, ADecompressionBomb) {
  std::string const bomb = affsync::test::compress(std::string(20'000'000, ' '));
  auto const error = error_from(answering(ok_with(bomb, "Content-Encoding: gzip\r\n")));
  EXPECT_EQ(error.code, ErrorCode::answer_too_large);
}

TEST(SlowAnswer, SilenceEndsInATimeout) {
  auto const error = error_from(
      [](PeerConnection& connection) {
        connection.read_request();
        connection.wait_for_end();
      },
      impatient());
  EXPECT_EQ(error.code, ErrorCode::timeout);
  EXPECT_NE(error.message.find("200 ms"), std::string::npos) << error.message;
}

TEST(SlowAnswer, ADripThatNeverPausesLongEndsInATimeoutToo) {
  ClientOptions options;
  options.deadlines.request = std::chrono::milliseconds(300);
  auto const error = error_from(
      [](PeerConnection& connection) {
        connection.read_request();
        connection.send("HTTP/1.1 200 OK\r\n\r\n");
        while (connection.send("x")) std::this_thread::sleep_for(std::chrono::milliseconds(5));
      },
      options);
  EXPECT_EQ(error.code, ErrorCode::timeout);
  EXPECT_NE(error.message.find("whole request"), std::string::npos) << error.message;
}

TEST(Request, NothingSecretIsInAnError) {
  ScriptedPeer peer([](PeerConnection& connection) { connection.read_request(); });
  TestClient client(peer.url());
  HttpRequest request(Method::post, "/auth/");
  request.body = R"({"password": "hunter2-body"})";
  request.headers.add("X-Plain", "hunter2-header");
  request.secret_headers.emplace_back("Authorization", Secret("hunter2-token"));
  EXPECT_EQ(client.error_of(request).to_line().find("hunter2"), std::string::npos);

  request.secret_headers[0].second = Secret("hunter2-token\n");
  auto const error = client.error_of(request);
  EXPECT_EQ(error.code, ErrorCode::bad_request);
  EXPECT_NE(error.message.find("Authorization"), std::string::npos);
  EXPECT_EQ(error.to_line().find("hunter2"), std::string::npos);
}

TEST(Request, NothingListening) {
  unsigned short port = 0;
  {
    ScriptedPeer gone(answering(""));
    port = gone.port();
  }
  auto const error = TestClient("http://127.0.0.1:" + std::to_string(port)).error_of_get();
  EXPECT_EQ(error.code, ErrorCode::connect_failed);
  EXPECT_NE(error.message.find("refused"), std::string::npos) << error.message;
}

}  // namespace
}  // namespace affsync::net::test::answers_test
