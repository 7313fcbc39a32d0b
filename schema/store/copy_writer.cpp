#include "schema/store/copy_writer.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

#include "schema/store/pqxx_versions.hpp"

namespace affsync::schema {
namespace {

constexpr std::size_t widest = 48;
using RowWriter = void (*)(pqxx::stream_to&, char const* const*);

template <std::size_t N>
void write_row_of(pqxx::stream_to& stream, char const* const* cells) {
  std::array<char const*, N> row;
  std::copy_n(cells, N, row.begin());
  stream << row;
}

template <std::size_t... N>
constexpr std::array<RowWriter, widest> make_writers(std::index_sequence<N...>) {
  return {&write_row_of<N + 1>...};
}

constexpr auto writers = make_writers(std::make_index_sequence<widest>());

}  // namespace

CopyWriter::CopyWriter(pqxx::transaction_base& tx, std::string const& table,
                       std::vector<std::string> const& columns)
    : stream_(open_copy(tx, table, columns)), write_(writers.at(columns.size() - 1)) {}

void CopyWriter::write(std::span<char const* const> row) {
  write_(stream_, row.data());
}

void CopyWriter::complete() {
  stream_.complete();
}

}  // namespace affsync::schema
