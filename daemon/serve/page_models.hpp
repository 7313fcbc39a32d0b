// The JSON documents of the API, and the pages that are filled from them. Performs no I/O.
#pragma once

#include <string>
#include <vector>

#include "daemon/serve/attention.hpp"
#include "daemon/serve/page_queries.hpp"
#include "daemon/serve/page_state.hpp"

namespace affsync::serve {

// What every page needs besides its document.
struct PageFrame {
  std::string database_url;  // shown with the hint for psql; without a password
  bool signed_in = false;    // by the sign-in form
  bool stranger = false;     // not signed in yet: the page tells nothing
  TimePoint started_at{}, now{};
};

struct OverviewParts {
  PageState state;
  PageDays days;
  std::vector<Reading> money;  // of MoneyQueries
  Reading quarantine, alerts;
};

struct SourceParts {
  PageState state;  // of this source alone
  std::string source;
  PageDays days;
  std::vector<Reading> money;
  Reading quarantine, alerts;
  Reading runs;
};

struct StreamParts {
  PageState state;  // of this stream alone
  std::string source, stream;
  Reading quarantine, alerts;
  Reading runs;
  int runs_limit = 0;
  std::string before;  // of the query; empty: the latest runs
};

Json overview_json(OverviewParts const& parts);
Json source_json(SourceParts const& parts);
Json stream_page_json(StreamParts const& parts);

std::string overview_page(OverviewParts const& parts, PageFrame const& frame);
std::string source_page(SourceParts const& parts, PageFrame const& frame);
std::string stream_page(StreamParts const& parts, PageFrame const& frame);
// `connectors`: the document of /api/connectors; `used_by` of each is filled from the state.
std::string connectors_page(Json const& connectors, PageState const& state, PageFrame const& frame);
// Returns an empty text if there is no such connector.
std::string connector_page(Json const& connectors, std::string const& name, PageState const& state,
                           PageFrame const& frame);
// A page with a heading and a text, such as for an address that does not exist.
std::string message_page(std::string const& heading, std::string const& text,
                         PageFrame const& frame);

// The form to sign in, which then leads to the path `to`. `refused`: why the last attempt was; may
// be empty.
std::string login_page(std::string const& to, std::string const& refused, TimePoint now);

// Keeps only the streams of a source, or one of them; sets is_unknown if that is known not to be.
PageState only(PageState state, std::string const& source, std::string const& stream = {});

}  // namespace affsync::serve
