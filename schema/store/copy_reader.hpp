// Reads rows with COPY … TO STDOUT in PostgreSQL's binary format: the server goes on while they are
// taken, and no row costs more than its bytes.
#pragma once

#include <functional>
#include <pqxx/transaction_base>
#include <string>
#include <string_view>

#include "schema/store/pg_session.hpp"

namespace affsync::schema {

// Takes rows of two values, neither of them null, out of COPY's binary form. A message has one row,
// but need not: PostgreSQL does not promise it.
class PairReader {
 public:
  using Take = std::function<void(std::string_view, std::string_view)>;
  // `take` must outlive the reader.
  explicit PairReader(Take const& take) : take_(take) {}

  void add(std::string_view message);
  // Whether the mark behind the last row was read.
  bool ended() const { return ended_; }

 private:
  // Takes a row from the front, if it is there as a whole.
  bool take_row(std::string_view& bytes);

  Take const& take_;
  std::string rest_;  // of the messages, not taken yet
  bool begun_ = false, ended_ = false;
};

// Calls take(first, second) for each row of a query with two columns, neither of them null, in
// PostgreSQL's binary form: a text is itself, a uuid 16 bytes. Both are valid during the call. The
// query is read to its end: give it a LIMIT. COPY takes no parameters; $1… become quoted literals,
// so that the query must not contain a `$` otherwise.
void copy_pairs(pqxx::transaction_base& tx, std::string const& query, SqlParams const& params,
                std::function<void(std::string_view, std::string_view)> const& take);

}  // namespace affsync::schema
