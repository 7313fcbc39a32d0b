// What reports lack because streams have left their connector, in words.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "schema/store/store.hpp"

namespace affsync {

struct WithdrawnStream {
  int source_id = 0;
  std::string stream;
  std::string lacks;  // "24 rows (EUR 12.50, USD 3)"
  WithdrawnStream() = default;
};

// What to do about one.
inline constexpr std::string_view advice_for_withdrawn =
    "If the connector has the stream under another name now, that one brings what the broker still"
    " lists. What it does not bring is missing from all reports until the connector has a stream of"
    " the former name again, also with `enabled: false`";

// Returns those of the streams (numbers of sources, and names) whose rows reports lack; throws what
// Store::query() does.
boost::asio::awaitable<std::vector<WithdrawnStream>> withdrawn_streams(
    schema::Store& store, std::vector<std::pair<int, std::string>> streams);

// "24" and "EUR 12.50, USD 3" -> "24 rows (EUR 12.50, USD 3)".
std::string lacking_text(std::string const& rows, std::string const& amounts);

}  // namespace affsync
