// Where the configuration file has a key, for messages about its value.
#pragma once

#include <string>
#include <vector>

namespace affsync::config {

// Returns each key, such as "http.listen", followed by its place in the file if it is there:
// "http.listen (affsync.yaml:5:11)". A key that is not there any more has the place of its section.
// The place is left out if the file cannot be read.
std::vector<std::string> with_places(std::vector<std::string> keys, std::string const& file);
// The same for the text of a file.
std::string place_of_key(std::string const& text, std::string const& file, std::string const& key);

}  // namespace affsync::config
