// Workbooks for tests, made of the XML of their parts.
#pragma once

#include <boost/crc.hpp>

#include <cstdint>
#include <string>

namespace affsync::engine {

inline void put(std::string& out, std::uint32_t value, int bytes) {
  for (; bytes > 0; --bytes, value >>= 8) out += static_cast<char>(value & 0xFF);
}

// An archive whose members are not compressed.
class Archive {
 public:
  void add(std::string const& name, std::string const& bytes) {
    boost::crc_32_type crc;
    crc.process_bytes(bytes.data(), bytes.size());
    std::string head;
    for (auto const number : {20U, 0U, 0U, 0U, 0U}) put(head, number, 2);
    put(head, crc.checksum(), 4);
    put(head, static_cast<std::uint32_t>(bytes.size()), 4);
    put(head, static_cast<std::uint32_t>(bytes.size()), 4);
    put(head, static_cast<std::uint32_t>(name.size()), 2);
    put(head, 0, 2);
    list_ += "PK\x01\x02";
    put(list_, 20, 2);
    list_ += head;
    for (auto const size : {2, 2, 2, 4}) put(list_, 0, size);
    put(list_, static_cast<std::uint32_t>(out_.size()), 4);
    list_ += name;
    out_ += "PK\x03\x04" + head + name + bytes;
    ++count_;
  }
  std::string bytes() const {
    std::string end = "PK\x05\x06";
    put(end, 0, 4);
    put(end, count_, 2);
    put(end, count_, 2);
    put(end, static_cast<std::uint32_t>(list_.size()), 4);
    put(end, static_cast<std::uint32_t>(out_.size()), 4);
    put(end, 0, 2);
    return out_ + list_ + end;
  }

 private:
  std::string out_, list_;
  std::uint32_t count_ = 0;
};

struct Book {
  std::string rows;              // inside of <sheetData>
  std::string texts = {};        // inside of <sst>
  std::string behind = {};       // behind <sheetData>
  std::string styles = {};       // of the whole workbook; empty: the part is missing
  std::string first_sheet = {};  // the XML of a sheet in front, with `first_rows`; empty: none
  std::string first_rows = {};
};

inline std::string workbook_of(Book const& book) {
  Archive archive;
  bool const has_two = !book.first_sheet.empty();
  archive.add("xl/workbook.xml", R"(<workbook xmlns:r="r"><sheets>)" + book.first_sheet +
                                     R"(<sheet name="May" r:id="a"/></sheets></workbook>)");
  archive.add("xl/_rels/workbook.xml.rels",
              R"(<Relationships><Relationship Id="a" Type="x/worksheet" Target="sheet.xml"/>)"
              R"(<Relationship Id="b" Type="x/sharedStrings" Target="texts.xml"/>)"
              R"(<Relationship Id="c" Type="x/styles" Target="styles.xml"/>)"
              R"(<Relationship Id="z" Type="x/worksheet" Target="first.xml"/></Relationships>)");
  archive.add("xl/sheet.xml",
              "<worksheet><sheetData>" + book.rows + "</sheetData>" + book.behind + "</worksheet>");
  if (has_two) {
    archive.add("xl/first.xml",
                "<worksheet><sheetData>" + book.first_rows + "</sheetData></worksheet>");
  }
  archive.add("xl/texts.xml", "<sst>" + book.texts + "</sst>");
  if (!book.styles.empty()) archive.add("xl/styles.xml", book.styles);
  return archive.bytes();
}

inline std::string workbook(std::string const& rows, std::string const& texts = "") {
  return workbook_of({.rows = rows, .texts = texts});
}

inline std::string cell(std::string const& place, std::string const& inside) {
  return "<c r=\"" + place + "\">" + inside + "</c>";
}

inline std::string text_cell(std::string const& place, std::string const& text) {
  return "<c r=\"" + place + R"(" t="inlineStr"><is><t>)" + text + "</t></is></c>";
}

inline std::string error_cell(std::string const& place, std::string const& error) {
  return "<c r=\"" + place + R"(" t="e"><v>)" + error + "</v></c>";
}

}  // namespace affsync::engine
