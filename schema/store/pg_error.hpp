// What libpqxx throws, told in this program's own words: one place that knows SQLSTATEs.
#pragma once

#include <exception>
#include <pqxx/except>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace affsync::schema {

// How a failed attempt may be followed up.
enum class Recovery {
  none,       // doing the same again fails the same way
  again,      // deadlock, serialization: the same session will do
  reconnect,  // the session is gone, or nobody knows whether its last commit arrived
};

struct PgProblem {
  Error error;
  Recovery recovery = Recovery::none;
  bool data = false;   // a value that PostgreSQL cannot take: SQLSTATE class 22, 23 or 54, mostly
  std::string reason;  // with `data`: what is wrong with it, on one line
  PgProblem() = default;
};

// Takes what is in flight; to be called in a catch block. A Failure is handed through.
PgProblem current_problem();

// The error's SQLSTATE, also where libpqxx 6 knows it by the exception's type only; "" when the
// server did not get to answer.
std::string sqlstate_of(pqxx::sql_error const& error);

// The code for an SQLSTATE; "" (no answer from the server) is database_unavailable.
ErrorCode code_of_sqlstate(std::string_view sqlstate);
// True for the classes that blame a value rather than the server. `message`: the server's, verbose.
bool is_data_error(std::string_view sqlstate, std::string_view message);
bool is_data_error(pqxx::sql_error const& error);

// For what libpq says when it gets no connection, with what to do about it.
Error connection_error(std::string_view message);

// PostgreSQL's "ERROR:  text\nCONTEXT:  COPY t, line 3, column amount: …" as `text (column
// amount)`.
std::string one_line(std::string_view server_message);

}  // namespace affsync::schema
