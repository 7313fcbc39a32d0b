#include "daemon/backup/plain_connection.hpp"

#include "schema/store/pg_error.hpp"
#include "schema/store/refused_connection.hpp"

namespace affsync {
namespace {

std::string message_of(PGconn* connection) {
  std::string text = PQerrorMessage(connection);
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

}  // namespace

Result<PlainConnection> PlainConnection::open(std::string const& url) {
  Handle connection(PQconnectdb(url.c_str()), &PQfinish);
  if (PQstatus(connection.get()) != CONNECTION_OK) {
    return schema::explain_refusal(url, message_of(connection.get())).error;
  }
  // Notices such as "does not exist, skipping" are nobody's concern.
  PQsetNoticeProcessor(connection.get(), [](void*, char const*) {}, nullptr);
  return PlainConnection(std::move(connection));
}

Result<std::unique_ptr<PGresult, decltype(&PQclear)>> PlainConnection::ask(
    std::string const& sql, std::vector<std::string> const& parameters) {
  std::vector<char const*> values;
  for (auto const& parameter : parameters) values.push_back(parameter.c_str());
  std::unique_ptr<PGresult, decltype(&PQclear)> result(
      PQexecParams(connection_.get(), sql.c_str(), static_cast<int>(values.size()), nullptr,
                   values.data(), nullptr, nullptr, 0),
      &PQclear);
  auto const status = PQresultStatus(result.get());
  if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) return result;
  char const* const code = PQresultErrorField(result.get(), PG_DIAG_SQLSTATE);
  std::string_view const state = code == nullptr ? "" : code;
  return Error(schema::code_of_sqlstate(state), message_of(connection_.get()),
               state == "42501" ? "Connect as the owner of affsync's tables."
                                : std::string(schema::hint_of_sqlstate(state)));
}

Result<std::string> PlainConnection::run(std::string const& sql,
                                         std::vector<std::string> const& parameters) {
  auto const result = ask(sql, parameters);
  if (!result) return result.error();
  if (PQntuples(result->get()) == 0) return std::string();
  return std::string(PQgetvalue(result->get(), 0, 0));
}

Result<std::vector<std::vector<std::string>>> PlainConnection::rows(
    std::string const& sql, std::vector<std::string> const& parameters) {
  auto const result = ask(sql, parameters);
  if (!result) return result.error();
  std::vector<std::vector<std::string>> all;
  for (int row = 0; row < PQntuples(result->get()); ++row) {
    auto& values = all.emplace_back();
    for (int column = 0; column < PQnfields(result->get()); ++column) {
      values.emplace_back(PQgetvalue(result->get(), row, column));
    }
  }
  return all;
}

}  // namespace affsync
