// The section `alerts` of the configuration as plain structs: to whom which alerts are told.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/secret.hpp"

namespace affsync::config {

// One who is told. Exactly one of `webhook`, `telegram` and `command` is set.
struct AlertReceiver {
  struct Webhook {
    Secret url;
    std::vector<std::pair<std::string, Secret>> headers;  // further fields of the request
    bool operator==(Webhook const&) const = default;
  };
  struct Telegram {
    Secret token;
    std::string chat;
    std::string api = "https://api.telegram.org";
    bool operator==(Telegram const&) const = default;
  };
  // Program and arguments. In the arguments `${title}` and so on (alert_words) stand for parts of
  // the message; all other variables are replaced already.
  using Command = std::vector<std::string>;

  std::string name;
  std::string where;  // file:line:column of the name
  std::optional<Webhook> webhook;
  std::optional<Telegram> telegram;
  std::optional<Command> command;
  // Secrets that the command gets in its environment, by their names.
  std::vector<std::pair<std::string, Secret>> environment;
  // Variables of our environment in its arguments, where others on the machine can read them.
  std::vector<std::string> shown_variables;
  std::chrono::milliseconds timeout{10'000};  // of one attempt
  std::string ca_file;                        // certificates trusted beside the system's
  std::optional<Secret> proxy;                // none: that of the environment
  bool allow_http = false;

  // "webhook", "telegram" or "command"
  std::string kind() const;
  bool operator==(AlertReceiver const&) const = default;
};

// The words of a message that the arguments of a command may hold: ${title}, ${source}, …
std::vector<std::string> const& alert_words();

// A rule whose settings the configuration names.
struct AlertRule {
  bool enabled = true;
  // What the rule's query reads: durations in seconds, percents without their sign. Only those
  // that were given.
  std::map<std::string, std::string> settings;
  std::vector<std::string> to;  // names of receivers; empty: all
};

// The hours in which nothing is told but what `except` names.
struct QuietHours {
  int from = 0, to = 0;  // minutes of the day; `to` may be the smaller one, past midnight
  std::string zone = "UTC";
  std::vector<std::string> except;  // rules
  bool operator==(QuietHours const&) const = default;
};

struct AlertsConfig {
  std::vector<AlertReceiver> receivers;
  std::map<std::string, AlertRule> rules;  // by name; a rule that is not here is on, with defaults
  std::optional<QuietHours> quiet;
  // How long a message waits for further causes of the same event.
  std::chrono::seconds gather{60};
  int per_hour = 20;        // messages to one receiver
  bool with_names = false;  // messages may hold what is stored about clients, beside their ids
  bool configured = false;  // the section is there

  AlertReceiver const* find(std::string_view name) const;
};

}  // namespace affsync::config
