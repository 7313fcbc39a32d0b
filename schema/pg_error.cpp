#include "schema/pg_error.hpp"

namespace affsync::schema {
namespace {

struct KnownState {
  std::string_view state;  // five characters, or a class of two
  ErrorCode code;
  std::string_view hint;
};

constexpr KnownState known_states[] = {
    {"53100", ErrorCode::database_full, "Free disk space on the database server."},
    {"53300", ErrorCode::database_unavailable,
     "The server has no free connection: raise max_connections or lower database.connections."},
    {"53", ErrorCode::database_unavailable, "The database server is short of resources."},
    {"08", ErrorCode::database_unavailable, "Check that the database server runs."},
    {"57014", ErrorCode::database_error,
     "The statement took longer than its time limit or was cancelled."},
    {"57P", ErrorCode::database_unavailable, "The database server is stopping or starting."},
    {"25006", ErrorCode::database_unavailable,
     "The server is read-only (a standby?): database.url must name the primary."},
    {"25P03", ErrorCode::database_unavailable, "The session was idle in a transaction too long."},
    {"40", ErrorCode::database_unavailable, "Another transaction was in the way; try again."},
    {"55P03", ErrorCode::database_unavailable, "Another transaction held a lock; try again."},
    {"42501", ErrorCode::database_error,
     "Grant the role affsync_writer to the user in database.url (affsync_reader is enough for "
     "`status`, `report` and the list of `quarantine`), or let it own the schemas."},
    {"42P01", ErrorCode::database_error, "Run `affsync migrate`."},
    {"42703", ErrorCode::database_error, "Run `affsync migrate`."},
    {"3F000", ErrorCode::database_error, "Run `affsync migrate`."},
    {"28", ErrorCode::database_unavailable, "Check user and password in database.url."},
    {"3D000", ErrorCode::database_unavailable, "Make the database, or mend database.url."},
};

KnownState const* find_state(std::string_view sqlstate) {
  for (auto const& known : known_states) {
    if (sqlstate.starts_with(known.state)) return &known;
  }
  return nullptr;
}

template <class Exception>
bool is(pqxx::sql_error const& error) {
  return dynamic_cast<Exception const*>(&error) != nullptr;
}

PgProblem from_sqlstate(std::string_view sqlstate, std::string_view message) {
  PgProblem problem;
  auto const* known = find_state(sqlstate);
  problem.error = Error(code_of_sqlstate(sqlstate), "PostgreSQL: " + one_line(message),
                        known ? std::string(known->hint) : std::string());
  if (!sqlstate.empty()) problem.error.message += " [" + std::string(sqlstate) + "]";
  problem.data = is_data_error(sqlstate);
  if (problem.data) problem.reason = one_line(message);
  if (sqlstate.starts_with("40")) problem.recovery = Recovery::again;
  if (sqlstate.starts_with("08") || sqlstate.starts_with("57P") || sqlstate == "25P03") {
    problem.recovery = Recovery::reconnect;
  }
  return problem;
}

}  // namespace

std::string sqlstate_of(pqxx::sql_error const& error) {
  if (!error.sqlstate().empty()) return error.sqlstate();
  if (is<pqxx::disk_full>(error)) return "53100";
  if (is<pqxx::out_of_memory>(error)) return "53200";
  if (is<pqxx::insufficient_resources>(error)) return "53000";
  if (is<pqxx::insufficient_privilege>(error)) return "42501";
  if (is<pqxx::undefined_table>(error)) return "42P01";
  if (is<pqxx::undefined_column>(error)) return "42703";
  if (is<pqxx::undefined_function>(error)) return "42883";
  if (is<pqxx::syntax_error>(error)) return "42601";
  if (is<pqxx::unique_violation>(error)) return "23505";
  if (is<pqxx::integrity_constraint_violation>(error)) return "23000";
  if (is<pqxx::data_exception>(error)) return "22000";
  if (is<pqxx::invalid_cursor_state>(error)) return "24000";
  if (is<pqxx::invalid_sql_statement_name>(error)) return "26000";
  if (is<pqxx::feature_not_supported>(error)) return "0A000";
  if (is<pqxx::plpgsql_error>(error)) return "P0000";
  return "";
}

ErrorCode code_of_sqlstate(std::string_view sqlstate) {
  if (sqlstate.empty()) return ErrorCode::database_unavailable;
  auto const* known = find_state(sqlstate);
  return known ? known->code : ErrorCode::database_error;
}

bool is_data_error(std::string_view sqlstate) {
  return sqlstate.starts_with("22") || sqlstate.starts_with("23") || sqlstate.starts_with("54");
}

bool is_data_error(pqxx::sql_error const& error) {
  return is_data_error(sqlstate_of(error));
}

std::string one_line(std::string_view server_message) {
  auto text = server_message.substr(0, server_message.find('\n'));
  for (std::string_view label : {"ERROR:", "FATAL:", "PANIC:"}) {
    if (text.starts_with(label)) text.remove_prefix(label.size());
  }
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && (text.back() == '\r' || text.back() == ' ')) text.remove_suffix(1);
  std::string line(text);
  // "COPY commission, line 3, column amount: "abc"" names the column; the line is of no use, since
  // rows are put apart one by one.
  auto const copy = server_message.find("CONTEXT:  COPY ");
  if (copy != std::string_view::npos) {
    auto context = server_message.substr(copy);
    context = context.substr(0, context.find('\n'));
    auto const column = context.find(", column ");
    if (column != std::string_view::npos) {
      auto name = context.substr(column + 9);
      line += " (column " + std::string(name.substr(0, name.find(':'))) + ")";
    }
  }
  return line;
}

namespace {

// libpq gives no code for why a connection was refused, only the server's words.
std::string hint_for_connecting(std::string_view message) {
  auto const says = [&](std::string_view words) {
    return message.find(words) != std::string_view::npos;
  };
  if (says("database \"") && says("does not exist")) {
    return "Make it, such as with createdb, or mend database.url.";
  }
  if (says("role \"") && says("does not exist")) {
    return "Make the user, such as with createuser, or name another one in database.url.";
  }
  if (says("authentication failed") || says("no password supplied") || says("no pg_hba.conf")) {
    return "Check user and password in database.url, and pg_hba.conf of the server.";
  }
  if (says("No such file or directory") || says("Connection refused")) {
    return "Check database.url and that the server runs; `database.url: embedded` needs none.";
  }
  return "Check database.url and that the server runs.";
}

}  // namespace

PgProblem current_problem() {
  PgProblem problem;
  try {
    throw;
  } catch (Failure const& failure) {
    problem.error = failure.error();
  } catch (pqxx::in_doubt_error const& error) {
    problem.error = Error(ErrorCode::database_unavailable,
                          "the connection to PostgreSQL broke while committing");
    problem.recovery = Recovery::reconnect;
  } catch (pqxx::broken_connection const& error) {
    problem.error = Error(ErrorCode::database_unavailable,
                          "no connection to PostgreSQL: " + one_line(error.what()),
                          hint_for_connecting(error.what()));
    problem.recovery = Recovery::reconnect;
  } catch (pqxx::sql_error const& error) {
    auto const state = sqlstate_of(error);
    problem = from_sqlstate(state, error.what());
    // The server's last words before it closes the connection may come without a state.
    if (state.empty()) problem.recovery = Recovery::reconnect;
#if PQXX_VERSION_MAJOR < 7
  } catch (pqxx::transaction_rollback const& error) {
    problem = from_sqlstate("40000", error.what());
#endif
  } catch (pqxx::failure const& error) {
    problem.error = Error(ErrorCode::database_unavailable, "PostgreSQL: " + one_line(error.what()));
    problem.recovery = Recovery::reconnect;
  } catch (std::exception const& error) {
    problem.error = Error(ErrorCode::internal, error.what());
  }
  return problem;
}

}  // namespace affsync::schema
