#include "schema/store/libpq_call.hpp"

#include <libpq-fe.h>

#include <pqxx/except>

#include "schema/store/pqxx_versions.hpp"

namespace affsync::schema {

// It is private in libpqxx; an explicit instantiation, of which a program may have one, may name a
// private member.
template <auto get>
struct RawConnection {
  friend pqxx::internal::pq::PGconn* private_connection(ConnectionBase& connection) {
    return (connection.*get)();
  }
};
template struct RawConnection<&ConnectionBase::raw_connection>;
pqxx::internal::pq::PGconn* private_connection(ConnectionBase& connection);

pqxx::internal::pq::PGconn* raw_connection(ConnectionBase& connection) {
  return private_connection(connection);
}

namespace {

constexpr int whole_header = 20;  // of an array in binary form

int type_oid(BinaryType type) {
  // Constant since PostgreSQL has these types: src/include/catalog/pg_type.dat.
  switch (type) {
    case BinaryType::boolean:
      return 16;
    case BinaryType::bigint:
      return 20;
    case BinaryType::integer:
      return 23;
    case BinaryType::text:
      return 25;
    case BinaryType::date:
      return 1082;
    case BinaryType::timestamptz:
      return 1184;
    case BinaryType::numeric:
      return 1700;
    case BinaryType::uuid:
      return 2950;
    case BinaryType::jsonb:
      return 3802;
  }
  return 0;
}

}  // namespace

void FreePgResult::operator()(pg_result* result) const {
  PQclear(result);
}

void demand_success(pg_conn* connection, pg_result const* result, char const* what) {
  if (result == nullptr) throw pqxx::broken_connection(PQerrorMessage(connection));
  switch (PQresultStatus(result)) {
    case PGRES_COMMAND_OK:
    case PGRES_TUPLES_OK:
    case PGRES_COPY_IN:
    case PGRES_COPY_OUT:
      return;
    default:
      break;
  }
  std::string const message = PQresultErrorMessage(result);
  auto const* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  if (state == nullptr) throw pqxx::broken_connection(message);
  throw pqxx::sql_error(message, what, state);
}

void BoundParams::add(std::string value, WireFormat format) {
  values_.push_back(std::move(value));
  lengths_.push_back(static_cast<int>(values_.back().size()));
  formats_.push_back(format == WireFormat::binary ? 1 : 0);
}

std::vector<char const*> BoundParams::texts() const {
  std::vector<char const*> texts;
  for (auto const& value : values_) texts.push_back(value.c_str());
  return texts;
}

ArrayParam::ArrayParam(BinaryType element, WireFormat format)
    : element_(element), format_(format), binary_(whole_header, '\0') {}

void ArrayParam::add(char const* text) {
  ++size_;
  if (format_ == WireFormat::text) {
    text_.add(text);
  } else {
    append_value(binary_, element_, text);
  }
}

void ArrayParam::finish(BoundParams& params) {
  if (format_ == WireFormat::text) {
    params.add_text(text_.take());
    return;
  }
  std::string header;
  append_int32(header, size_ > 0 ? 1 : 0);  // dimensions
  append_int32(header, 1);                  // there may be NULLs
  append_int32(header, type_oid(element_));
  if (size_ > 0) {
    append_int32(header, size_);
    append_int32(header, 1);  // the index of the first element
  }
  binary_.replace(0, whole_header, header);
  params.add(std::move(binary_), format_);
}

std::vector<std::string> exec_prepared(PgSession& session, pqxx::transaction_base& tx,
                                       std::string const& name, std::string const& sql,
                                       BoundParams const& params) {
  auto* connection = raw_connection(tx.conn());
  auto const size = static_cast<int>(params.size());
  auto const texts = params.texts();
  PgResult result;
  if (session.is_pooled()) {
    result.reset(PQexecParams(connection, sql.c_str(), size, nullptr, texts.data(),
                              params.lengths().data(), params.formats().data(), 0));
  } else {
    if (!session.prepared.contains(name)) {
      result.reset(PQprepare(connection, name.c_str(), sql.c_str(), 0, nullptr));
      demand_success(connection, result.get(), name.c_str());
      session.prepared.insert(name);
    }
    result.reset(PQexecPrepared(connection, name.c_str(), size, texts.data(),
                                params.lengths().data(), params.formats().data(), 0));
  }
  demand_success(connection, result.get(), name.c_str());
  std::vector<std::string> row;
  for (int i = 0; PQntuples(result.get()) > 0 && i < PQnfields(result.get()); ++i) {
    row.emplace_back(PQgetvalue(result.get(), 0, i));
  }
  return row;
}

}  // namespace affsync::schema
