#include "schema/store/copy_reader.hpp"

#include <algorithm>
#include <charconv>

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

// Undoes the escapes of a cell. COPY writes no others.
void unescape(std::string_view cell, std::string& out) {
  out.clear();
  for (std::size_t i = 0; i < cell.size(); ++i) {
    if (cell[i] != '\\' || i + 1 == cell.size()) {
      out += cell[i];
      continue;
    }
    constexpr std::string_view letters = "bfnrtv", meant = "\b\f\n\r\t\v";
    auto const c = cell[++i];
    auto const known = letters.find(c);
    out += known == letters.npos ? c : meant[known];
  }
}

}  // namespace

void copy_pairs(pqxx::transaction_base& tx, std::string const& query, SqlParams const& params,
                std::function<void(std::string_view, std::string_view)> const& take) {
  auto stream = open_copy_out(tx, with_literals(tx, query, params));
  std::string line, first, second;
  while (next_line(stream, line)) {
    std::string_view left(line), right;
    auto const tab = left.find('\t');
    if (tab != left.npos) {
      right = left.substr(tab + 1);
      left = left.substr(0, tab);
    }
    if (line.find('\\') == line.npos) {
      take(left, right);
      continue;
    }
    unescape(left, first);
    unescape(right, second);
    take(first, second);
  }
  stream.complete();
}

}  // namespace affsync::schema
