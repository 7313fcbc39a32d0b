// Calls of libpq itself, for values in PostgreSQL's binary forms: libpqxx sends rows of COPY as
// text only, and libpqxx 6 also parameters. Errors are thrown as libpqxx throws them.
#pragma once

#include <pqxx/transaction_base>

#include <memory>
#include <string>
#include <vector>

#include "schema/store/binary_value.hpp"
#include "schema/store/pg_session.hpp"

struct pg_conn;  // libpq's PGconn and PGresult
struct pg_result;

namespace affsync::schema {

struct FreePgResult {
  void operator()(pg_result* result) const;
};
using PgResult = std::unique_ptr<pg_result, FreePgResult>;

// Throws pqxx::sql_error with the server's SQLSTATE if the result is an error, and
// pqxx::broken_connection if there was no answer. `what`: for messages.
void demand_success(pg_conn* connection, pg_result const* result, char const* what);

// Values for the parameters $1… of a statement, each in its own format.
class BoundParams {
 public:
  void add_text(std::string value) { add(std::move(value), WireFormat::text); }
  void add(std::string value, WireFormat format);

  std::size_t size() const { return values_.size(); }
  std::vector<char const*> texts() const;
  std::vector<int> const& lengths() const { return lengths_; }
  std::vector<int> const& formats() const { return formats_; }

 private:
  std::vector<std::string> values_;
  std::vector<int> lengths_, formats_;
};

// Builds an array for a parameter.
class ArrayParam {
 public:
  ArrayParam(BinaryType element, WireFormat format);
  // Takes a value in PostgreSQL's input format; nullptr is NULL. Throws NoBinaryForm.
  void add(char const* text);
  void finish(BoundParams& params);

 private:
  BinaryType const element_;
  WireFormat const format_;
  ArrayText text_;
  std::string binary_;
  std::int32_t size_ = 0;
};

// Runs a statement that is run often, and returns the first row of its result as text: the session
// parses it once, and PostgreSQL plans it once if a plan for any parameters is as good. What a
// transaction tells the planner must be the same each time. A name belongs to one statement. Behind
// a pooler it is not prepared.
std::vector<std::string> exec_prepared(PgSession& session, pqxx::transaction_base& tx,
                                       std::string const& name, std::string const& sql,
                                       BoundParams const& params);

}  // namespace affsync::schema
