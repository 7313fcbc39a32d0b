// What a receiver's answer may repeat of the secrets in its settings: also a part of a header or of
// an argument. Performs no I/O.
#pragma once

#include <string>

#include "base/redact.hpp"
#include "base/secret.hpp"

namespace affsync::alerts {

// Adds a header's value, what follows its scheme ("Bearer …"), and what Basic encodes.
void add_header(Redactor& secrets, Secret const& value);

// Adds an address or a part of one, and the parts between its separators.
void add_parts(Redactor& secrets, std::string const& address);

// Adds what an argument of a command says beside the words of the message: `--token=…`, the value
// of a header, the parts of an address. The name of an option is no secret.
void add_argument(Redactor& secrets, std::string const& argument);

}  // namespace affsync::alerts
