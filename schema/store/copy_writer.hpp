// COPY … FROM STDIN of rows whose number of columns is known only at run time. libpqxx 6 accepts
// only tuple-like types, so a table holds one writer of std::array<char const*, N> for each width
// N.
#pragma once

#include <pqxx/stream_to>

#include <span>
#include <string>
#include <vector>

namespace affsync::schema {

class CopyWriter {
 public:
  // `table` and `columns` are already quoted. At most 48 columns.
  CopyWriter(pqxx::transaction_base& tx, std::string const& table,
             std::vector<std::string> const& columns);

  // Writes one cell per column; nullptr is NULL.
  void write(std::span<char const* const> row);
  // Ends the COPY. Must be called; it throws the errors of the rows.
  void complete();

 private:
  pqxx::stream_to stream_;
  void (*write_)(pqxx::stream_to&, char const* const*);
};

}  // namespace affsync::schema
