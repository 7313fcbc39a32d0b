// Values in PostgreSQL's binary forms, for COPY and for parameters. The server then needs not
// parse numbers and times again, which is a sixth of the cost of a new row.
// https://www.postgresql.org/docs/current/sql-copy.html, "Binary Format"; the forms of the types
// are those of their *_recv functions in PostgreSQL's src/backend/utils/adt.
#pragma once

#include <cstdint>
#include <exception>
#include <string>
#include <string_view>

#include "base/tables.hpp"

namespace affsync::schema {

enum class WireFormat { text, binary };

enum class BinaryType { text, jsonb, uuid, integer, bigint, numeric, boolean, date, timestamptz };

BinaryType binary_type(ColumnType type);

// Appends length and content of a value that is given in PostgreSQL's input format. The stored
// value is the same as that of the text to the last digit, with the same number of decimal places.
// Returns false and appends nothing if the text is not in the form that affsync itself writes: then
// only PostgreSQL may judge it. Does not check the content of text and jsonb; PostgreSQL does.
bool append_binary(std::string& out, BinaryType type, std::string_view text);

// Thrown for a value that has to be sent as text, after the transaction is rolled back.
struct NoBinaryForm : std::exception {
  char const* what() const noexcept override { return "a value has no binary form"; }
};

// The same; nullptr is NULL. Throws NoBinaryForm.
void append_value(std::string& out, BinaryType type, char const* text);

// Append big-endian numbers.
void append_int16(std::string& out, std::int16_t value);
void append_int32(std::string& out, std::int32_t value);

}  // namespace affsync::schema
