// Why a server refuses a connection, whatever its language.
#pragma once

#include <string>

#include "base/error.hpp"

namespace affsync::schema {

struct Refusal {
  Error error;
  bool passes = false;  // the server is starting or stopping
  Refusal() = default;
};

// Explains libpq's message about a connection that was refused. If these are words of the server
// that nobody here knows, it connects once more, for two seconds at most, to learn the SQLSTATE,
// which libpq tells only who asks for it before. `conninfo`: a libpq URL or keyword string.
Refusal explain_refusal(std::string const& conninfo, std::string const& message);

}  // namespace affsync::schema
