// COPY … FROM STDIN of rows whose width is known at run time only. libpqxx 6 takes tuple-likes, so
// the width is looked up in a table of writers of std::array<char const*, N>.
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

  // One cell a column; nullptr is NULL.
  void write(std::span<char const* const> row);
  // Must be called; errors of the rows show here.
  void complete();

 private:
  pqxx::stream_to stream_;
  void (*write_)(pqxx::stream_to&, char const* const*);
};

}  // namespace affsync::schema
