#include "daemon/net/http_codec.hpp"

#include <gtest/gtest.h>

#include "tests/support/compress.hpp"

namespace affsync::net::http_codec_test {
namespace {

Origin broker() {
  return parse_origin("https://my.broker.example/base", false).value();
}

Result<HttpResponse> decode(std::string const& bytes, std::size_t piece = SIZE_MAX) {
  ResponseDecoder decoder{ClientLimits()};
  for (std::size_t at = 0; at < bytes.size() && !decoder.is_done();) {
    auto const part = std::string_view(bytes).substr(at, piece);
    auto const used = decoder.put(part);
    if (!used) return used.error();
    at += *used;
    if (*used < part.size() && !decoder.is_done()) {
      return Error(ErrorCode::internal, "bytes left alone before the end");
    }
  }
  if (!decoder.is_done()) {
    auto const end = decoder.put_end(true);
    if (!end) return end.error();
  }
  return decoder.take();
}

// Decodes whole and in pieces; the result must be the same.
Result<HttpResponse> decode_both_ways(std::string const& bytes) {
  auto const whole = decode(bytes);
  for (std::size_t const piece : {std::size_t(1), std::size_t(2), std::size_t(7)}) {
    auto const cut = decode(bytes, piece);
    EXPECT_EQ(whole.has_error(), cut.has_error()) << piece;
    if (whole && cut) {
      EXPECT_EQ(whole->status, cut->status);
      EXPECT_EQ(whole->body, cut->body);
      EXPECT_EQ(whole->headers.fields(), cut->headers.fields());
      EXPECT_EQ(whole->bytes_received, cut->bytes_received);
    } else if (!whole && !cut) {
      EXPECT_EQ(whole.error().code, cut.error().code);
    }
  }
  return whole;
}

ErrorCode code_of(std::string const& bytes) {
  auto const result = decode_both_ways(bytes);
  return result.has_error() ? result.error().code : ErrorCode::internal;
}

TEST(Encode, ARequest) {
  HttpRequest request(Method::post, "/auth/?x=1");
  request.headers.add("Content-Type", "application/json");
  request.secret_headers.emplace_back("X-Key", Secret("k"));
  request.body = "{}";
  EXPECT_EQ(encode_request(request, broker(), "affsync/1").value().reveal(),
            "POST /base/auth/?x=1 HTTP/1.1\r\nHost: my.broker.example\r\n"
            "Connection: keep-alive\r\nAccept-Encoding: gzip\r\nAccept: "
            "application/json\r\nUser-Agent: affsync/1\r\n"
            "Content-Type: application/json\r\nX-Key: k\r\nContent-Length: 2\r\n\r\n{}");
}

TEST(Encode, NothingMaySplitARequest) {
  for (auto const* target : {"", "rows", "http://evil.example/", "/a b", "/a\r\nX: 1", "/\xd0\xb6",
                             "/a\x01", "/a\x7f"}) {
    auto const bytes = encode_request(HttpRequest(Method::get, target), broker(), "a");
    ASSERT_TRUE(bytes.has_error()) << target;
    EXPECT_EQ(bytes.error().code, ErrorCode::bad_request);
  }
  for (auto const& [name, value] :
       {std::pair("X-A", "1\r\nX-B: 2"), std::pair("X-A", "1\n"), std::pair("X A", "1"),
        std::pair("", "1"), std::pair("X-A:", "1"), std::pair("X-A", "\x7f")}) {
    HttpRequest request(Method::get, "/");
    request.headers.add(name, value);
    EXPECT_TRUE(encode_request(request, broker(), "a").has_error()) << name << ": " << value;
    HttpRequest secret(Method::get, "/");
    secret.secret_headers.emplace_back(name, Secret(value));
    EXPECT_TRUE(encode_request(secret, broker(), "a").has_error()) << name << ": " << value;
  }
  HttpRequest nul(Method::get, "/");
  nul.headers.add("X-A", std::string("a\0b", 3));
  EXPECT_TRUE(encode_request(nul, broker(), "a").has_error());
}

TEST(Encode, AnAnswer) {
  HttpResponse response;
  response.status = 404;
  response.headers.add("Content-Type", "text/plain");
  response.headers.add("X-Split", "a\r\nb");
  response.body = "none";
  EXPECT_EQ(encode_response(response, false, true),
            "HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n"
            "Connection: keep-alive\r\n\r\nnone");
  EXPECT_EQ(encode_response(response, true, false),
            "HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n"
            "Connection: close\r\n\r\n");
}

TEST(Decode, AnswersInEveryFraming) {
  EXPECT_EQ(decode_both_ways("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc").value().body,
            "abc");
  EXPECT_EQ(decode_both_ways("HTTP/1.1 200 OK\r\n\r\nabc").value().body, "abc");
  EXPECT_TRUE(decode_both_ways("HTTP/1.1 200 OK\r\n\r\nabc")->ends_with_connection);
  EXPECT_TRUE(decode_both_ways("HTTP/1.0 200 OK\r\n\r\n")->ends_with_connection);
  EXPECT_FALSE(
      decode_both_ways("HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\na")->ends_with_connection);
  EXPECT_FALSE(decode_both_ways("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" +
                                affsync::test::compress("abc"))
                   ->ends_with_connection)
      << "gzip has an end";
  EXPECT_EQ(decode_both_ways("HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n"
                             "2;x=\"y\"\r\nab\r\n1\r\nc\r\n0\r\nX-T: 1\r\n\r\n")
                .value()
                .body,
            "abc");
  EXPECT_EQ(decode_both_ways("HTTP/1.0 200 \r\nContent-Length: 0\r\n\r\n").value().status, 200);
  EXPECT_EQ(decode_both_ways("HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n").value().body,
            "");
}

TEST(Decode, BytesBehindTheAnswerAreLeftAlone) {
  std::string const answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
  ResponseDecoder decoder{ClientLimits()};
  EXPECT_EQ(decoder.put(answer + "HTTP/1.1 200 OK\r\n").value(), answer.size());
  EXPECT_TRUE(decoder.is_done());
  EXPECT_TRUE(decoder.keeps_alive());
  EXPECT_EQ(decoder.put("more").value(), 0u);
  EXPECT_EQ(decoder.take().bytes_received, answer.size());
}

TEST(Decode, WhetherTheConnectionMayBeUsedAgain) {
  auto const keeps = [](std::string const& bytes) {
    ResponseDecoder decoder{ClientLimits()};
    EXPECT_TRUE(decoder.put(bytes));
    if (!decoder.is_done()) {
      EXPECT_TRUE(decoder.put_end(true));
    }
    return decoder.keeps_alive();
  };
  EXPECT_TRUE(keeps("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
  EXPECT_FALSE(keeps("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"));
  EXPECT_FALSE(keeps("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n"));
  EXPECT_TRUE(keeps("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n"));
  EXPECT_FALSE(keeps("HTTP/1.1 200 OK\r\n\r\nbody"));
}

TEST(Decode, AnEndThatIsNotCleanIsNoEnd) {
  for (std::string const head : {"", "HTTP/1.1 2", "HTTP/1.1 200 OK\r\n\r\nabc",
                                 "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc"}) {
    ResponseDecoder decoder{ClientLimits()};
    ASSERT_TRUE(decoder.put(head));
    EXPECT_EQ(decoder.has_begun(), !head.empty());
    auto const end = decoder.put_end(false);
    ASSERT_TRUE(end.has_error()) << head;
    EXPECT_EQ(end.error().code, ErrorCode::truncated);
    EXPECT_FALSE(decoder.is_done());
  }
}

TEST(Decode, MistakesThatChangeNothing) {
  for (std::string const head :
       {"HTTP/1.1 200\r\nContent-Length: 3\r\n\r\n", "HTTP/1.0 200\r\n\r\n",
        "\r\nHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX Odd Name: 1\r\n and more\r\nContent-Length: 3\r\n\r\n",
        "HTTP/1.1 200\r\nContent-Length: 3\r\nX(1): a\r\nX-Last : b\r\n\r\n",
        "HTTP/1.1 100\r\n\r\nHTTP/1.1 200\r\nContent-Length: 3\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Encoding: utf-8\r\nContent-Length: 3\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Encoding: none\r\n\r\n"}) {
    auto const answer = decode_both_ways(head + "abc");
    ASSERT_TRUE(answer) << head << answer.error().message;
    EXPECT_EQ(answer->status, 200) << head;
    EXPECT_EQ(answer->body, "abc") << head;
  }
  auto const odd = decode_both_ways("HTTP/1.1 200 OK\r\nA: 1\r\nB C: 2\r\nD: 3\r\n\r\n").value();
  EXPECT_EQ(odd.headers.fields(), (std::vector<Headers::Field>{{"A", "1"}, {"D", "3"}}));
}

// Whoever is not sure where an answer ends takes another one for it.
TEST(Decode, ABodyIsNoHeaderWhereverThePiecesEnd) {
  std::string const body = R"({"a b":"c: d"})";
  std::string const answer = "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) +
                             "\r\nOdd name: 1\r\n\r\n" + body;
  for (auto const& bytes : {answer, "HTTP/1.1 200 OK\r\nA: b\r\n\r\n" + body}) {
    for (std::size_t at = 1; at < bytes.size(); ++at) {
      SCOPED_TRACE(at);
      ResponseDecoder decoder{ClientLimits()};
      ASSERT_TRUE(decoder.put(bytes.substr(0, at)));
      ASSERT_TRUE(decoder.put(bytes.substr(at)));
      if (!decoder.is_done()) {
        ASSERT_TRUE(decoder.put_end(true));
      }
      EXPECT_EQ(decoder.take().body, body);
    }
  }
}

TEST(Decode, WhatMayEndABodyIsNotMended) {
  for (auto const* field :
       {"Content-Length : 3", "Content Length: 3", "Content-Length\t: 3",
        "Transfer-Encoding : chunked", "Transfer Encoding: chunked", "content_length x: 3",
        " Content-Length: 3", "Transfer-Encoding: none", "Transfer-Encoding: utf-8"}) {
    EXPECT_EQ(code_of("HTTP/1.1 200 OK\r\n" + std::string(field) + "\r\n\r\nabc"),
              ErrorCode::malformed_answer)
        << field;
  }
}

TEST(Decode, ACutAnswerSaysWhatCame) {
  ResponseDecoder decoder{ClientLimits()};
  ASSERT_TRUE(decoder.put("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"));
  EXPECT_EQ(
      decoder.put_end(true).error().message,
      "the connection ended inside the answer, after 3 bytes of its body (Content-Length: 9)");
  ResponseDecoder open{ClientLimits()};
  ASSERT_TRUE(open.put("HTTP/1.1 200 OK\r\n\r\nabc"));
  EXPECT_EQ(open.put_end(false, "TLS ended without close_notify").error().message,
            "the connection ended inside the answer, after 3 bytes of its body: TLS ended without "
            "close_notify");
  auto const coded = decode("HTTP/1.1 200 OK\r\nContent-Encoding: zstd\r\n\r\n");
  ASSERT_TRUE(coded.has_error());
  EXPECT_EQ(coded.error().message,
            "the answer has the Content-Encoding \"zstd\", but only gzip was asked for");
}

TEST(Decode, WhatIsNotHttp) {
  for (auto const* bytes :
       {"garbage\r\n\r\n", "HTTP/2 200\r\n\r\n", "HTTP/1.1 20 OK\r\n\r\n",
        "HTTP/1.1 020 OK\r\n\r\n", "HTTP/1.0 000 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        "HTTP/1.1 200 OK\r\n: empty\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-2\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabcdef\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Encoding: br\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Encoding: gzip, gzip\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n"}) {
    EXPECT_EQ(code_of(bytes), ErrorCode::malformed_answer) << bytes;
  }
}

TEST(Decode, AnEmptyChunkedBodyMayComeInAnyPieces) {
  std::string const bytes = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
  auto const header = bytes.size() - 5;
  for (std::size_t first = 1; first < 5; ++first) {
    for (std::size_t second = 1; first + second <= 5; ++second) {
      ResponseDecoder decoder(ClientLimits{});
      std::size_t at = 0;
      for (auto const size : {header, first, second, 5 - first - second}) {
        EXPECT_TRUE(decoder.put(std::string_view(bytes).substr(at, size)));
        at += size;
      }
      EXPECT_TRUE(decoder.is_done()) << first << " " << second;
      EXPECT_EQ(decoder.take().body, "");
    }
  }
}

// A wrong password is one although the page about it is damaged.
TEST(Decode, ARefusalIsOneHoweverItsBodyIs) {
  auto const decoded = [](std::string const& bytes) {
    ResponseDecoder decoder(ClientLimits{});
    EXPECT_TRUE(decoder.put(bytes)) << bytes;
    EXPECT_TRUE(decoder.put_end(false)) << bytes;
    EXPECT_TRUE(decoder.is_done()) << bytes;
    EXPECT_FALSE(decoder.keeps_alive()) << bytes;
    return decoder.take();
  };
  for (std::string const rest :
       {"Content-Length: 30\r\n\r\n{}", "Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}",
        "Content-Encoding: br\r\n\r\n{}", "Two words: x\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\nzz\r\n"}) {
    auto const response = decoded("HTTP/1.1 429 No\r\nRetry-After: 3600\r\n" + rest);
    EXPECT_EQ(response.status, 429) << rest;
    EXPECT_EQ(response.headers.find("Retry-After"), "3600") << rest;
    EXPECT_EQ(response.body, "") << rest;
    EXPECT_TRUE(response.flaw) << rest;
    ResponseDecoder good(ClientLimits{});
    auto const used = good.put("HTTP/1.1 200 OK\r\n" + rest);
    EXPECT_TRUE(!used || !good.put_end(false)) << rest;
  }
}

TEST(Decode, WhatAnInterimAnswerAnnouncesIsNotYetSo) {
  ResponseDecoder decoder(ClientLimits{});
  EXPECT_TRUE(
      decoder.put("HTTP/1.1 103 Early Hints\r\nContent-Encoding: gzip\r\n\r\n"
                  "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"));
  EXPECT_TRUE(decoder.is_done());
  EXPECT_EQ(decoder.take().body, "{}");
}

TEST(Decode, AHeaderMayHaveTheLimitAndNoMore) {
  ClientLimits limits;
  limits.header_bytes = 1000;
  auto const size_of_header = [&](std::size_t size) {
    std::string const start = "HTTP/1.1 204 No\r\nX: ";
    ResponseDecoder decoder(limits);
    auto const used = decoder.put(start + std::string(size - start.size() - 4, 'x') + "\r\n\r\n");
    return used.has_error() ? to_string(used.error().code) : "good";
  };
  EXPECT_EQ(size_of_header(990), "good");
  EXPECT_EQ(size_of_header(1100), "answer_too_large");
}

TEST(Decode, ABodyMayHaveTheLimitAndNoMore) {
  ClientLimits limits;
  limits.body_bytes = 10;
  auto const code = [&](std::string const& bytes) {
    ResponseDecoder decoder(limits);
    auto const used = decoder.put(bytes);
    return used.has_error() ? to_string(used.error().code) : "good";
  };
  std::string const chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  EXPECT_EQ(code("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789"), "good");
  EXPECT_EQ(code("HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n"), "answer_too_large");
  EXPECT_EQ(code(chunked + "5\r\n01234\r\n5\r\n01234\r\n0\r\n\r\n"), "good");
  EXPECT_EQ(code(chunked + "5\r\n01234\r\n6\r\n012345\r\n0\r\n\r\n"), "answer_too_large");
  EXPECT_EQ(code("HTTP/1.1 200 OK\r\n\r\n0123456789"), "good");
  EXPECT_EQ(code("HTTP/1.1 200 OK\r\n\r\n0123456789a"), "answer_too_large");
}

IncomingRequest incoming(std::string const& bytes) {
  RequestDecoder decoder(16 * 1024);
  EXPECT_TRUE(decoder.put(bytes));
  EXPECT_TRUE(decoder.is_done());
  return decoder.take();
}

TEST(DecodeRequest, LineAndHeader) {
  auto const request = incoming("GET /a?b=c HTTP/1.1\r\nHost: x\r\nX-A: 1\r\n\r\n");
  EXPECT_EQ(request.method, "GET");
  EXPECT_EQ(request.target, "/a?b=c");
  EXPECT_EQ(request.headers.find("x-a"), "1");
  EXPECT_TRUE(request.keep_alive);
  EXPECT_FALSE(request.has_body);
}

TEST(DecodeRequest, KnowsABodyAndTheWishToClose) {
  EXPECT_TRUE(incoming("POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc").has_body);
  EXPECT_TRUE(incoming("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n").has_body);
  EXPECT_FALSE(incoming("GET / HTTP/1.1\r\nConnection: close\r\n\r\n").keep_alive);
  EXPECT_FALSE(incoming("GET / HTTP/1.0\r\n\r\n").keep_alive);
}

TEST(DecodeRequest, TheNextRequestIsLeftAlone) {
  std::string const one = "GET /1 HTTP/1.1\r\nHost: x\r\n\r\n";
  RequestDecoder decoder(16 * 1024);
  EXPECT_EQ(decoder.put(one + "GET /2 HTTP/1.1\r\n").value(), one.size());
}

TEST(DecodeRequest, ByteByByte) {
  RequestDecoder decoder(16 * 1024);
  EXPECT_FALSE(decoder.has_begun());
  for (char const c : std::string("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n")) {
    ASSERT_FALSE(decoder.is_done());
    EXPECT_EQ(decoder.put(std::string_view(&c, 1)).value(), 1u);
  }
  EXPECT_TRUE(decoder.is_done());
  EXPECT_EQ(decoder.take().method, "HEAD");
}

TEST(DecodeRequest, GarbageAndHugeHeaders) {
  RequestDecoder garbage(16 * 1024);
  EXPECT_EQ(garbage.put("\x16\x03\x01\r\n\r\n").error().code, ErrorCode::bad_request);
  RequestDecoder huge(1024);
  EXPECT_EQ(huge.put("GET /" + std::string(5000, 'x')).error().code, ErrorCode::answer_too_large);
  RequestDecoder many(1024);
  EXPECT_EQ(many.put("GET / HTTP/1.1\r\nX: " + std::string(5000, 'x') + "\r\n\r\n").error().code,
            ErrorCode::answer_too_large);
}

}  // namespace
}  // namespace affsync::net::http_codec_test
