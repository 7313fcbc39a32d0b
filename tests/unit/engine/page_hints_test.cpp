// What an answer says about its list, in the formats of many brokers.
#include "connectors/engine/answer/page_hints.hpp"

#include <gtest/gtest.h>

namespace affsync::engine::page_hints_test {
namespace {

PageHints hints_of(PageSpec const& page, std::string const& body) {
  auto const json = parse_json(body).value();
  auto hints = read_page_hints(page, json, {}, "https://broker.example", "/rows");
  EXPECT_TRUE(hints) << body;
  return *hints;
}

TEST(PageSigns, WordsAndZerosSayThatNoMoreFollows) {
  PageSpec page;
  page.kind = NumberPaging{.more = JsonPath("more")};
  for (auto const* none :
       {"false",   "null",     "0",         "0.0",        "-0",         "0e5",
        "0.00",    R"("")",    R"(" ")",    R"("false")", R"("False")", R"("FALSE")",
        R"("no")", R"("No")",  R"("N")",    R"("n")",     R"("F")",     R"("off")",
        R"("0")",  R"("0.0")", R"("null")", R"("None")",  R"("nil")",   R"("undefined")",
        "[]",      "{}"}) {
    EXPECT_EQ(hints_of(page, std::string(R"({"more":)") + none + "}").more, false) << none;
  }
  for (auto const* some : {"true", "1", "0.5", "17", R"("true")", R"("yes")", R"("Y")", R"("1")",
                           R"("/rows?page=2")", R"("northern")", R"({"href":"/x"})", "[2]"}) {
    EXPECT_EQ(hints_of(page, std::string(R"({"more":)") + some + "}").more, true) << some;
  }
  EXPECT_FALSE(hints_of(page, "{}").more.has_value());
}

TEST(PageSigns, ACursorMayBeMissingInManyWords) {
  PageSpec page;
  page.kind = CursorPaging{.next = JsonPath("next")};
  for (auto const* none : {"null", "false", R"("")", R"(" ")", R"("null")", R"("None")", "0",
                           R"("0")", R"("false")", "[]", "{}"}) {
    EXPECT_EQ(hints_of(page, std::string(R"({"next":)") + none + "}").next, "") << none;
  }
  EXPECT_EQ(hints_of(page, R"({"next":17})").next, "17");
  EXPECT_EQ(hints_of(page, R"({"next":"nothing"})").next, "nothing");
}

TEST(PageSigns, ANextPageThatIsNoTextIsNotNone) {
  PageSpec cursor, link;
  cursor.kind = CursorPaging{.next = JsonPath("next")};
  link.kind = LinkPaging{.next = JsonPath("next")};
  for (auto const* page : {&cursor, &link}) {
    for (auto const* value : {R"({"href":"/rows?page=2"})", R"(["/rows?page=2"])"}) {
      auto const json = parse_json(std::string(R"({"next":)") + value + "}").value();
      auto const hints = read_page_hints(*page, json, {}, "https://broker.example", "/rows");
      ASSERT_FALSE(hints) << value;
      EXPECT_EQ(hints.error().code, ErrorCode::paging_broken) << value;
    }
  }
}

// RFC 3986, 2.2: an address with %2F is another one than that with a slash.
TEST(PageSigns, ALinkIsSentAsItIsWritten) {
  auto const target = [](std::string const& link, std::string const& asked = "/a%2Fb/list?n=2") {
    auto const found = target_of_link(link, "https://b.example/v1", asked);
    return found ? *found : std::string(to_string(found.error().code));
  };
  EXPECT_EQ(target("/v1/a%2Fb/list?page=2"), "/a%2Fb/list?page=2");
  EXPECT_EQ(target("https://b.example/v1/a%2Fb/list?page=2"), "/a%2Fb/list?page=2");
  EXPECT_EQ(target("//b.example/v1/x%3By/%41?q=%2F"), "/x%3By/%41?q=%2F");
  EXPECT_EQ(target("list?page=2"), "/a%2Fb/list?page=2");
  EXPECT_EQ(target("?page=2"), "/a%2Fb/list?page=2");
  EXPECT_EQ(target("../c%2fd/./list"), "/c%2fd/list");
  EXPECT_EQ(target("#end"), "/a%2Fb/list?n=2");
  EXPECT_EQ(target("/v1/x/.."), "/");
  EXPECT_EQ(target("x/.", "/list"), "/x/");
  // The path of the request has a credential in it.
  EXPECT_EQ(target("?page=2", "/${credentials.pin}/list"), "/${credentials.pin}/list?page=2");
  EXPECT_EQ(target("./list?page=2", "/${credentials.pin}/list?n=1"),
            "/${credentials.pin}/list?page=2");
  for (auto const* outside : {"/v1/a%2F..%2Fb/list", "/v1/%2e%2e/x", "/v1/a%2F%2E%2E", "../../x",
                              "/v1/../x", "/../v1/x", "/v1/.%2e/x", "/v10/x"}) {
    EXPECT_EQ(target(outside), "paging_broken") << outside;
  }
}

TEST(PageSigns, ACountIsAWholeNumberThatAListCanHave) {
  auto const count = [](std::string const& value) {
    return read_count(JsonPath("n"), parse_json(R"({"n":)" + value + "}").value());
  };
  EXPECT_EQ(count("57"), 57);
  EXPECT_EQ(count(R"("57")"), 57);
  EXPECT_EQ(count("57.0"), 57);
  EXPECT_EQ(count("0"), 0);
  EXPECT_EQ(count("1000000000000"), 1'000'000'000'000);
  for (auto const* none : {"null", R"("")", R"("abc")", "-1", "2.5", "{}", "[57]", "true",
                           "1000000000001", "9223372036854775807", "1e300"}) {
    EXPECT_FALSE(count(none).has_value()) << none;
  }
}

}  // namespace
}  // namespace affsync::engine::page_hints_test
