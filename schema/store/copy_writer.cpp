#include "schema/store/copy_writer.hpp"

#include <libpq-fe.h>

#include <pqxx/except>

#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "schema/store/libpq_call.hpp"
#include "schema/store/pqxx_versions.hpp"

namespace affsync::schema {
namespace {

// libpq copies each piece once more, so larger ones gain nothing. Not libpqxx's own stream: it
// takes single rows of text, and converts each cell to a string of its own first.
constexpr std::size_t piece_size = 64 * 1024;

bool is_special(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == '\\';
}

// Returns the length of the part at the front without special characters. Looks at eight bytes at
// once, because nearly all of a row is such a part.
std::size_t plain_length(std::string_view text) {
  constexpr std::uint64_t ones = 0x0101010101010101, tops = 0x8080808080808080;
  std::size_t at = 0;
  for (; at + sizeof(std::uint64_t) <= text.size(); at += sizeof(std::uint64_t)) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + at, sizeof word);
    auto const control = (word - ones * 0x20) & ~word & tops;
    auto const other = word ^ (ones * '\\');
    auto const backslash = (other - ones) & ~other & tops;
    if ((control | backslash) != 0) break;
  }
  while (at < text.size() && !is_special(text[at])) ++at;
  return at;
}

}  // namespace

void append_copy_text(std::string& out, std::string_view value) {
  for (;;) {
    auto const plain = plain_length(value);
    out.append(value.substr(0, plain));
    if (plain == value.size()) return;
    switch (char const c = value[plain]) {
      case '\t':
        out += "\\t";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\\':
        out += "\\\\";
        break;
      default:
        out += c;
    }
    value.remove_prefix(plain + 1);
  }
}

CopyWriter::CopyWriter(pqxx::transaction_base& tx, std::string const& table,
                       std::vector<CopyColumn> const& columns, WireFormat format)
    : connection_(raw_connection(tx.conn())), columns_(columns), format_(format) {
  std::string names;
  for (auto const& column : columns_) names += (names.empty() ? "" : ", ") + column.name;
  pending_.reserve(piece_size + piece_size / 4);
  bool const binary = format_ == WireFormat::binary;
  tx.exec("COPY " + table + " (" + names + ") FROM STDIN" +
          (binary ? " WITH (FORMAT binary)" : ""));
  if (binary) {
    pending_.append("PGCOPY\n\xff\r\n\0", 11);
    append_int32(pending_, 0);  // flags
    append_int32(pending_, 0);  // length of more of this header
  }
}

CopyWriter::~CopyWriter() {
  if (!open_) return;
  PQputCopyEnd(connection_, "broken off");
  while (auto* result = PQgetResult(connection_)) PQclear(result);
}

void CopyWriter::append(std::string& out, std::size_t column, char const* text) const {
  if (format_ == WireFormat::binary) {
    append_value(out, columns_[column].type, text);
    return;
  }
  if (column > 0) out += '\t';
  if (text == nullptr) {
    out += "\\N";
  } else {
    append_copy_text(out, text);
  }
}

std::string CopyWriter::encode(std::size_t first, std::vector<char const*> const& texts) const {
  std::string rest;
  for (auto const* text : texts) append(rest, first++, text);
  return rest;
}

void CopyWriter::cell(char const* text) {
  if (column_ == 0 && format_ == WireFormat::binary) {
    append_int16(pending_, static_cast<std::int16_t>(columns_.size()));
  }
  append(pending_, column_++, text);
}

void CopyWriter::end_row(std::string_view rest) {
  pending_ += rest;
  if (format_ == WireFormat::text) pending_ += '\n';
  column_ = 0;
  if (pending_.size() >= piece_size) send();
}

void CopyWriter::send() {
  auto const sent = PQputCopyData(connection_, pending_.data(), static_cast<int>(pending_.size()));
  pending_.clear();
  if (sent == 1) return;
  open_ = false;
  take_answer();
  throw pqxx::broken_connection(PQerrorMessage(connection_));
}

std::int64_t CopyWriter::complete() {
  if (format_ == WireFormat::binary) append_int16(pending_, -1);
  send();
  open_ = false;
  if (PQputCopyEnd(connection_, nullptr) != 1) {
    throw pqxx::broken_connection(PQerrorMessage(connection_));
  }
  return take_answer();
}

std::int64_t CopyWriter::take_answer() {
  PgResult failed;
  std::int64_t rows = 0;
  while (PgResult result{PQgetResult(connection_)}) {
    if (PQresultStatus(result.get()) == PGRES_COMMAND_OK) {
      rows = std::atoll(PQcmdTuples(result.get()));
    }
    if (!failed && PQresultStatus(result.get()) == PGRES_FATAL_ERROR) failed = std::move(result);
    if (PQstatus(connection_) == CONNECTION_BAD) break;
  }
  if (failed) demand_success(connection_, failed.get(), "COPY");
  return rows;
}

}  // namespace affsync::schema
