// What a user should know of a file that was read, in words. Performs no I/O.
#pragma once

#include <string>
#include <vector>

#include "base/day_span.hpp"
#include "schema/store/file_note.hpp"

namespace affsync::sync {

std::string days_text(DaySpan const& period);

// Returns a sentence on days that both the file of this period and another one have.
std::string overlap_text(schema::FileNote const& other, DaySpan const& period);

// Returns sentences on the rows that a file of this period and name did not replace.
std::vector<std::string> remarks_of_slice(schema::FileSlice const& found, std::string const& name,
                                          DaySpan const& period);

}  // namespace affsync::sync
