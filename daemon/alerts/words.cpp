#include "daemon/alerts/words.hpp"

#include <algorithm>
#include <map>
#include <optional>

#include "base/encodings.hpp"
#include "base/json.hpp"
#include "base/random.hpp"
#include "base/text.hpp"
#include "base/utf8.hpp"
#include "config/alerts.hpp"
#include "version_info.hpp"

namespace affsync::alerts {
namespace {

constexpr std::size_t telegram_units = 4096;
constexpr std::size_t discord_units = 2000;
constexpr std::string_view to_all[] = {"everyone", "here", "channel", "all"};
constexpr std::string_view ellipsis = "\xE2\x80\xA6";  // one UTF-16 unit

// The document as the rules wrote it; an empty object if there is none.
Json document_of(Message const& message) {
  auto parsed = parse_json(message.document);
  if (parsed && parsed->is_object()) return std::move(*parsed);
  return Json::object({});
}

Json list_of(Json const& document) {
  auto const* const alerts = document.find("alerts");
  return alerts != nullptr && alerts->is_array() ? *alerts : Json::array({});
}

// A word of the first alert; empty if there is none.
std::string first_of(Json const& alerts, std::string const& word) {
  if (alerts.items().empty()) return {};
  auto const* const value = alerts.items().front().find(word == "alert_id" ? "id" : word);
  auto const text = value == nullptr ? std::nullopt : value->scalar_text();
  return std::string(text.value_or(""));
}

std::map<std::string, std::string> words_of(Message const& message) {
  auto const alerts = list_of(document_of(message));
  std::map<std::string, std::string> words{
      {"title", message.title}, {"kind", message.kind}, {"receiver", message.receiver}};
  for (auto const& word : config::alert_words()) {
    words.try_emplace(word, first_of(alerts, word));
  }
  for (auto& [word, value] : words) value = to_one_line(value);
  return words;
}

// The words of a broker that chat programs would take for markup: mentions of everybody (`@all`,
// Slack's `<!channel>`), and links that show another name than where they lead (`<https://…|name>`,
// `[name](https://…)`). They look the same, or nearly so, and do nothing.
std::string without_markup(std::string_view text) {
  constexpr std::string_view invisible = "\xE2\x81\xA0";  // U+2060, a word joiner
  constexpr std::string_view bracket = "\xE2\x80\xB9";    // U+2039, a single angle quotation mark
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    auto const rest = text.substr(at + 1);
    char const c = text[at];
    bool const everybody = c == '@' && std::ranges::any_of(to_all, [&](std::string_view word) {
                             return starts_without_case(rest, word);
                           });
    bool const opens = c == '<' && !rest.empty() && rest.front() != ' ' && rest.front() != '=';
    if (opens) {
      out += bracket;
      continue;
    }
    out += c;
    if (everybody || (c == ']' && rest.starts_with('('))) out += invisible;
  }
  return out;
}

}  // namespace

std::string webhook_json(Message const& message) {
  auto const document = document_of(message);
  auto const text = without_markup(plain_text(message));
  Json const nobody = Json::object({{"parse", Json::array({})}});
  Json::Object members{
      {"version", Json::number(std::to_string(document_version))},
      {"idempotency_key", Json::string(message.key)},
      {"kind", Json::string(message.kind)},
      {"title", Json::string(message.title)},
      {"text", Json::string(text)},
      {"created_at", Json::string(format_time(message.created_at))},
      {"receiver", Json::string(message.receiver)},
      {"sent_by", Json::string("affsync/" AFFSYNC_VERSION)},
      // What Discord shows, and whom it may call; Slack and Mattermost show the text.
      {"content", Json::string(cut_for_telegram(text, discord_units))},
      {"allowed_mentions", nobody},
      {"alerts", list_of(document)},
  };
  for (auto const& member : document.members()) {
    bool known = member.name == "key";  // idempotency_key here
    for (auto const& own : members) known = known || own.name == member.name;
    if (!known) members.push_back(member);
  }
  return Json::object(std::move(members)).dump();
}

std::string plain_text(Message const& message) {
  if (message.body.empty() || message.body == message.title) return message.title;
  return message.title + "\n\n" + message.body;
}

std::string cut_for_telegram(std::string text, std::size_t units) {
  std::size_t used = 0;
  std::size_t fits = 0;  // bytes that leave room for the ellipsis
  for (std::size_t at = 0; at < text.size();) {
    auto const length = utf8_character(text, at);
    constexpr std::size_t beyond_the_basic_plane = 4;
    used += length == beyond_the_basic_plane ? 2 : 1;
    at += length == 0 ? 1 : length;
    if (used > units) return text.substr(0, fits) + std::string(ellipsis);
    if (used < units) fits = at;
  }
  return text;
}

std::string telegram_json(Message const& message, std::string const& chat) {
  Json const no_preview = Json::object({{"is_disabled", Json::boolean(true)}});
  return Json::object(
             {{"chat_id", Json::string(chat)},
              {"text", Json::string(cut_for_telegram(plain_text(message), telegram_units))},
              {"link_preview_options", no_preview}})
      .dump();
}

std::vector<std::string> command_arguments(std::vector<std::string> const& written,
                                           Message const& message) {
  auto const words = words_of(message);
  std::vector<std::string> arguments;
  for (auto const& text : written) {
    std::string out;
    for (std::size_t at = 0;;) {
      auto const open = text.find("${", at);
      out.append(text, at, open - at);
      if (open == std::string::npos) break;
      auto const close = text.find('}', open);
      auto const name = text.substr(open + 2, close - open - 2);
      auto const found = words.find(name);
      if (close == std::string::npos || found == words.end()) {
        out += "${";
        at = open + 2;
        continue;
      }
      out += found->second;
      at = close + 1;
    }
    bool const became_option = out.starts_with('-') && !text.starts_with('-');
    arguments.push_back(became_option ? " " + out : out);
  }
  return arguments;
}

std::vector<std::string> command_environment(Message const& message) {
  std::vector<std::string> variables{"AFFSYNC_ALERT_KEY=" + message.key};
  for (auto const& [word, value] : words_of(message)) {
    std::string name = "AFFSYNC_ALERT_";
    for (char const c : word) name += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    variables.push_back(name + "=" + value);
  }
  return variables;
}

Message sample_message(std::string const& receiver, std::string const& key, TimePoint now) {
  Message message;
  message.receiver = receiver;
  message.kind = "test";
  message.title = "affsync can reach you here";
  message.body =
      "This is a sample. A real message says what happened, at which broker, how much money it "
      "is about and what to do:\n\nexample-broker took back 12.50 EUR (14.06 USD)\n"
      "3 lowered; for 17-19 Feb 2026. It was 60.00 EUR, now it is 47.50 EUR.\n"
      "Ask the broker why; affsync report clawbacks --source example-broker shows more";
  message.document = R"({"alerts":[]})";
  message.key = key;
  message.created_at = now;
  return message;
}

std::string random_key() {
  constexpr std::size_t bytes = 16;
  auto raw = random_bytes(bytes);
  raw[6] = static_cast<char>((static_cast<unsigned char>(raw[6]) & 0x0F) | 0x40);
  raw[8] = static_cast<char>((static_cast<unsigned char>(raw[8]) & 0x3F) | 0x80);
  auto text = hex_of(raw);
  for (auto const at : {8, 13, 18, 23}) text.insert(static_cast<std::size_t>(at), 1, '-');
  return text;
}

std::string shown_answer(std::string_view text) {
  constexpr std::size_t longest = 200;
  auto const line = to_one_line(text.substr(0, 4 * longest));
  std::size_t at = 0;
  for (std::size_t count = 0; at < line.size() && count < longest; ++count) {
    at += std::max<std::size_t>(1, utf8_character(line, at));
  }
  return at >= line.size() ? line : line.substr(0, at) + std::string(ellipsis);
}

}  // namespace affsync::alerts
