#include <gtest/gtest.h>

#include "schema/pg_error.hpp"
#include "schema/pg_session.hpp"
#include "schema/quarantine.hpp"

namespace affsync::schema {
namespace {

TEST(ArrayText, QuotesWhatArraysGiveAMeaning) {
  ArrayText array;
  EXPECT_EQ(array.take(), "{}");
  array.add("plain");
  array.add(R"(a"b\c,{})");
  array.add(std::string_view());
  array.add(static_cast<char const*>(nullptr));
  EXPECT_EQ(array.take(), R"({"plain","a\"b\\c,{}","",NULL})");
}

TEST(QuoteName, DoublesQuotes) {
  EXPECT_EQ(quote_name("a\"b"), "\"a\"\"b\"");
}

TEST(PrintableUtf8, ReplacesOnlyWhatIsIllFormed) {
  EXPECT_EQ(printable_utf8("a\xC3\xA9\xF0\x9F\x98\x80"), "a\xC3\xA9\xF0\x9F\x98\x80");
  EXPECT_EQ(printable_utf8("a\xFFz"), "a\xEF\xBF\xBDz");
  EXPECT_EQ(printable_utf8(std::string_view("a\0z", 3)), "a\xEF\xBF\xBDz");
  EXPECT_EQ(printable_utf8("cut \xF0\x9F"), "cut \xEF\xBF\xBD\xEF\xBF\xBD");
}

TEST(OneLine, KeepsTheTextAndTheColumn) {
  EXPECT_EQ(one_line("ERROR:  invalid input syntax for type numeric: \"x\"\n"
                     "CONTEXT:  COPY commission, line 3, column amount: \"x\"\n"),
            "invalid input syntax for type numeric: \"x\" (column amount)");
  EXPECT_EQ(one_line("FATAL:  the database system is starting up\n"),
            "the database system is starting up");
}

TEST(Sqlstate, DataErrorsAreThoseThatBlameAValue) {
  EXPECT_TRUE(is_data_error("22P02"));
  EXPECT_TRUE(is_data_error("23502"));
  EXPECT_TRUE(is_data_error("54000"));
  EXPECT_FALSE(is_data_error("42P01"));
  EXPECT_FALSE(is_data_error("53100"));
  EXPECT_FALSE(is_data_error(""));
}

TEST(ConnectionString, AddsLimitsWhereTheUserGaveNone) {
  StoreOptions options;
  options.url = "host=h password='a b' connect_timeout=9 options='-c work_mem=8MB'";
  auto const text = connection_string(options).reveal();
  EXPECT_NE(text.find("password='a b'"), std::string::npos) << text;
  EXPECT_NE(text.find("connect_timeout='9'"), std::string::npos) << text;
  EXPECT_EQ(text.find("connect_timeout='5'"), std::string::npos) << text;
  EXPECT_NE(text.find("application_name='affsync'"), std::string::npos) << text;
  EXPECT_NE(text.find("statement_timeout=120000"), std::string::npos) << text;
  EXPECT_LT(text.find("statement_timeout"), text.find("work_mem=8MB")) << text;
}

TEST(ConnectionString, TakesUrls) {
  StoreOptions options;
  options.url = "postgresql://u:p%27w@h:6432/d?sslmode=require";
  auto const text = connection_string(options).reveal();
  EXPECT_NE(text.find("password='p\\'w'"), std::string::npos) << text;
  EXPECT_NE(text.find("port='6432'"), std::string::npos) << text;
  EXPECT_NE(text.find("sslmode='require'"), std::string::npos) << text;
}

}  // namespace
}  // namespace affsync::schema
