// A sample file: its format found out, and its rows.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "base/json.hpp"
#include "connectors/engine/document/document_spec.hpp"

namespace affsync::engine {

// A field of the sample's rows.
struct SampleField {
  std::string path;                 // as a connector writes it
  std::string name;                 // its last step
  std::vector<std::string> values;  // of the rows that have it, without empty ones
  std::size_t rows = 0;             // how many have it, empty or not
  bool is_number = false;           // all values are numbers of the document itself
  bool is_of_program = false;       // JSON: numbers in texts are written for programs
  bool is_list = false;             // a row has a list with something in it there
};

struct Sample {
  DocumentSpec document;
  std::vector<std::string> words;  // about the document: "charset: windows-1252"
  int skipped = 0;                 // lines before the header
  std::string records;             // path of the rows; empty: `rows`
  std::vector<SampleField> fields;
  // Fields whose names no path can have, escaped as in JSON: empty ones and those with control
  // characters.
  std::vector<std::string> unnamed;
  std::size_t rows = 0;
  // Names of the cells that are filled in the line of sums; empty if there is none, or several.
  std::vector<std::string> sums;
};

Result<Sample> read_sample(std::string_view bytes, std::string_view file);

// Returns the text as a YAML scalar on one line, quoted if it must be.
std::string yaml_text(std::string_view text);

}  // namespace affsync::engine
