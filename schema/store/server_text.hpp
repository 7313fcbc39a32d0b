// Where a message of libpq has the words of the server, in whatever language.
#pragma once

#include <cstddef>
#include <string_view>

namespace affsync::schema {

// Where a text of the server begins, behind "FATAL:" in its language; npos if there is none. libpq
// itself never writes two blanks.
std::size_t server_text(std::string_view message, std::size_t from = 0);

// The SQLSTATE with which a verbose text of the server begins; empty if none.
std::string_view leading_state(std::string_view text);

}  // namespace affsync::schema
