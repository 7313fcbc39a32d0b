#include "schema/store/copy_reader.hpp"

#include <libpq-fe.h>

#include <charconv>
#include <cstdint>
#include <memory>
#include <optional>

#include "schema/store/libpq_call.hpp"
#include "schema/store/pqxx_versions.hpp"

namespace affsync::schema {
namespace {

std::string with_literals(pqxx::transaction_base& tx, std::string_view query,
                          SqlParams const& params) {
  std::string sql;
  for (;;) {
    auto const mark = query.find('$');
    sql += query.substr(0, mark);
    if (mark == query.npos) return sql;
    query.remove_prefix(mark + 1);
    std::size_t number = 0;
    auto const end = query.data() + query.size();
    auto const [stop, error] = std::from_chars(query.data(), end, number);
    if (error != std::errc{} || number == 0 || number > params.size()) {
      throw Failure(ErrorCode::internal, "a query of COPY has a $ that is no parameter");
    }
    auto const& value = params[number - 1];
    sql += value ? tx.quote(*value) : "NULL";
    query.remove_prefix(static_cast<std::size_t>(stop - query.data()));
  }
}

constexpr std::size_t header_size = 19;  // signature, flags, length of nothing more

std::uint32_t take_number(std::string_view& bytes, std::size_t size) {
  std::uint32_t value = 0;
  for (char const c : bytes.substr(0, size)) value = value << 8 | static_cast<unsigned char>(c);
  bytes.remove_prefix(size);
  return value;
}

bool take_value(std::string_view& bytes, std::string_view& value) {
  if (bytes.size() < sizeof(std::uint32_t)) return false;
  auto const size = take_number(bytes, sizeof(std::uint32_t));
  if (size > bytes.size()) return false;
  value = bytes.substr(0, size);
  bytes.remove_prefix(size);
  return true;
}

struct FreeBuffer {
  void operator()(char* buffer) const { PQfreemem(buffer); }
};

// The rest of an answer that nobody wants any more.
class Answer {
 public:
  explicit Answer(pg_conn* connection) : connection_(connection) {}
  ~Answer() {
    while (!ended_) {
      char* buffer = nullptr;
      ended_ = PQgetCopyData(connection_, &buffer, 0) <= 0;
      buffer_.reset(buffer);
    }
    while (PgResult const result{PQgetResult(connection_)}) {
      if (PQstatus(connection_) == CONNECTION_BAD) break;
    }
  }
  Answer(Answer const&) = delete;
  Answer& operator=(Answer const&) = delete;

  // The next message; nullopt at the end. Throws what the server says.
  std::optional<std::string_view> next() {
    char* buffer = nullptr;
    int const size = PQgetCopyData(connection_, &buffer, 0);
    buffer_.reset(buffer);
    if (size > 0) return std::string_view(buffer, static_cast<std::size_t>(size));
    ended_ = true;
    if (size < -1) throw pqxx::broken_connection(PQerrorMessage(connection_));
    return std::nullopt;
  }

 private:
  pg_conn* connection_;
  std::unique_ptr<char, FreeBuffer> buffer_;
  bool ended_ = false;
};

}  // namespace

void PairReader::add(std::string_view message) {
  if (!rest_.empty()) {
    rest_ += message;
    message = rest_;
  }
  auto const all = message.size();
  while (take_row(message)) continue;
  if (rest_.empty()) {
    rest_ = message;
  } else {
    rest_.erase(0, all - message.size());
  }
}

bool PairReader::take_row(std::string_view& bytes) {
  if (!begun_) {
    if (bytes.size() < header_size) return false;
    bytes.remove_prefix(header_size);
    begun_ = true;
  }
  auto left = bytes;
  if (ended_ || left.size() < sizeof(std::int16_t)) return false;
  if (static_cast<std::int16_t>(take_number(left, sizeof(std::int16_t))) < 0) {
    ended_ = true;
    bytes = {};
    return false;
  }
  std::string_view first, second;
  if (!take_value(left, first) || !take_value(left, second)) return false;
  take_(first, second);
  bytes = left;
  return true;
}

void copy_pairs(pqxx::transaction_base& tx, std::string const& query, SqlParams const& params,
                std::function<void(std::string_view, std::string_view)> const& take) {
  auto* connection = raw_connection(tx.conn());
  auto const sql = "COPY (" + with_literals(tx, query, params) + ") TO STDOUT WITH (FORMAT binary)";
  PgResult const begun(PQexec(connection, sql.c_str()));
  demand_success(connection, begun.get(), "COPY");
  PairReader pairs(take);
  Answer answer(connection);
  while (auto const message = answer.next()) pairs.add(*message);
  PgResult const ended(PQgetResult(connection));
  demand_success(connection, ended.get(), "COPY");
  if (!pairs.ended()) throw Failure(ErrorCode::internal, "COPY ended in the middle of a row");
}

}  // namespace affsync::schema
