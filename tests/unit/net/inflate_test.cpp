#include "daemon/net/inflate.hpp"

#include <gtest/gtest.h>

#include <random>

#include "tests/support/compress.hpp"

namespace affsync::net::inflate_test {
namespace {

using test::compress;

std::string noise(std::size_t size) {
  std::mt19937 random(7);
  std::string text(size, '\0');
  for (char& c : text) c = static_cast<char>('a' + random() % 26);
  return text;
}

Result<std::string> inflate_all(Compression compression, std::string const& bytes,
                                std::size_t piece = SIZE_MAX, InflateLimits const& limits = {}) {
  Inflater inflater(compression, limits);
  std::string out;
  for (std::size_t at = 0; at < bytes.size(); at += std::min(piece, bytes.size() - at)) {
    auto const put = inflater.put(std::string_view(bytes).substr(at, piece), out);
    if (!put) return put.error();
  }
  auto const end = inflater.finish();
  if (!end) return end.error();
  return out;
}

TEST(Inflate, AllForms) {
  std::string const text = noise(200'000);
  EXPECT_EQ(inflate_all(Compression::gzip, compress(text)).value(), text);
  EXPECT_EQ(inflate_all(Compression::deflate, compress(text, 15)).value(), text);
  EXPECT_EQ(inflate_all(Compression::deflate, compress(text, -15)).value(), text);
}

TEST(Inflate, ByteByByte) {
  std::string const text = noise(5'000);
  for (int const bits : {31, 15, -15}) {
    auto const kind = bits == 31 ? Compression::gzip : Compression::deflate;
    EXPECT_EQ(inflate_all(kind, compress(text, bits), 1).value(), text) << bits;
  }
}

TEST(Inflate, NothingIsAnEmptyBody) {
  EXPECT_EQ(inflate_all(Compression::gzip, "").value(), "");
  EXPECT_EQ(inflate_all(Compression::gzip, compress("")).value(), "");
}

TEST(Inflate, SeveralMembersAreOneBody) {
  EXPECT_EQ(inflate_all(Compression::gzip, compress("one ") + compress("two")).value(), "one two");
  EXPECT_EQ(inflate_all(Compression::gzip, compress("one ") + compress("two"), 1).value(),
            "one two");
}

TEST(Inflate, ZerosBehindTheEndArePadding) {
  EXPECT_EQ(inflate_all(Compression::gzip, compress("one") + std::string(600, '\0')).value(),
            "one");
}

TEST(Inflate, OtherBytesBehindTheEndAreNot) {
  EXPECT_EQ(inflate_all(Compression::gzip, compress("one") + "more").error().code,
            ErrorCode::malformed_answer);
  EXPECT_EQ(inflate_all(Compression::deflate, compress("one", 15) + "more").error().code,
            ErrorCode::malformed_answer);
}

TEST(Inflate, EveryCutIsNoticed) {
  std::string const bytes = compress("some text that is not very long");
  for (std::size_t length = 1; length < bytes.size(); ++length) {
    auto const result = inflate_all(Compression::gzip, bytes.substr(0, length));
    ASSERT_TRUE(result.has_error()) << length;
    EXPECT_EQ(result.error().code, ErrorCode::truncated) << length;
  }
}

TEST(Inflate, DamageIsNoticed) {
  std::string bytes = compress(noise(1'000));
  bytes[bytes.size() - 6] = static_cast<char>(bytes[bytes.size() - 6] ^ 1);  // in the checksum
  EXPECT_EQ(inflate_all(Compression::gzip, bytes).error().code, ErrorCode::malformed_answer);
  EXPECT_EQ(inflate_all(Compression::gzip, "no gzip").error().code, ErrorCode::malformed_answer);
}

TEST(Inflate, TheSizeIsCapped) {
  InflateLimits limits;
  limits.bytes = 1'000;
  EXPECT_TRUE(inflate_all(Compression::gzip, compress(noise(1'000)), 64, limits));
  EXPECT_EQ(inflate_all(Compression::gzip, compress(noise(1'001)), 64, limits).error().code,
            ErrorCode::answer_too_large);
}

TEST(Inflate, ABombIsNotWorkedOff) {
  std::string const bomb = compress(std::string(100'000'000, 'x'));
  Inflater inflater(Compression::gzip, InflateLimits());
  std::string out;
  auto const result = inflater.put(bomb, out);
  ASSERT_TRUE(result.has_error());
  EXPECT_EQ(result.error().code, ErrorCode::answer_too_large);
  // The output before the refusal is bounded by the ratio, or by the size from which the ratio
  // counts.
  InflateLimits const limits;
  EXPECT_LT(out.size(), std::max(limits.ratio * bomb.size(), limits.ratio_from) + 100'000);
}

TEST(Inflate, WellCompressedJsonIsNoBomb) {
  std::string json;
  for (int i = 0; json.size() < 12'000'000; ++i) {
    json += R"({"id": )" + std::to_string(i) + R"(, "client_uid": "aaaaaaaa", "reward": "0.00"},)";
  }
  EXPECT_EQ(inflate_all(Compression::gzip, compress(json)).value(), json);
}

}  // namespace
}  // namespace affsync::net::inflate_test
