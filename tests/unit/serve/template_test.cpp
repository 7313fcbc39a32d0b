// Templates: what is filled in, how, and that nothing of it becomes HTML.
#include "daemon/serve/template.hpp"

#include <gtest/gtest.h>

#include "daemon/serve/template_forms.hpp"
#include "daemon/serve/web_files.hpp"

namespace affsync::serve::template_test {
namespace {

TimePoint const now = TimePoint(std::chrono::seconds(1'700'000'000));  // 2023-11-14T22:13:20Z

std::string filled(std::string_view text, std::string_view json) {
  Templates templates;
  templates.add("page", text);
  return templates.fill("page", parse_json(json).value(), now);
}

TEST(Template, FillsInValuesOfEveryKind) {
  EXPECT_EQ(filled("{{a}} {{ b.c }} {{d}} {{e}}{{f}}",
                   R"({"a":"x","b":{"c":12.50},"d":true,"e":null,"f":[1]})"),
            "x 12.50 true ");
}

TEST(Template, EscapesWhatIsFilledInAndNothingElse) {
  EXPECT_EQ(filled("<p title=\"{{a}}\">{{a}}</p>", R"({"a":"<b>\"x\" & 'y'</b>"})"),
            "<p title=\"&lt;b&gt;&quot;x&quot; &amp; &#39;y&#39;&lt;/b&gt;\">"
            "&lt;b&gt;&quot;x&quot; &amp; &#39;y&#39;&lt;/b&gt;</p>");
  // Tags in data are text.
  EXPECT_EQ(filled("{{a}}", R"({"a":"{{b}}","b":"secret"})"), "{{b}}");
  // Also what a form does not understand.
  EXPECT_EQ(filled("{{a|money}} {{a|ago}} {{a|count}}", R"({"a":"<i>"})"),
            "&lt;i&gt; &lt;i&gt; &lt;i&gt;");
}

TEST(Template, RepeatsAListAndLooksAroundIt) {
  EXPECT_EQ(filled("{{#rows}}[{{name}}{{unit}}]{{/rows}}",
                   R"({"unit":"!","name":"outer","rows":[{"name":"a"},{"unit":"?"}]})"),
            "[a!][outer?]");
  EXPECT_EQ(filled("{{#names}}({{.}}){{/names}}", R"({"names":["a","b"]})"), "(a)(b)");
}

TEST(Template, ANameThatIsNullHidesTheOneAround) {
  EXPECT_EQ(filled("{{#row}}<{{at}}>{{/row}}", R"({"at":"outer","row":{"at":null}})"), "<>");
  EXPECT_EQ(filled("{{a.b.c}}", R"({"a":{"b":null}})"), "");
}

TEST(Template, KnowsWhatIsEmpty) {
  for (auto const* empty : {"null", "false", "\"\"", "0", "[]"}) {
    auto const json = std::string("{\"a\":") + empty + "}";
    EXPECT_EQ(filled("{{?a}}yes{{/a}}{{^a}}no{{/a}}{{#a}}each{{/a}}", json), "no") << empty;
  }
  for (auto const* full : {"true", "\"0\"", "1", "[0,0]", "{}"}) {
    auto const json = std::string("{\"a\":") + full + "}";
    EXPECT_EQ(filled("{{?a}}yes{{/a}}{{^a}}no{{/a}}", json), "yes") << full;
  }
}

TEST(Template, SectionsMayHoldOthersOfTheSameName) {
  EXPECT_EQ(
      filled("{{#a}}{{#a}}{{b}}{{/a}}{{/a}}", R"({"a":[{"a":[{"b":1},{"b":2}]},{"a":[{"b":3}]}]})"),
      "123");
}

TEST(Template, UsesOtherTemplates) {
  Templates templates;
  templates.add("page", "{{#rows}}{{>row}}{{/rows}}{{! not shown }}");
  templates.add("row", "<{{name}}>");
  EXPECT_EQ(templates.fill("page", parse_json(R"({"rows":[{"name":1},{"name":2}]})").value(), now),
            "<1><2>");
  templates.add("loop", "{{>loop}}");
  EXPECT_THROW(templates.fill("loop", Json::object({}), now), Failure);
  templates.add("lost", "{{>nowhere}}");
  EXPECT_THROW(templates.fill("lost", Json::object({}), now), Failure);
}

TEST(Template, AMistakeIsNamedWithItsLine) {
  auto const mistake = [](std::string_view text) -> std::string {
    try {
      Templates templates;
      templates.add("page.html", text);
    } catch (Failure const& failure) {
      return failure.error().message;
    }
    return "none";
  };
  EXPECT_EQ(mistake("a\n{{#b}}\nc"), "template page.html, line 3: the section b has no end");
  EXPECT_EQ(mistake("a\n\n{{/b}}"), "template page.html, line 3: {{/b}} ends no section");
  EXPECT_EQ(mistake("{{#a}}{{#b}}{{/a}}{{/b}}"),
            "template page.html, line 1: {{/a}} ends no section");
  EXPECT_EQ(mistake("{{a"), "template page.html, line 1: {{ without }}");
  EXPECT_EQ(mistake("{{}}"), "template page.html, line 1: a tag is empty");
  EXPECT_EQ(mistake("\n{{a|pounds}}"), "template page.html, line 2: there is no form pounds");
}

TEST(Template, TellsOfNamesThatExistNowhere) {
  Templates templates;
  templates.add("page", "{{a}}{{#b}}{{c}}{{/b}}{{^d.e}}{{/d.e}}");
  std::vector<std::string> unknown;
  templates.fill("page", parse_json(R"({"a":null,"b":[{}]})").value(), now, &unknown);
  EXPECT_EQ(unknown, (std::vector<std::string>{"c", "d.e"}));
}

TEST(TemplateForms, ShowNumbersAndTimesForPeople) {
  FormContext context;
  context.now = now;
  context.currency = "USD";
  auto const form = [&](char const* name, char const* value) {
    return in_form(name, value, context);
  };
  EXPECT_EQ(form("count", "1234567"), "1\u202f234\u202f567");
  EXPECT_EQ(form("money", "-1234.565"), "-1\u202f234.57");
  EXPECT_EQ(form("money", "0"), "0.00");
  context.currency = "BTC";
  EXPECT_EQ(form("money", "0.123456789"), "0.12345679");
  EXPECT_EQ(form("usd", "0.123456789"), "0.12");
  EXPECT_EQ(form("plural", "1"), "");
  EXPECT_EQ(form("plural", "0"), "s");
  EXPECT_EQ(form("ago", "2023-11-14T22:10:20Z"), "3 min ago");
  EXPECT_EQ(form("ago", "2023-11-14T22:10:20.123456Z"), "3 min ago");
  EXPECT_EQ(form("ago", "2023-11-15T22:13:20Z"), "in 1 day");
  EXPECT_EQ(form("moment", "2023-11-14T22:10:20Z"), "2023-11-14 22:10");
  EXPECT_EQ(form("span", "900"), "15 min");
  EXPECT_EQ(form("took", "12345"), "12.3 s");
  EXPECT_EQ(form("lasts", "0"), "less than a day");
  EXPECT_EQ(form("lasts", "1"), "1 day");
  EXPECT_EQ(form("lasts", "12"), "12 days");
  EXPECT_EQ(form("sentence", "x took back 1234567.50 EUR (2497.73 USD), as of 2026"),
            "x took back 1\u202f234\u202f567.50 EUR (2\u202f497.73 USD), as of 2026");
  EXPECT_EQ(form("sentence", "Payout 20261126 of 99.10 USD, a1234.50 USD, v1234.5 of 12345"),
            "Payout 20261126 of 99.10 USD, a1234.50 USD, v1234.5 of 12345");
  EXPECT_EQ(form("url", "a b/c?d&e\u00e9"), "a%20b%2Fc%3Fd%26e%C3%A9");
}

TEST(WebFiles, AssetsAreFoundByTheHashOfTheirContent) {
  auto const addresses = asset_addresses();
  for (auto const* name :
       {"page_css", "page_js", "icon_svg", "uPlot_iife_min_js", "uPlot_min_css"}) {
    auto const* address = addresses.find(name);
    ASSERT_NE(address, nullptr) << name;
    auto const found = asset(address->as_string());
    ASSERT_TRUE(found) << name;
    EXPECT_EQ(found->headers.find("cache-control"), "public, max-age=31536000, immutable");
    EXPECT_EQ(found->headers.find("x-content-type-options"), "nosniff");
    EXPECT_FALSE(found->body.empty());
    auto const tag = std::string(found->headers.find("etag").value_or(""));
    EXPECT_EQ(tag.size(), 18U) << tag;
    for (auto const& known : {tag, "\"other\", W/" + tag, std::string("*")}) {
      auto const same = asset(address->as_string(), known);
      EXPECT_EQ(same->status, 304) << known;
      EXPECT_TRUE(same->body.empty());
      EXPECT_EQ(same->headers.find("etag"), tag);
    }
    EXPECT_EQ(asset(address->as_string(), "\"other\"")->status, 200);
    // Another hash is another version, which this server does not have.
    auto other = address->as_string();
    other[8] = other[8] == '0' ? '1' : '0';
    EXPECT_FALSE(asset(other)) << other;
  }
  EXPECT_FALSE(asset("/assets/page.css"));
  EXPECT_FALSE(asset("/assets/../page.css"));
}

TEST(WebFiles, NothingIsLoadedFromElsewhere) {
  auto const addresses = asset_addresses();
  for (auto const* name : {"page_css", "uPlot_min_css"}) {
    auto const text = asset(addresses.find(name)->as_string())->body;
    EXPECT_EQ(text.find("url("), std::string::npos) << name;
    EXPECT_EQ(text.find("@import"), std::string::npos) << name;
  }
  auto const script = asset(addresses.find("page_js")->as_string())->body;
  EXPECT_EQ(script.find("http:"), std::string::npos);
  EXPECT_EQ(script.find("https:"), std::string::npos);
  EXPECT_EQ(script.find("innerHTML"), std::string::npos);
  EXPECT_EQ(script.find("eval("), std::string::npos);
}

}  // namespace
}  // namespace affsync::serve::template_test
