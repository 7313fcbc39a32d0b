// Which connections are reused and which are not. The peer counts connections.
#include <gtest/gtest.h>

#include <latch>

#include "tests/integration/net/support.hpp"

namespace affsync::net::test::pool_test {
namespace {

// Answers every request on every connection.
void answer_all(PeerConnection& connection) {
  while (!connection.read_request().empty()) {
    if (!connection.send(ok_with("{}"))) return;
  }
}

TEST(Pool, AConnectionIsUsedAgain) {
  ScriptedPeer peer(answer_all);
  TestClient client(peer.url());
  for (int i = 0; i < 5; ++i) EXPECT_EQ(client.get().status, 200);
  EXPECT_EQ(peer.connections(), 1);
}

TEST(Pool, ClosingItEndsIdleConnections) {
  std::latch ended(1);
  ScriptedPeer peer([&](PeerConnection& connection) {
    answer_all(connection);
    ended.count_down();
  });
  TestClient client(peer.url());
  client.get();
  client.client().close();
  ended.wait();
  EXPECT_EQ(client.get().status, 200);
  EXPECT_EQ(peer.connections(), 2);
}

TEST(Pool, ConnectionCloseIsHeeded) {
  ScriptedPeer peer([](PeerConnection& connection) {
    connection.read_request();
    connection.send(ok_with("{}", "Connection: close\r\n"));
    connection.wait_for_end();
  });
  TestClient client(peer.url());
  client.get();
  client.get();
  EXPECT_EQ(peer.connections(), 2);
}

TEST(Pool, OneThatThePeerClosedMeanwhileIsReplaced) {
  std::latch closed(1);
  ScriptedPeer peer([&](PeerConnection& connection) {
    connection.read_request();
    connection.send(ok_with("{}"));
    connection.close();
    if (connection.number() == 1) closed.count_down();
  });
  TestClient client(peer.url());
  client.get();
  closed.wait();
  EXPECT_EQ(client.get().status, 200);
  EXPECT_EQ(peer.connections(), 2);
}

TEST(Pool, OneThatDiesOnTheNextRequestIsReplacedOnce) {
  ScriptedPeer peer([](PeerConnection& connection) {
    connection.read_request();
    if (connection.number() > 2) return;
    connection.send(ok_with("{}"));
    connection.read_request();  // then closes instead of answering
  });
  TestClient client(peer.url());
  EXPECT_EQ(client.get().status, 200);
  EXPECT_EQ(client.get().status, 200);
  EXPECT_EQ(peer.connections(), 2);
  EXPECT_EQ(client.error_of_get().code, ErrorCode::connect_failed)
      << "a connection is replaced only once";
  EXPECT_EQ(peer.connections(), 3);
}

TEST(Pool, OneThatDiesInsideAnAnswerIsNotReplaced) {
  ScriptedPeer peer([](PeerConnection& connection) {
    connection.read_request();
    connection.send(ok_with("{}"));
    connection.read_request();
    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{");
  });
  TestClient client(peer.url());
  client.get();
  EXPECT_EQ(client.error_of_get().code, ErrorCode::truncated);
  EXPECT_EQ(peer.connections(), 1);
}

TEST(Pool, ALoginNeverTakesAKeptConnectionAndIsNeverSentTwice) {
  for (auto const method : {Method::post, Method::get}) {
    std::atomic<int> logins{0};
    ScriptedPeer peer([&](PeerConnection& connection) {
      for (;;) {
        auto const request = connection.read_request();
        if (request.empty()) return;
        if (request.find(" /auth/ ") != std::string::npos) {
          ++logins;
          return;
        }
        connection.send(ok_with("{}"));
      }
    });
    TestClient client(peer.url());
    client.get();
    HttpRequest login(method, "/auth/");
    if (method == Method::post) login.body = "{}";
    EXPECT_EQ(client.error_of(login).code, ErrorCode::connect_failed);
    EXPECT_EQ(logins, 1);
    EXPECT_EQ(peer.connections(), 2);
  }
}

TEST(Pool, ASignedRequestIsNotSentTwiceAsItIs) {
  std::atomic<int> requests{0};
  ScriptedPeer peer([&](PeerConnection& connection) {
    for (int i = 0; !connection.read_request().empty(); ++i) {
      ++requests;
      if (connection.number() == 1 && i == 1) return;
      connection.send(ok_with("{}"));
    }
  });
  TestClient client(peer.url());
  client.get();
  auto request = reading();
  request.is_signed = true;
  EXPECT_THROW(client.send(request), LapsedConnection);
  EXPECT_EQ(requests, 2);
  EXPECT_EQ(client.send(request).status, 200);
  EXPECT_EQ(requests, 3);
  EXPECT_EQ(peer.connections(), 2);
}

TEST(Pool, TheBodyOfALoginArrives) {
  std::string seen;
  ScriptedPeer peer([&](PeerConnection& connection) {
    seen = connection.read_request();
    connection.send(ok_with("{}"));
  });
  TestClient(peer.url()).post("/auth/", R"({"login": "a"})");
  EXPECT_TRUE(seen.starts_with("POST /auth/ HTTP/1.1\r\n"));
  EXPECT_TRUE(seen.ends_with("Content-Length: 14\r\n\r\n{\"login\": \"a\"}"));
}

TEST(Pool, BytesBehindAnAnswerEndTheConnection) {
  ScriptedPeer peer([](PeerConnection& connection) {
    connection.read_request();
    // Content-Length is too short: the rest would pass for the answer to the next request.
    connection.send(ok_with("{}") + ok_with(R"({"forged": true})"));
    answer_all(connection);
  });
  TestClient client(peer.url());
  auto const first = client.get();
  EXPECT_EQ(first.body, "{}");
  EXPECT_TRUE(first.has_surplus);
  EXPECT_EQ(client.get().body, "{}");
  EXPECT_EQ(peer.connections(), 2);
}

TEST(Pool, BytesThatComeWhileIdleEndTheConnection) {
  std::latch sent(1);
  ScriptedPeer peer([&](PeerConnection& connection) {
    connection.read_request();
    connection.send(ok_with("{}"));
    if (connection.number() == 1) {
      connection.send(ok_with(R"({"forged": true})"));
      sent.count_down();
    }
    connection.wait_for_end();
  });
  TestClient client(peer.url());
  client.get();
  sent.wait();
  EXPECT_EQ(client.get().body, "{}");
  EXPECT_EQ(peer.connections(), 2);
}

// The line break of the answer before, which came when the next request was on its way.
TEST(Pool, WhatIsNoAnswerOnAKeptConnectionIsOfTheOneBefore) {
  ScriptedPeer peer([](PeerConnection& connection) {
    connection.read_request();
    connection.send(ok_with("{}"));
    if (connection.number() > 1) return connection.wait_for_end();
    connection.read_request();
    connection.send("\r\n" + ok_with("{}"));
    connection.wait_for_end();
  });
  TestClient client(peer.url());
  EXPECT_EQ(client.get().body, "{}");
  EXPECT_EQ(client.get().body, "{}");
  EXPECT_EQ(peer.connections(), 2);
}

TEST(Pool, RequestsAtOnceHaveConnectionsOfTheirOwn) {
  std::latch both(2);
  ScriptedPeer peer([&](PeerConnection& connection) {
    connection.read_request();
    both.arrive_and_wait();
    connection.send(ok_with("{}"));
    answer_all(connection);
  });
  TestClient client(peer.url());
  int done = 0;
  for (int i = 0; i < 2; ++i) {
    auto ended = [&](std::exception_ptr error, HttpResponse const& response) {
      EXPECT_FALSE(error);
      EXPECT_EQ(response.status, 200);
      ++done;
    };
    asio::co_spawn(client.loop(), client.client().send(reading()), std::move(ended));
  }
  while (done < 2) client.loop().run_one();
  EXPECT_EQ(peer.connections(), 2);
  client.get();
  EXPECT_EQ(peer.connections(), 2);
}

TEST(Pool, KeepsNoMoreThanItMay) {
  ClientOptions options;
  options.idle_connections = 0;
  ScriptedPeer peer(answer_all);
  TestClient client(peer.url(), options);
  client.get();
  client.get();
  EXPECT_EQ(peer.connections(), 2);
}

}  // namespace
}  // namespace affsync::net::test::pool_test
