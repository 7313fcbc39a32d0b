// The binary forms, byte by byte as PostgreSQL's documentation and its *_recv functions define
// them. That the server stores the same values as from text: integration, CopiedRows.
#include <gtest/gtest.h>

#include <optional>

#include "schema/store/binary_value.hpp"

namespace affsync::schema::binary_value_test {
namespace {

// The content as hex digits, without its length, which must be right; nullopt if it was refused.
std::optional<std::string> hex(BinaryType type, std::string_view text) {
  std::string out = "kept";
  if (!append_binary(out, type, text)) {
    EXPECT_EQ(out, "kept");
    return std::nullopt;
  }
  std::string digits;
  for (unsigned char const c : out.substr(8)) {
    digits += "0123456789abcdef"[c / 16];
    digits += "0123456789abcdef"[c % 16];
  }
  std::uint32_t length = 0;
  for (unsigned char const c : out.substr(4, 4)) length = length * 256 + c;
  EXPECT_EQ(length, digits.size() / 2) << text;
  return digits;
}

// Number of digits, place of the first, sign, decimal places; then the digits to the base 10,000.
TEST(BinaryValue, NumbersKeepEachDigit) {
  auto const numeric = [](std::string_view text) {
    return hex(BinaryType::numeric, text).value_or("refused");
  };
  EXPECT_EQ(numeric("0"),
            "0000"
            "0000"
            "0000"
            "0000");
  EXPECT_EQ(numeric("0.00"),
            "0000"
            "0000"
            "0000"
            "0002");
  EXPECT_EQ(numeric("-0.00"),
            "0000"
            "0000"
            "0000"
            "0002");
  EXPECT_EQ(numeric("1"),
            "0001"
            "0000"
            "0000"
            "0000"
            "0001");
  EXPECT_EQ(numeric("-1"),
            "0001"
            "0000"
            "4000"
            "0000"
            "0001");
  EXPECT_EQ(numeric("0001"),
            "0001"
            "0000"
            "0000"
            "0000"
            "0001");
  EXPECT_EQ(numeric("9999"),
            "0001"
            "0000"
            "0000"
            "0000"
            "270f");
  EXPECT_EQ(numeric("10000"),
            "0001"
            "0001"
            "0000"
            "0000"
            "0001");
  EXPECT_EQ(numeric("12345678"),
            "0002"
            "0001"
            "0000"
            "0000"
            "04d2"
            "162e");
  EXPECT_EQ(numeric("100000001"),
            "0003"
            "0002"
            "0000"
            "0000"
            "0001"
            "0000"
            "0001");
  EXPECT_EQ(numeric("507.3137"),
            "0002"
            "0000"
            "0000"
            "0004"
            "01fb"
            "0c41");
  EXPECT_EQ(numeric("5.29"),
            "0002"
            "0000"
            "0000"
            "0002"
            "0005"
            "0b54");
  EXPECT_EQ(numeric("1234.50"),
            "0002"
            "0000"
            "0000"
            "0002"
            "04d2"
            "1388");
  EXPECT_EQ(numeric("0.1"),
            "0001"
            "ffff"
            "0000"
            "0001"
            "03e8");
  EXPECT_EQ(numeric("0.0001"),
            "0001"
            "ffff"
            "0000"
            "0004"
            "0001");
  EXPECT_EQ(numeric("0.00001"),
            "0001"
            "fffe"
            "0000"
            "0005"
            "03e8");
  EXPECT_EQ(numeric("0.000000010"),
            "0001"
            "fffe"
            "0000"
            "0009"
            "0001");
  EXPECT_EQ(numeric("10000.0001"),
            "0003"
            "0001"
            "0000"
            "0004"
            "0001"
            "0000"
            "0001");
  EXPECT_EQ(numeric("-0.000000000001"),
            "0001"
            "fffd"
            "4000"
            "000c"
            "0001");
}

TEST(BinaryValue, OnlyPostgresJudgesOtherNumbers) {
  for (auto const* text : {"", "-", ".", ".5", "5.", "+5", " 5", "5 ", "1e5", "NaN", "Infinity",
                           "0x10", "1_000", "1,5", "--1", "1.2.3", "٣"}) {
    EXPECT_EQ(hex(BinaryType::numeric, text), std::nullopt) << text;
  }
  EXPECT_EQ(hex(BinaryType::numeric, std::string(5000, '1')), std::nullopt);
}

TEST(BinaryValue, Days) {
  EXPECT_EQ(hex(BinaryType::date, "2000-01-01"), "00000000");
  EXPECT_EQ(hex(BinaryType::date, "2000-03-01"), "0000003c");
  EXPECT_EQ(hex(BinaryType::date, "1999-12-31"), "ffffffff");
  EXPECT_EQ(hex(BinaryType::date, "2026-11-26"), "00002662");
  for (auto const* text : {"", "0000-01-01", "2026-02-29", "2026-1-1", "2026-11-26 ", "infinity",
                           "26.11.2026", "12026-01-01"}) {
    EXPECT_EQ(hex(BinaryType::date, text), std::nullopt) << text;
  }
}

TEST(BinaryValue, Times) {
  EXPECT_EQ(hex(BinaryType::timestamptz, "2000-01-01T00:00:00Z"), "0000000000000000");
  EXPECT_EQ(hex(BinaryType::timestamptz, "2000-01-01T00:00:01.000001Z"), "00000000000f4241");
  EXPECT_EQ(hex(BinaryType::timestamptz, "2000-01-01T00:00:00.5Z"), "000000000007a120");
  EXPECT_EQ(hex(BinaryType::timestamptz, "1999-12-31T23:59:59.999999Z"), "ffffffffffffffff");
  EXPECT_EQ(hex(BinaryType::timestamptz, "2000-01-02T10:11:12Z"), "0000001ca7a9b000");
  for (auto const* text :
       {"", "Z", "2000-01-01Z", "2000-01-01T00:00:00", "2000-01-01 00:00:00Z",
        "2000-01-01T24:00:00Z", "2000-01-01T00:60:00Z", "2000-01-01T00:00:60Z",
        "2000-01-01T00:00:00.Z", "2000-01-01T00:00:00.1234567Z", "2000-01-01T00:00:00,5Z",
        "2000-01-01T0:00:00Z", "0000-01-01T00:00:00Z", "2000-02-30T00:00:00Z",
        "2000-01-01T00-00:00Z", "infinity", "2000-01-01T00:00:00+00"}) {
    EXPECT_EQ(hex(BinaryType::timestamptz, text), std::nullopt) << text;
  }
}

TEST(BinaryValue, WholeNumbers) {
  EXPECT_EQ(hex(BinaryType::integer, "-2"), "fffffffe");
  EXPECT_EQ(hex(BinaryType::integer, "2147483647"), "7fffffff");
  EXPECT_EQ(hex(BinaryType::integer, "2147483648"), std::nullopt);
  EXPECT_EQ(hex(BinaryType::bigint, "9223372036854775807"), "7fffffffffffffff");
  EXPECT_EQ(hex(BinaryType::bigint, "-9223372036854775808"), "8000000000000000");
  for (auto const* text : {"", "9223372036854775808", "1.0", " 1", "1 ", "+1", "x"}) {
    EXPECT_EQ(hex(BinaryType::bigint, text), std::nullopt) << text;
  }
}

TEST(BinaryValue, Others) {
  EXPECT_EQ(hex(BinaryType::boolean, "true"), "01");
  EXPECT_EQ(hex(BinaryType::boolean, "false"), "00");
  EXPECT_EQ(hex(BinaryType::boolean, "yes"), std::nullopt);
  EXPECT_EQ(hex(BinaryType::text, ""), "");
  EXPECT_EQ(hex(BinaryType::text, "a\\N\t"), "615c4e09");
  EXPECT_EQ(hex(BinaryType::jsonb, "{}"), "017b7d");
  EXPECT_EQ(hex(BinaryType::uuid, "00112233445566778899aabbccddeeff"),
            "00112233445566778899aabbccddeeff");
  EXPECT_EQ(hex(BinaryType::uuid, "00112233-4455-6677-8899-aabbccddeeff"), std::nullopt);
  EXPECT_EQ(hex(BinaryType::uuid, "0011223344556677889AAabbccddeefg"), std::nullopt);
}

}  // namespace
}  // namespace affsync::schema::binary_value_test
