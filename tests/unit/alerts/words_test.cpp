// What a message looks like at a webhook, on a telephone and in the arguments of a command.
#include "daemon/alerts/words.hpp"

#include <gtest/gtest.h>

#include "base/json.hpp"

namespace affsync::alerts::words_test {
namespace {

using namespace std::chrono_literals;

Message message_of(std::string title, std::string body) {
  Message message;
  message.receiver = "ops";
  message.kind = "opened";
  message.title = std::move(title);
  message.body = std::move(body);
  message.document =
      R"({"alerts":[{"id":7,"rule":"commission_lowered","source":"northfx","amount":"-12.50",)"
      R"("currency":"EUR","severity":"urgent","stream":"ledger","remedy":"affsync report changes"}],)"
      R"("held_back":0,"version":9,"key":"not this one","title":"not this one"})";
  message.key = "11111111-2222-4333-8444-555555555555";
  message.created_at = TimePoint(std::chrono::sys_days(2026y / 2 / 20) + 9h);
  return message;
}

TEST(AlertWords, TheJsonOfAWebhookHasStableNames) {
  auto const json = webhook_json(message_of("northfx lowered 12.50 EUR", "3 rows."));
  EXPECT_TRUE(json.starts_with(
      R"({"version":1,"idempotency_key":"11111111-2222-4333-8444-555555555555","kind":"opened",)"
      R"("title":"northfx lowered 12.50 EUR","text":"northfx lowered 12.50 EUR\n\n3 rows.",)"
      R"("created_at":"2026-02-20T09:00:00Z","receiver":"ops","sent_by":"affsync/)"))
      << json;
  EXPECT_TRUE(json.ends_with(
      R"("alerts":[{"id":7,"rule":"commission_lowered","source":"northfx","amount":"-12.50",)"
      R"("currency":"EUR","severity":"urgent","stream":"ledger","remedy":"affsync report changes"}],)"
      R"("held_back":0})"))
      << json;
}

TEST(AlertWords, DiscordGetsAsMuchAsItTakes) {
  auto const json = parse_json(webhook_json(message_of("a", std::string(5000, 'x'))));
  ASSERT_TRUE(json);
  auto const content = json->find("content")->as_string();
  EXPECT_TRUE(content.starts_with("a\n\nxxx")) << content;
  EXPECT_EQ(content.size(), 1999U + std::string("…").size());
}

// Slack, Mattermost and Discord read markup, and whoever writes to a broker's client list should
// not be able to call everybody in the team to a page of theirs.
TEST(AlertWords, AChatProgramFindsNoMarkupInTheWordsOfABroker) {
  auto const json =
      parse_json(webhook_json(message_of("<!channel> <https://evil.example|Log in>",
                                         "@everyone @Here [a](https://b) x <= 5 me@hotel")));
  ASSERT_TRUE(json);
  for (auto const* member : {"text", "content"}) {
    EXPECT_EQ(json->find(member)->as_string(),
              "\u2039!channel> \u2039https://evil.example|Log in>\n\n"
              "@\u2060everyone @\u2060Here [a]\u2060(https://b) x <= 5 me@hotel");
  }
  EXPECT_EQ(json->find("allowed_mentions")->dump(), R"({"parse":[]})");
}

TEST(AlertWords, AWebhookGetsAListOfAlertsWhateverTheDocumentIs) {
  for (auto const* document : {"", "[]", "{}", "no json", R"({"alerts":5})"}) {
    auto message = message_of("a", "b");
    message.document = document;
    auto const json = parse_json(webhook_json(message));
    ASSERT_TRUE(json) << document;
    EXPECT_TRUE(json->find("alerts")->items().empty()) << document;
  }
}

TEST(AlertWords, ATitleIsNotSaidTwice) {
  EXPECT_EQ(plain_text(message_of("a", "")), "a");
  EXPECT_EQ(plain_text(message_of("a", "a")), "a");
  EXPECT_EQ(plain_text(message_of("a", "b")), "a\n\nb");
}

// Nothing asks Telegram to read the text as HTML or Markdown, so names cannot make links.
TEST(AlertWords, TelegramGetsPlainText) {
  EXPECT_EQ(telegram_json(message_of("<b>*x*</b> [a](http://b) _", ""), "-100123"),
            R"({"chat_id":"-100123","text":"<b>*x*</b> [a](http://b) _",)"
            R"("link_preview_options":{"is_disabled":true}})");
}

TEST(AlertWords, ATextForTelegramIsCutToItsLimitInUtf16) {
  EXPECT_EQ(cut_for_telegram("abcd", 4), "abcd");
  EXPECT_EQ(cut_for_telegram("abcde", 4), "abc\u2026");
  // An emoji counts as two; half of one is never sent.
  EXPECT_EQ(cut_for_telegram("\U0001F4B8\U0001F4B8", 4), "\U0001F4B8\U0001F4B8");
  EXPECT_EQ(cut_for_telegram("\U0001F4B8\U0001F4B8\U0001F4B8", 4), "\U0001F4B8\u2026");
  EXPECT_EQ(cut_for_telegram("äöüß", 3), "äö\u2026");
  auto const json = parse_json(telegram_json(message_of("t", std::string(9000, 'x')), "1"));
  // 4095 letters and the ellipsis of three bytes.
  EXPECT_EQ(json->find("text")->as_string().size(), 4098u);
}

TEST(AlertWords, WordsOfTheMessageStandInArguments) {
  auto const arguments =
      command_arguments({"/usr/bin/mail", "-s",
                         "affsync: ${title} (${source}, ${amount} "
                         "${currency})",
                         "${unknown}", "${kind}", "${alert_id}"},
                        message_of("northfx\nlowered\x1b[1m commission\u202e", "b"));
  EXPECT_EQ(arguments,
            (std::vector<std::string>{"/usr/bin/mail", "-s",
                                      "affsync: northfx lowered [1m commission (northfx, -12.50 "
                                      "EUR)",
                                      "${unknown}", "opened", "7"}));
}

TEST(AlertWords, AWordIsNeverReadAsAnOption) {
  EXPECT_EQ(command_arguments({"/bin/x", "${amount}", "-${amount}", "${title}"},
                              message_of("--config=/etc/passwd", "")),
            (std::vector<std::string>{"/bin/x", " -12.50", "--12.50", " --config=/etc/passwd"}));
}

// A value that looks like a placeholder is not replaced again.
TEST(AlertWords, AValueIsNotExpanded) {
  EXPECT_EQ(command_arguments({"/bin/x", "${title}"}, message_of("${source}", "")),
            (std::vector<std::string>{"/bin/x", "${source}"}));
}

TEST(AlertWords, KeysAreUuids) {
  auto const key = random_key();
  ASSERT_EQ(key.size(), 36u);
  EXPECT_EQ(key[8], '-');
  EXPECT_EQ(key[14], '4');
  EXPECT_NE(key, random_key());
}

TEST(AlertWords, AnAnswerIsShownShortOnOneLine) {
  EXPECT_EQ(shown_answer(" a\r\n\tb\x7f c "), "a b c");
  EXPECT_EQ(shown_answer("a\xff"), "a\uFFFD");
  EXPECT_EQ(shown_answer(std::string(300, 'x')), std::string(200, 'x') + "\u2026");
}

}  // namespace
}  // namespace affsync::alerts::words_test
