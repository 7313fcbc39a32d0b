#include "config/alert_receiver.hpp"

#include <algorithm>

#include "base/suggest.hpp"
#include "base/text.hpp"
#include "config/alerts_section.hpp"
#include "config/environment.hpp"
#include "config/secrets.hpp"
#include "config/values.hpp"

namespace affsync::config {
namespace {

constexpr std::string_view letters_and_digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

bool consists_of(std::string_view text, std::string_view others) {
  return std::ranges::all_of(text, [&](char c) {
    return letters_and_digits.find(c) != std::string_view::npos ||
           others.find(c) != std::string_view::npos;
  });
}

bool is_loopback_host(std::string_view host) {
  return host == "localhost" || host == "[::1]" ||
         (host.starts_with("127.") &&
          host.find_first_not_of("0123456789.") == std::string_view::npos);
}

// A webhook's address is a secret from its first to its last letter, so no message quotes it.
Secret read_webhook_url(yaml::Node const& node, Environment const& env, bool allow_http) {
  auto secret = read_secret(node, "the webhook", env);
  std::string_view const url(secret.reveal());
  bool const is_plain = starts_without_case(url, "http://");
  if (!is_plain && !starts_without_case(url, "https://")) {
    node.fail("a webhook must begin with https://");
  }
  auto const rest = url.substr(is_plain ? 7 : 8);
  auto const authority = rest.substr(0, std::min(rest.find_first_of("/?#"), rest.size()));
  if (authority.find('@') != std::string_view::npos) {
    node.fail("a webhook with a user name or password",
              "Give them as `headers: {Authorization: …}`.");
  }
  auto const bracket = authority.rfind(']');
  auto const port = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
  auto const host = authority.substr(0, port);
  if (host.empty()) node.fail("a webhook without a host");
  bool const is_printable = std::ranges::all_of(url, [](char c) { return c > ' ' && c <= '~'; });
  if (!is_printable || url.find_first_of("#\\\"<>") != std::string_view::npos) {
    node.fail("a webhook with characters that must be percent-encoded, or with a fragment (#)");
  }
  if (is_plain && !allow_http && !is_loopback_host(host)) {
    node.fail("plain http would send the webhook's address and what is told unencrypted",
              "Use https://, or set `allow_http: true` at this receiver if you must.");
  }
  return secret;
}

std::vector<std::pair<std::string, Secret>> read_headers(yaml::Node const& node,
                                                         Environment const& env) {
  if (!node.is_map()) node.fail("headers must be a mapping of names to values");
  std::vector<std::pair<std::string, Secret>> headers;
  for (auto const& [key, value] : node.entries()) {
    auto const name = key.text();
    if (name.empty() || !consists_of(name, "-_")) key.fail("not a name for a header");
    for (auto const* own : {"host", "content-length", "content-type", "connection",
                            "transfer-encoding", "idempotency-key"}) {
      if (equal_without_case(name, own)) key.fail("affsync sets the header " + name + " itself");
    }
    auto secret = read_secret(value, "the header " + name, env);
    auto const& text = secret.reveal();
    if (!std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; })) {
      value.fail("the header " + name + " holds characters that a header can't");
    }
    headers.emplace_back(name, std::move(secret));
  }
  return headers;
}

AlertReceiver::Telegram read_telegram(yaml::Node const& node, Environment const& env,
                                      bool allow_http) {
  AlertReceiver::Telegram telegram;
  yaml::Map map(node, "telegram");
  auto const token = map.require("token");
  telegram.token = read_secret(token, "the token", env);
  if (telegram.token.reveal() != missing_secret && !consists_of(telegram.token.reveal(), ":_-")) {
    token.fail("not a token of Telegram", "It looks like 123456:ABC-DEF…; @BotFather gives it.");
  }
  auto const chat = map.require("chat");
  telegram.chat = read_text(chat);
  auto const number = std::string_view(telegram.chat).substr(telegram.chat.front() == '-' ? 1 : 0);
  bool const is_number =
      !number.empty() && number.find_first_not_of("0123456789") == std::string_view::npos;
  bool const is_name = telegram.chat.front() == '@' && telegram.chat.size() > 1 &&
                       consists_of(telegram.chat.substr(1), "_");
  if (!is_number && !is_name) {
    chat.fail("not a chat of Telegram: " + chat.shown(),
              "Write its number, such as \"-100123\", or the @name of a channel.");
  }
  if (auto const value = map.find("api")) telegram.api = read_base_url(*value, allow_http);
  if (!telegram.api.starts_with("http")) map.find("api")->fail("not an address of a server");
  map.finish();
  return telegram;
}

// Replaces variables of the environment; those of the message stay for later.
std::string expand_argument(yaml::Node const& node, Environment const& env,
                            std::vector<std::string>& variables) {
  auto const written = node.text();
  auto const& words = alert_words();
  auto const lookup = [&](std::string const& name) -> std::optional<std::string> {
    if (std::ranges::find(words, name) != words.end()) return "${" + name + "}";
    if (std::ranges::find(variables, name) == variables.end()) variables.push_back(name);
    auto found = env(name);
    if (!found && env.stands_in) return missing_secret;
    // A value of the environment is text, whatever it looks like.
    if (found && found->find("${") != std::string::npos) {
      node.fail("the variable " + name + " holds ${, which a command's argument can't");
    }
    return found;
  };
  try {
    return expand_environment(written, lookup).value_or(written);
  } catch (Failure const& failure) {
    Error error = failure.error();
    if (error.code == ErrorCode::secret_missing) {
      std::string known;
      for (auto const& word : words) known += (known.empty() ? "" : ", ") + word;
      error.hint = "Set it. Of the message there are: " + known + ".";
    }
    throw Failure(std::move(error.at(node.where())));
  }
}

AlertReceiver::Command read_command(yaml::Node const& node, Environment const& env,
                                    std::vector<std::string>& variables) {
  if (!node.is_sequence()) {
    node.fail("command must be a list of a program and its arguments",
              "Such as: command: [/usr/share/affsync/mail_alert.sh, me@example.com]. No "
              "shell reads it; the text is on the standard input.");
  }
  AlertReceiver::Command command;
  for (auto const& item : node.items()) command.push_back(expand_argument(item, env, variables));
  if (command.empty()) node.fail("command names no program");
  auto const& program = command.front();
  if (!program.starts_with('/')) {
    node.items().front().fail("the program of a command needs its whole path",
                              "Such as /usr/share/affsync/mail_alert.sh.");
  }
  if (program.find("${") != std::string::npos) {
    node.items().front().fail("the program of a command may not depend on the message");
  }
  return command;
}

std::vector<std::pair<std::string, Secret>> read_environment(yaml::Node const& node,
                                                             Environment const& env) {
  if (!node.is_map()) {
    node.fail("environment must be a mapping of names to values",
              "Such as: environment: {SMTP_PASSWORD: {file: /etc/affsync/smtp}}.");
  }
  std::vector<std::pair<std::string, Secret>> variables;
  for (auto const& [key, value] : node.entries()) {
    auto const name = key.text();
    bool const is_name = !name.empty() && consists_of(name, "_") && !is_digit(name.front());
    if (!is_name) key.fail("not a name for a variable of the environment");
    if (name.starts_with("AFFSYNC_ALERT_")) {
      key.fail("affsync sets " + name + " itself, or will",
               "Names that begin with AFFSYNC_ALERT_ are those of the message.");
    }
    variables.emplace_back(name, read_secret(value, "the variable " + name, env));
  }
  return variables;
}

std::string read_ca_file(yaml::Node const& node) {
  yaml::Map map(node, "tls of a receiver");
  std::string ca_file;
  if (auto const value = map.find("ca_file")) ca_file = read_text(*value);
  for (auto const* key : {"verify", "verify_peer", "insecure", "skip_verify", "verification"}) {
    map.explain(key,
                "Verification cannot be turned off. Trust a private certificate with "
                "`ca_file`.");
  }
  map.finish();
  return ca_file;
}

std::string read_receiver_name(yaml::Node const& node) {
  auto const name = node.text();
  constexpr std::size_t longest = 64;
  if (name.empty() || name.size() > longest || !consists_of(name, "._-")) {
    node.fail("not a name for a receiver: " + node.shown(),
              "It takes 1 to 64 Latin letters, digits, dots, underscores and hyphens.");
  }
  return name;
}

}  // namespace

std::vector<std::string> const& alert_words() {
  static std::vector<std::string> const words{"title",  "kind",     "rule",    "severity",
                                              "source", "stream",   "amount",  "currency",
                                              "remedy", "alert_id", "receiver"};
  return words;
}

AlertReceiver read_receiver(yaml::Node const& node, Environment const& env) {
  AlertReceiver receiver;
  yaml::Map map(node, "a receiver");
  auto const name = map.require("name");
  receiver.name = read_receiver_name(name);
  receiver.where = name.where();
  if (auto const value = map.find("allow_http")) receiver.allow_http = value->as_bool();
  auto const webhook = map.find("webhook");
  auto const headers = map.find("headers");
  auto const telegram = map.find("telegram");
  auto const command = map.find(std::string(command_key));
  auto const environment = map.find("environment");
  if (auto const value = map.find("timeout")) {
    receiver.timeout = read_timeout(*value);
  } else if (command) {
    receiver.timeout = std::chrono::seconds(30);
  }
  if (auto const value = map.find("tls")) receiver.ca_file = read_ca_file(*value);
  if (auto const value = map.find("proxy")) receiver.proxy = read_secret(*value, "proxy", env);
  map.explain("url", "Did you mean `webhook`?");
  constexpr auto mail = "Mail is sent by a command: [/usr/share/affsync/mail_alert.sh, ADDRESS].";
  map.explain("email", mail);
  map.explain("mail", mail);
  map.finish();
  if (int(webhook.has_value()) + int(telegram.has_value()) + int(command.has_value()) != 1) {
    node.fail("a receiver takes one of webhook, telegram and command");
  }
  if (headers && !webhook) headers->fail("only a webhook takes headers");
  if (environment && !command) environment->fail("only a command takes an environment");
  if (webhook) {
    auto& it = receiver.webhook.emplace();
    it.url = read_webhook_url(*webhook, env, receiver.allow_http);
    if (headers) it.headers = read_headers(*headers, env);
  }
  if (telegram) receiver.telegram = read_telegram(*telegram, env, receiver.allow_http);
  if (command) {
    receiver.command = read_command(*command, env, receiver.shown_variables);
  }
  if (environment) receiver.environment = read_environment(*environment, env);
  return receiver;
}

}  // namespace affsync::config
