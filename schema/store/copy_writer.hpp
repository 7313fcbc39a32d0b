// COPY … FROM STDIN of rows whose number of columns is known only at run time. Blocking.
#pragma once

#include <pqxx/transaction_base>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "schema/store/binary_value.hpp"

struct pg_conn;  // of libpq

namespace affsync::schema {

struct CopyColumn {
  std::string name;  // quoted
  BinaryType type = BinaryType::text;
};

class CopyWriter {
 public:
  // `table` is quoted already. Throws pqxx::sql_error.
  CopyWriter(pqxx::transaction_base& tx, std::string const& table,
             std::vector<CopyColumn> const& columns, WireFormat format);
  // Breaks the COPY off unless it is complete; then the transaction has failed.
  ~CopyWriter();
  CopyWriter(CopyWriter const&) = delete;
  CopyWriter& operator=(CopyWriter const&) = delete;

  // Both throw NoBinaryForm; nullptr is NULL.
  // Returns the columns from `first` on as end_row() takes them, for columns that have the same
  // values in each row.
  std::string encode(std::size_t first, std::vector<char const*> const& texts) const;

  // Write a row: one cell per column in PostgreSQL's input format, then its end with the encoded
  // rest of the row.
  void cell(char const* text);
  void end_row(std::string_view rest);
  // Ends the COPY, and returns how many rows are in the table by it. Must be called; it throws the
  // errors of the rows.
  std::int64_t complete();

 private:
  void append(std::string& out, std::size_t column, char const* text) const;
  void send();
  // Takes the server's answer to the end of the COPY: the number of rows. Throws its error.
  std::int64_t take_answer();

  pg_conn* connection_;
  std::vector<CopyColumn> const columns_;
  WireFormat const format_;
  std::size_t column_ = 0;  // of the next cell
  bool open_ = true;
  std::string pending_;  // what is not sent yet
};

// Appends a value in COPY's text format, in which a backslash, a tab and the ends of lines are
// escaped.
void append_copy_text(std::string& out, std::string_view value);

}  // namespace affsync::schema
