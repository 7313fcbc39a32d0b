#include "schema/store/pg_error.hpp"

#include <algorithm>

#include "schema/store/pqxx_versions.hpp"
#include "schema/store/server_text.hpp"

namespace affsync::schema {
namespace {

struct KnownState {
  std::string_view state;  // an SQLSTATE or a prefix of it, such as a class of two characters
  ErrorCode code;
  std::string_view hint;
};

constexpr std::string_view hint_of_other_schema =
    "The schema in the database is not the one of this program: run `affsync migrate`, or the"
    " version of affsync that made it.";

constexpr KnownState known_states[] = {
    {"53100", ErrorCode::database_full, "Free disk space on the database server."},
    {"53300", ErrorCode::database_unavailable,
     "The server has no free connection: raise max_connections or lower database.connections."},
    {"53", ErrorCode::database_unavailable, "The database server is short of resources."},
    {"08", ErrorCode::database_unavailable, "Check that the database server is running."},
    {"57014", ErrorCode::database_error,
     "The statement took longer than its time limit or was cancelled."},
    {"57P", ErrorCode::database_unavailable, "The database server is stopping or starting."},
    {"25006", ErrorCode::database_unavailable,
     "It is a standby (database.url must name the primary; with several hosts in it, add"
     " target_session_attrs=read-write), or default_transaction_read_only is on."},
    {"25P03", ErrorCode::database_unavailable, "The session was idle in a transaction too long."},
    {"40", ErrorCode::database_unavailable, "Another transaction conflicted with it; try again."},
    {"55P03", ErrorCode::database_unavailable, "Another transaction held a lock; try again."},
    {"42501", ErrorCode::database_error,
     "Grant the role affsync_writer to the user in database.url (affsync_reader is enough for "
     "`status`, `report` and the list of `quarantine`), or let it own the schemas."},
    {"42P01", ErrorCode::migration_failed, hint_of_other_schema},
    {"42703", ErrorCode::migration_failed, hint_of_other_schema},
    {"42883", ErrorCode::migration_failed, hint_of_other_schema},
    {"3F000", ErrorCode::migration_failed, hint_of_other_schema},
    {"23503", ErrorCode::database_error,
     "A row that this one refers to is missing in the database: was it restored, or moved to a"
     " server that lagged behind? Reload (SIGHUP) or restart to register sources again."},
    {"23514", ErrorCode::database_error,
     "A partition is missing: create one for the row, or a DEFAULT one."},
    {"0A000", ErrorCode::database_error,
     "This server, or an extension in it, does not support this; docs/schema.md lists what was"
     " tested."},
    {"28", ErrorCode::database_unavailable, "Check user and password in database.url."},
    {"3D000", ErrorCode::database_unavailable, "Create the database, or correct database.url."},
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
  problem.error = Error(code_of_sqlstate(sqlstate), "PostgreSQL: " + one_line(message),
                        std::string(hint_of_sqlstate(sqlstate)));
  auto& hint = problem.error.hint;
  // One SQLSTATE is for several causes, which only the words tell apart.
  if (sqlstate == "42501" && message.find("for database ") != std::string_view::npos) {
    hint =
        "As the database's owner or a superuser: GRANT CREATE, TEMPORARY ON DATABASE … TO the user"
        " in database.url.";
  }
  if (sqlstate == "42501" && message.find("temporary tables") != std::string_view::npos) {
    hint =
        "As the database's owner or a superuser: GRANT TEMPORARY ON DATABASE … TO the user that"
        " migrates.";
  }
  if (sqlstate == "42501" && message.find("for function ") != std::string_view::npos) {
    hint =
        "Run `affsync migrate` once as the owner of the function: it grants what affsync_writer and"
        " affsync_reader need.";
  }
  if (message.find("row-level security") != std::string_view::npos) {
    hint =
        "Row-level security hides rows of this table from the user in database.url: ALTER ROLE …"
        " BYPASSRLS, or ALTER TABLE … DISABLE ROW LEVEL SECURITY.";
  }
  if (message.find("statement pooling mode") != std::string_view::npos) {
    hint = "Set pool_mode = session or transaction for this database in PgBouncer.";
  }
  if (sqlstate == "22P05") {
    hint = "The database's encoding cannot represent the text: affsync needs a database in UTF-8.";
  }
  if (!sqlstate.empty()) problem.error.message += " [" + std::string(sqlstate) + "]";
  problem.data = is_data_error(sqlstate, message);
  problem.read_only = sqlstate == "25006";
  problem.error.is_contended = sqlstate == "55P03" || sqlstate.starts_with("40");
  if (sqlstate == "26000") {  // a pooler's DISCARD ALL, for example
    problem.recovery = Recovery::reconnect;
    hint = "A prepared statement of this session is gone; a new session prepares its own.";
  }
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
  if (is<pqxx::invalid_sql_statement_name>(error)) return "26000";
  if (is<pqxx::undefined_column>(error)) return "42703";
  if (is<pqxx::undefined_function>(error)) return "42883";
  if (is<pqxx::syntax_error>(error)) return "42601";
  if (is<pqxx::unique_violation>(error)) return "23505";
  if (is<pqxx::integrity_constraint_violation>(error)) return "23000";
  if (is<pqxx::data_exception>(error)) return "22000";
  if (is<pqxx::invalid_cursor_state>(error)) return "24000";
  if (is<pqxx::feature_not_supported>(error)) return "0A000";
  if (is<pqxx::plpgsql_error>(error)) return "P0000";
  return "";
}

ErrorCode code_of_sqlstate(std::string_view sqlstate) {
  if (sqlstate.empty()) return ErrorCode::database_unavailable;
  auto const* known = find_state(sqlstate);
  return known ? known->code : ErrorCode::database_error;
}

std::string_view hint_of_sqlstate(std::string_view sqlstate) {
  auto const* known = find_state(sqlstate);
  return known ? known->hint : std::string_view();
}

bool is_data_error(std::string_view sqlstate, std::string_view message) {
  // A foreign key: the referenced row is missing; the row itself is valid.
  if (sqlstate == "23503") return false;
  // With a constraint name, the row violates a check; without one, a partition is missing.
  if (sqlstate == "23514") return message.find("\nCONSTRAINT NAME:") != std::string_view::npos;
  return sqlstate.starts_with("22") || sqlstate.starts_with("23") || sqlstate.starts_with("54");
}

bool is_data_error(pqxx::sql_error const& error) {
  return is_data_error(sqlstate_of(error), error.what());
}

std::string one_line(std::string_view server_message) {
  auto text = server_message.substr(0, server_message.find('\n'));
  // libpqxx 7 says first at which step of a COPY it was: "Failure during '[END COPY]': ".
  if (text.starts_with("Failure during '")) {
    auto const step = text.find("': ");
    if (step != std::string_view::npos) text.remove_prefix(step + 3);
  }
  // Sessions request verbose messages: behind "ERROR:", in the server's language, the SQLSTATE.
  auto const at = server_text(text);
  auto const state =
      at == std::string_view::npos ? std::string_view() : leading_state(text.substr(at));
  bool const is_label = text.substr(0, text.find(' ')).ends_with(':');
  if (!state.empty() && is_label) text.remove_prefix(at + state.size() + 2);
  for (std::string_view label : {"ERROR:", "FATAL:", "PANIC:", "WARNING:", "NOTICE:"}) {
    if (text.starts_with(label)) text.remove_prefix(label.size());
  }
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && (text.back() == '\r' || text.back() == ' ')) text.remove_suffix(1);
  std::string line(text);
  // "COPY commission, line 3, column amount: "abc"" names the column. The line number is useless,
  // since refused rows are isolated one by one.
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
    problem.error = connection_error(error.what());
    problem.recovery = Recovery::reconnect;
  } catch (pqxx::sql_error const& error) {
    auto const state = sqlstate_of(error);
    problem = from_sqlstate(state, error.what());
    // The server's last message before it closes the connection may have no SQLSTATE.
    if (state.empty()) problem.recovery = Recovery::reconnect;
  } catch (StatelessRollback const& error) {
    problem = from_sqlstate("40000", error.what());
  } catch (pqxx::failure const& error) {
    problem.error = Error(ErrorCode::database_unavailable, "PostgreSQL: " + one_line(error.what()));
    problem.recovery = Recovery::reconnect;
  } catch (std::exception const& error) {
    problem.error = Error(ErrorCode::internal, error.what());
  }
  return problem;
}

}  // namespace affsync::schema
