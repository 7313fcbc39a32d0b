#include "schema/store/view_files.hpp"

#include <algorithm>
#include <span>

#include "schema/store/inlined_rates.hpp"

namespace affsync {
extern EmbeddedFile const view_files[];
extern unsigned const view_files_count;
extern EmbeddedFile const distributed_view_files[];
extern unsigned const distributed_view_files_count;
}  // namespace affsync

namespace affsync::schema {
namespace {

// Citus plans no SQL function with parameters that reads its tables.
std::string with_plpgsql(std::string text) {
  constexpr std::string_view head = ") LANGUAGE sql STABLE AS $$\n", end = "\n$$;\n";
  auto const at = text.find(head);
  if (at == std::string::npos) return text;
  text.replace(text.find(end, at), end.size(), ";\nEND\n$$;\n");
  text.replace(at, head.size(),
               ") LANGUAGE plpgsql STABLE AS $$\n#variable_conflict use_column\nBEGIN\n"
               "RETURN QUERY\n");
  return text;
}

}  // namespace

ViewFiles::ViewFiles(bool distributed) {
  std::span const plain(view_files, view_files_count);
  files_.assign(plain.begin(), plain.end());
  if (!distributed) return;
  for (auto const& other : std::span(distributed_view_files, distributed_view_files_count)) {
    std::ranges::find(files_, other.name, &EmbeddedFile::name)->text = other.text;
  }
  for (auto& file : files_) {
    file.text = texts_.emplace_back(with_plpgsql(with_inlined_rates(file.text)));
  }
}

std::string ViewFiles::joined() const {
  std::string text;
  for (auto const& file : files_) text += file.text;
  return text;
}

}  // namespace affsync::schema
