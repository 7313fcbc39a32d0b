#include "base/redact.hpp"

#include <gtest/gtest.h>

namespace affsync::redact_test {
namespace {

TEST(Redact, EveryOccurrenceIsReplaced) {
  EXPECT_EQ(redact("a=hunter2&b=hunter2", Secret("hunter2")), "a=***&b=***");
  EXPECT_EQ(redact("nothing here", Secret("hunter2")), "nothing here");
}

TEST(Redact, EncodedFormsAreFound) {
  Secret const secret("p/ss \"w\\rd\u00e9");
  for (auto const* echoed : {
           "p/ss \"w\\rd\u00e9",              // plain
           "p%2Fss%20%22w%5Crd%C3%A9",        // percent-encoded
           "p%2fss%20%22w%5crd%c3%a9",        // percent-encoded, lower case
           "p%2Fss+%22w%5Crd%C3%A9",          // as a form
           "p/ss \\\"w\\\\rd\u00e9",          // JSON
           "p\\/ss \\\"w\\\\rd\u00e9",        // JSON, slash escaped
           "p/ss \\\"w\\\\rd\\u00e9",         // JSON in ASCII
           "p\\/ss \\\"w\\\\rd\\u00E9",       // JSON in ASCII, slash escaped, upper case
           "p/ss &quot;w\\rd\u00e9",          // HTML
           "p&#x2F;ss &#34;w&#92;rd&#233;",   // HTML, numeric
           "%70%2F%73s+&quot;w%5Crd\\u00e9",  // mixed
       }) {
    EXPECT_EQ(redact(std::string("<") + echoed + ">", secret), "<***>") << echoed;
  }
}

TEST(Redact, CharacterBeyondTheBasicPlaneIsAPairOfEscapes) {
  EXPECT_EQ(redact(R"(x\ud83d\ude00key)", Secret("😀key")), "x***");
}

TEST(Redact, ShortSecretsAreLeftSoThatWordsAreNotGivenAway) {
  EXPECT_EQ(redact("abc", Secret("abc")), "abc");
  EXPECT_EQ(redact("abcd", Secret("abcd")), "***");
  EXPECT_EQ(redact("text", Secret()), "text");
}

TEST(Redact, SecretThatItsReplacementContainsEnds) {
  EXPECT_EQ(redact("****x****", Secret("****")), "***x***");
}

TEST(Redact, AnEscapeMayAlsoBeMeantAsItStands) {
  Secret const secret("a%25\\\\b+c&amp;d");
  EXPECT_EQ(redact(R"(<a%25\\b+c&amp;d>)", secret), "<***>");
  EXPECT_EQ(redact("<a%2525%5C%5Cb%2Bc%26amp;d>", secret), "<***>");
  EXPECT_EQ(redact(R"(<a%25\\\\b+c&amp;amp;d>)", secret), "<***>");
}

TEST(Redact, WhatOnlyBeginsLikeASecretStays) {
  EXPECT_EQ(redact("hunte %68unt &#104;u \\u0068 hunter.", Secret("hunter2")),
            "hunte %68unt &#104;u \\u0068 hunter.");
  EXPECT_EQ(redact("%", Secret("%%%%")), "%");
  EXPECT_EQ(redact("hunter2hunter!", Secret("hunter2")), "***hunter!");
}

TEST(Redact, WhereTheTextWasCutTheBeginningIsEnough) {
  EXPECT_EQ(redact("you sent hunter", Secret("hunter2")), "you sent ***");
  EXPECT_EQ(redact("you sent hu%6eter…, twice", Secret("hunter2")), "you sent ***…, twice");
  EXPECT_EQ(redact("you sent hun…", Secret("hunter2")), "you sent hun…");
}

TEST(Redactor, FindsWhatIsEncodedAsAWholeToo) {
  Redactor redactor;
  redactor.add(Secret("pl/nted \"k\u00e9y\""));
  redactor.add(Secret("0therSecret"));
  redactor.add(Secret("abc"));  // too short to be a secret
  // Made with another program: base64 after zero, one, two and six other bytes, in both alphabets,
  // percent-encoded, and hex in both cases.
  for (std::string const echoed : {
           "cGwvbnRlZCAia8OpeSIifQ==",
           "eHBsL250ZWQgImvDqXkiIn0=",
           "eHlwbC9udGVkICJrw6l5IiJ9",
           "eyJ0IjoicGwvbnRlZCAia8OpeSIifQ==",
           "Pz5wbC9udGVkICJrw6l5Ij8",
           "706c2f6e74656420226bc3a97922",
           "706C2F6E74656420226BC3A97922",
           "YWJwbC9udGVkICJrw6l5ImM%3D",
       }) {
    EXPECT_TRUE(redactor.is_in("cursor=" + echoed + "&n=1")) << echoed;
    auto const left = redactor.redact("cursor=" + echoed + "&n=1");
    EXPECT_NE(left.find("***"), std::string::npos) << left;
    EXPECT_TRUE(left.starts_with("cursor=") && left.ends_with("&n=1")) << left;
  }
  for (std::string const plain :
       {"pl/nted \"k\u00e9y\"", "PL%2Fnted+%22k%c3%a9y%22",
        "pl%252Fnted%2520%2522k%25c3%25a9y%2522", "pl\\/nted \\\"k\\u00e9y\\\"", "0thersecret"}) {
    EXPECT_TRUE(redactor.is_in(plain)) << plain;
    EXPECT_EQ(redactor.redact("a " + plain + " b"), "a *** b");
  }
  EXPECT_FALSE(redactor.is_in("abc pl/nted \"k"));
  EXPECT_FALSE(redactor.is_in(""));
  EXPECT_FALSE(Redactor().is_in("abc"));
  EXPECT_EQ(redactor.redact("nothing of it, abc"), "nothing of it, abc");
}

TEST(Redact, EscapesWithinEscapesAreFound) {
  Secret const secret("p/ss \"w\\rd\u00e9");
  for (auto const* echoed : {
           R"(p\\\/ss \\\"w\\\\rd\\u00e9)",                 // JSON in JSON, as PHP writes it
           R"(p\\\\\\\/ss \\\\\\\"w\\\\\\\\rd\\\\u00e9)",   // three times
           R"(p\\/ss \\\"w\\\\rd\\u00e9)",                  // PHP's in another's
           R"(p\\u002Fss\\u0020\\u0022w\\u005crd\\u00E9)",  // all as code points
           "p%5C%2Fss%20%5C%22w%5C%5Crd%5Cu00e9",           // JSON in a query
           R"(p\u002fss \u0026quot;w\\rd\u0026#233;)",      // HTML in JSON
           "p&amp;#x2F;ss &amp;quot;w\\rd&amp;eacute;",     // not all of HTML's names
       }) {
    auto const shown = redact(std::string("<") + echoed + ">", secret);
    if (std::string_view(echoed).find("eacute") != std::string_view::npos) {
      EXPECT_NE(shown, "<***>");
    } else {
      EXPECT_EQ(shown, "<***>") << echoed;
    }
  }
}

TEST(Redact, CaseIsIgnoredInEveryScript) {
  Secret const secret("Пароль-Весна");
  EXPECT_EQ(redact("bad login ПАРОЛЬ-ВЕСНА!", secret), "bad login ***!");
  EXPECT_EQ(redact("bad login пароль-весна", secret), "bad login ***");
  EXPECT_EQ(redact(R"(bad login \u041f\u0410\u0420\u041e\u041b\u042c-ВЕСНА.)", secret),
            "bad login ***.");
  EXPECT_EQ(redact("bad login пароль-в", secret), "bad login ***");
}

TEST(Redact, ARunOfBlanksEqualsAnyOther) {
  Secret const secret("correct  horse battery  staple");
  for (auto const* echoed :
       {"correct  horse battery  staple", "correct horse battery staple",
        "correct\n horse\tbattery\u200b staple", R"(correct  horse\nbattery\t staple)",
        "correct%20%20horse+battery++staple"}) {
    EXPECT_EQ(redact(std::string("<") + echoed + ">", secret), "<***>") << echoed;
  }
  EXPECT_EQ(redact("correct horse batt…", secret), "***…");
  EXPECT_EQ(redact("a    b", Secret("    ")), "a    b") << "blanks alone are no secret";
}

TEST(Redact, WhereAnEscapeWasCutTheBeginningIsEnoughToo) {
  Secret const secret("hunter/7-long");
  for (auto const* cut : {"sent hunter%2…", "sent hunter%", R"(sent hunter\u00…)", "sent hunter\\",
                          "sent hunter&#4…"}) {
    auto const shown = redact(cut, secret);
    EXPECT_TRUE(shown.starts_with("sent ***")) << shown;
  }
}

TEST(Redact, WhatStandsBeforeASecretIsNoPartOfIt) {
  EXPECT_EQ(redact(R"(OFFICE\nadia-7 left)", Secret("nadia-7")), R"(OFFICE\*** left)");
  EXPECT_EQ(redact("5%ab12-key", Secret("ab12-key")), "5%***");
}

// A broker chooses its token and its rows: the work must not be the product of their lengths.
TEST(Redactor, ALongSecretOfWhichATextRepeatsPartsTakesNoTime) {
  Redactor redactor;
  redactor.add(Secret(std::string(4000, 'a') + "b"));
  auto const text = std::string(500'000, 'a');
  EXPECT_FALSE(redactor.is_in(text));
  EXPECT_EQ(redactor.redact(text), std::string(496'000, 'a') + "***") << "it may have been cut";
  EXPECT_TRUE(redactor.is_in(text + "b."));
  EXPECT_EQ(redactor.redact(text + "b."), std::string(496'000, 'a') + "***.");
  for (int row = 0; row < 2'000; ++row) EXPECT_FALSE(redactor.is_in(std::string(1'400, 'a')));
}

TEST(Redactor, LeavesJsonWhatItWas) {
  Redactor redactor;
  redactor.add(Secret("eyJplanted.token"));
  EXPECT_EQ(redactor.redact(R"({"a":"eyJplanted.token","b":"\u0434eyJ","n":1.50})"),
            R"({"a":"***","b":"\u0434eyJ","n":1.50})");
}

}  // namespace
}  // namespace affsync::redact_test
