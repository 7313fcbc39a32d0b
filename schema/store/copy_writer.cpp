#include "schema/store/copy_writer.hpp"

#include <cstdint>
#include <cstring>

#include "schema/store/pqxx_versions.hpp"

namespace affsync::schema {
namespace {

// libpq copies each piece once more, so larger ones gain nothing.
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
                       std::vector<std::string> const& columns)
    : stream_(open_copy(tx, table, columns)) {
  text_.reserve(piece_size + piece_size / 4);
}

void CopyWriter::cell(char const* text) {
  if (text == nullptr) {
    text_ += "\\N";
  } else {
    append_copy_text(text_, text);
  }
  text_ += '\t';
}

void CopyWriter::end_row() {
  text_.back() = '\n';
  if (text_.size() < piece_size) return;
  send_copy_text(stream_, text_);
  text_.clear();
}

void CopyWriter::complete() {
  if (!text_.empty()) send_copy_text(stream_, text_);
  stream_.complete();
}

}  // namespace affsync::schema
