// Translates exceptions of libpqxx into Error. The only code that knows SQLSTATEs.
#pragma once

#include <exception>
#include <pqxx/except>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/local_user.hpp"

namespace affsync::schema {

// How to retry a failed attempt.
enum class Recovery {
  none,       // a retry would fail the same way
  again,      // deadlock or serialization failure: retry on the same session
  reconnect,  // the session is lost, or it is unknown whether its last commit succeeded
};

struct PgProblem {
  Error error;
  Recovery recovery = Recovery::none;
  bool data = false;       // PostgreSQL refuses a value: mostly SQLSTATE class 22, 23 or 54
  bool read_only = false;  // the server takes no writes of this session
  std::string reason;      // with `data`: what is wrong with it, on one line
  PgProblem() = default;
};

// Translates the exception being handled; call it in a catch block. Passes on the Error of a
// Failure.
PgProblem current_problem();

// Returns the error's SQLSTATE, also where libpqxx 6 expresses it only by the exception's type; ""
// if the server could not answer.
std::string sqlstate_of(pqxx::sql_error const& error);

// Returns the code for an SQLSTATE; "" (no answer from the server) is database_unavailable.
ErrorCode code_of_sqlstate(std::string_view sqlstate);
// Returns what to do about it; empty for most.
std::string_view hint_of_sqlstate(std::string_view sqlstate);
// Returns true if a value is invalid, not the server. `message`: the server's verbose message.
bool is_data_error(std::string_view sqlstate, std::string_view message);
bool is_data_error(pqxx::sql_error const& error);

// Makes an error with a hint from libpq's message about a failed connection, which is verbose where
// the words of the server may not be English. `users`: where the server goes by the user of the
// machine, another one may be meant.
Error connection_error(std::string_view message, LocalUsers const& users = local_users());
struct ConnectionProblem {
  Error error;
  bool is_explained = true;  // false: by nothing but words of the server that nobody here knows
};
// The same, and whether it is worth asking the server once more.
ConnectionProblem connection_problem(std::string_view message,
                                     LocalUsers const& users = local_users());
// The SQLSTATE in a verbose message about a failed connection; empty: it has none.
std::string_view refusal_state(std::string_view message);

// Converts PostgreSQL's "ERROR:  text\nCONTEXT:  COPY t, line 3, column amount: …" to `text (column
// amount)`.
std::string one_line(std::string_view server_message);

}  // namespace affsync::schema
