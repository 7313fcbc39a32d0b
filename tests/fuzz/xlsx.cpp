// A workbook around a sheet and shared texts, which a line of % divides. (The archive itself is the
// target `packed`.)
//
// For any sheet: the document is JSON with unique columns.
#include <zlib.h>

#include <array>
#include <string>
#include <vector>

#include "connectors/engine/document/document.hpp"
#include "tests/fuzz/require.hpp"
#include "tests/fuzz/targets.hpp"

namespace affsync::fuzz {
namespace {

using namespace engine;

// Appends a number in as many bytes, the lowest first.
void append_number(std::string& out, std::size_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i) & 0xFF);
}

// An archive whose members are not compressed.
std::string zip_of(std::vector<std::pair<std::string, std::string>> const& members) {
  std::string zip;
  std::string directory;
  for (auto const& [name, bytes] : members) {
    auto const sum =
        crc32(0, reinterpret_cast<Bytef const*>(bytes.data()), static_cast<uInt>(bytes.size()));
    std::string head;
    append_number(head, 20, 2);  // version
    head.append(8, '\0');        // flags, method, time
    append_number(head, sum, 4);
    append_number(head, bytes.size(), 4);
    append_number(head, bytes.size(), 4);
    append_number(head, name.size(), 2);
    append_number(head, 0, 2);
    directory += "PK\x01\x02";
    append_number(directory, 20, 2);
    directory += head;
    directory.append(10, '\0');  // comment, disk, attributes
    append_number(directory, zip.size(), 4);
    directory += name;
    zip += "PK\x03\x04" + head + name + bytes;
  }
  auto const at = zip.size();
  zip += directory + "PK\x05\x06";
  append_number(zip, 0, 4);
  append_number(zip, members.size(), 2);
  append_number(zip, members.size(), 2);
  append_number(zip, directory.size(), 4);
  append_number(zip, at, 4);
  append_number(zip, 0, 2);
  return zip;
}

}  // namespace

void xlsx(std::string_view input) {
  auto const mark = input.find("\n%\n");
  std::string const sheet(input.substr(0, mark));
  std::string const texts(mark == input.npos ? "<sst/>" : input.substr(mark + 3));
  auto const zip =
      zip_of({{"xl/workbook.xml", "<workbook><sheets><sheet name='A' id='a'/></sheets></workbook>"},
              {"xl/_rels/workbook.xml.rels",
               "<Relationships><Relationship Id='a' Target='s.xml'/><Relationship Id='b' "
               "Type='/sharedStrings' Target='t.xml'/></Relationships>"},
              {"xl/s.xml", sheet},
              {"xl/t.xml", texts}});
  DocumentSpec spec;
  spec.format = DocumentFormat::xlsx;
  spec.dates = {"day"};
  spec.table.totals = TotalsSpec{"", {"total"}};
  DocumentLimits limits;
  limits.columns = 50;
  limits.values = 5000;
  auto const document = read_document(zip, spec, limits);
  if (!document) {
    auto const& error = document.error();
    require(error.code == ErrorCode::malformed_answer || error.code == ErrorCode::answer_too_large,
            "a workbook is refused as such", error.message);
    require(!error.message.starts_with("not a zip archive"), "the archive is right", error.message);
    return;
  }
  auto const text = document->dump();
  require(parse_json(text).has_value(), "the document is JSON", text);
  require(!document->has_duplicate(), "columns have unique names", text);
}

}  // namespace affsync::fuzz
