// The fuzz targets. Each runs a part of the program on one input (from libFuzzer or from
// corpus/NAME) and asserts what that part guarantees for every input. A broken guarantee throws
// Broken; an exception that escapes from the part is a failure too.
#pragma once

#include <string_view>

namespace affsync::fuzz {

void json(std::string_view input);       // a document, by both parsers
void page(std::string_view input);       // the body of an answer -> rows
void connector(std::string_view input);  // a connector file -> plans and requests
void config(std::string_view input);     // a configuration
void times(std::string_view input);      // dates and times of a broker
void numbers(std::string_view input);    // decimals
void answer(std::string_view input);     // bytes of an HTTP answer -> its verdict
void inflate(std::string_view input);    // a compressed body
void waits(std::string_view input);      // how long a broker asks to wait
void links(std::string_view input);      // links to the next page
void csv(std::string_view input);        // a table
void xml(std::string_view input);        // an XML document
void xlsx(std::string_view input);       // a sheet and the shared texts of a workbook
void packed(std::string_view input);     // gzip and zip archives
// A checkpoint read back, and the pass that resumes from it.
void checkpoint(std::string_view input);

}  // namespace affsync::fuzz
