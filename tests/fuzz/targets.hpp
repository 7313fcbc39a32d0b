// The fuzz targets: each reads one input, as libFuzzer makes it or as it lies in corpus/NAME, runs
// a part of the program on it and asserts what that part promises whatever it is given. A promise
// that is not kept throws Broken; so does, by itself, what escapes from the part.
#pragma once

#include <string_view>

namespace affsync::fuzz {

void page(std::string_view input);       // the body of an answer -> rows
void connector(std::string_view input);  // a connector file -> plans and requests
void config(std::string_view input);     // a configuration
void times(std::string_view input);      // dates and times of a broker
void numbers(std::string_view input);    // decimals
void answer(std::string_view input);     // bytes of an HTTP answer -> its verdict
void inflate(std::string_view input);    // a compressed body
void waits(std::string_view input);      // how long a broker asks to wait
void links(std::string_view input);      // links to the next page
void checkpoint(
    std::string_view input);  // a checkpoint read back, and the pass that goes on from it

}  // namespace affsync::fuzz
