// What HTTP's own statuses mean, before any rule of a connector.
#pragma once

#include <optional>
#include <string>

#include "base/error.hpp"
#include "base/http_message.hpp"
#include "connectors/engine/document/document_spec.hpp"
#include "connectors/engine/manifest/manifest.hpp"

namespace affsync::engine {

AnswerClass class_of_status(HttpResponse const& response, bool is_login);

// Returns true if a refusal with this status may be about what was asked for, such as a page behind
// the end of a list or days that are too old. The others of 400 to 499 are about the connection,
// the account or the client, so they end no list.
bool may_be_about_request(int status);

// What an answer with the status 206 says about itself. No request asks for a part.
struct PartOfAnswer {
  std::string text;      // that it is a part, for people; empty: it is whole
  bool goes_on = false;  // it is known that rows follow it
};
PartOfAnswer part_of_answer(int status, Headers const& headers);

// Returns an error if the text of an answer lacks bytes: with the status 206, and by its
// Content-Range; or if bytes follow it, and its format has no end of its own.
std::optional<Error> torn_answer(HttpResponse const& response, DocumentFormat format);

}  // namespace affsync::engine
