// Finds the rows of an answer.
#pragma once

#include <cstddef>
#include <deque>
#include <string_view>
#include <vector>

#include "connectors/engine/answer/asked_for.hpp"
#include "connectors/engine/manifest/manifest.hpp"

namespace affsync::engine {

// The rows of one answer. `rows` point into the answer, which must outlive them, or into `made`,
// which holds the rows that had to be assembled.
struct Records {
  std::vector<Json const*> rows;
  std::deque<Json> made;
  // If rows are inside the elements of the list (`each`): the elements, and for each row the index
  // of its element. Paging and the broker's counts are about the elements.
  std::vector<Json const*> elements;
  std::vector<std::size_t> element_of;
  Json const* place = nullptr;  // what holds the rows: a list, an object, or a row
};

// Returns the rows at the first of the stream's `records` paths that leads to a list. A list is an
// array, or an object all of whose names are numbers and all of whose members are rows: PHP writes
// an array with a missing index like that. Any other object is one row, or many rows if the stream
// expands it; but an object that only wraps the value of an earlier path is an envelope, not a row.
// A path that ends in ".*" means the first member there that is a list. The stream says how rows
// are made from the elements of the list (`names`, `unwrap`, `cells`, `each`).
//
// If the list is null, an empty object or, with a count of 0, missing, there are no rows, provided
// that the broker counts none, or the connector says so, or `behind_rows` is true: earlier pages
// had all rows that the broker counts. An answer that reports an error never says that there are no
// rows, in whatever form, and one to a GraphQL query that does has not all of them.
//
// Fields that the stream keeps are added to each row; a kept value that does not exist is left out.
// `asked`: what was asked for, for kept fields of the request.
//
// Errors: malformed_answer for an answer that reports an error; with the paths that were tried and
// what was found there instead, if an element has another shape than the stream says, and if a row
// has a field that would be added to it, or if an XML document holds rows under another name than
// the stream gives; if an object around the rows has a member twice, one of which would hide what
// the other says; answer_too_large if rows repeat too much.
Result<Records> find_records(StreamSpec const& stream, Json const& body, bool behind_rows = false,
                             AskedFor const& asked = {});

// Returns true if the answer has a row of the stream: one with a field of its key (with a mapped
// field, if the key is made of all that a row holds), that says more than the text `message`. Some
// write "No data" into the only cell of a line.
bool has_rows_beside(StreamSpec const& stream, Json const& body, std::string_view message);

// Returns the number of the stream's rows in the list of an answer, whatever else it says, without
// those that hold nothing but the text `message`; 0 if there is no list.
std::size_t listed_rows(StreamSpec const& stream, Json const& body, std::string_view message = {});

}  // namespace affsync::engine
