// What a message looks like for each kind of receiver. Performs no I/O.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "daemon/alerts/message.hpp"

namespace affsync::alerts {

// Version of the webhook's JSON: a member that is renamed, retyped or dropped needs a new one.
constexpr int document_version = 1;

// The JSON that a webhook gets; the same each time the message is sent. docs/alerts.md describes
// it.
std::string webhook_json(Message const& message);

// The text of a message for people: title, blank line, body.
std::string plain_text(Message const& message);

// The JSON of Telegram's sendMessage: plain text, which Telegram does not read as markup, and at
// most 4096 characters as Telegram counts them (UTF-16 units).
std::string telegram_json(Message const& message, std::string const& chat);

// Cuts a text to so many UTF-16 units, with … at the end of what was cut.
std::string cut_for_telegram(std::string text, std::size_t units);

// Replaces ${title} and so on in the arguments of a command (config::alert_words). A value has one
// line, and is never read as an option: a blank goes before a hyphen that it would begin with.
std::vector<std::string> command_arguments(std::vector<std::string> const& written,
                                           Message const& message);
// The same words as variables of the environment: AFFSYNC_ALERT_TITLE=…, and AFFSYNC_ALERT_KEY.
std::vector<std::string> command_environment(Message const& message);

// A sample, as `affsync alerts test` sends it.
Message sample_message(std::string const& receiver, std::string const& key, TimePoint now);

// A random key in the form of a UUID.
std::string random_key();

// Makes an answer of a peer fit for a line: valid, short, without control characters.
std::string shown_answer(std::string_view text);

}  // namespace affsync::alerts
