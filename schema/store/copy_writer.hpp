// COPY … FROM STDIN of rows whose number of columns is known only at run time.
#pragma once

#include <pqxx/stream_to>

#include <string>
#include <string_view>
#include <vector>

namespace affsync::schema {

class CopyWriter {
 public:
  // `table` and `columns` are already quoted.
  CopyWriter(pqxx::transaction_base& tx, std::string const& table,
             std::vector<std::string> const& columns);

  // Write a row: one cell per column, then its end. nullptr is NULL.
  void cell(char const* text);
  void end_row();
  // Ends the COPY. Must be called; it throws the errors of the rows.
  void complete();

 private:
  pqxx::stream_to stream_;
  std::string text_;  // rows that are not sent yet, in COPY's text format
};

// Appends a value in COPY's text format, in which a backslash, a tab and the ends of lines are
// escaped.
void append_copy_text(std::string& out, std::string_view value);

}  // namespace affsync::schema
