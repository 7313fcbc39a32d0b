// Gives each answer of a fixture folder to the connector and compares what results with what was
// written by hand: requests, rows, counts, the meaning of refusals. Performs no I/O.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/http_message.hpp"
#include "connectors/engine/plan/stream_plan.hpp"
#include "connectors/engine/stream_reader.hpp"
#include "connectors/proof/fixture.hpp"

namespace affsync::proof {

// What is compared.
enum class Matter { answer, request, rows, paging, totals, unmapped, privacy, login };
std::string_view to_string(Matter matter);

struct Finding {
  std::string fixture;  // its label
  Matter matter = Matter::answer;
  std::string text;  // what differs, in words
};

// The settings that a connector is tested with, as the file `source` says. `secret` makes the
// value of a credential that the file only names. Streams without a path get one, since a user's
// configuration would give it.
Result<SourceSettings> test_settings(engine::Manifest const& manifest, FixtureFolder const& folder,
                                     std::function<std::string(std::string const&)> const& secret);

// The time at which the answer is read.
Result<TimePoint> read_time(Fixture const& fixture);
// The answer as a broker would send it, without a Date.
HttpResponse response_of(Fixture const& fixture);

// The stream that the fixture is of; nullptr for `login`, `any` and an unknown name.
std::shared_ptr<engine::StreamPlan const> stream_of(engine::SourcePlan const& plan,
                                                    std::string const& name);

// The stream as it is read for these values of `for_each`, without looking for them in a database
// or in settings. Without values, or without `for_each`, it is the same.
std::shared_ptr<engine::StreamPlan const> stream_for(
    std::shared_ptr<engine::StreamPlan const> stream, std::vector<std::string> const& items);

// Where a reader starts that reads the fixture: its days, a full pass, its time.
engine::ReaderStart start_of(engine::StreamPlan const& stream, Fixture const& fixture);

// The rows of a page, and their raw rows. `raws` may be nullptr.
std::vector<ExpectedRow> rows_of(engine::PageRead const& page, std::vector<std::string>* raws);

// Returns the expected rows with the keys that nobody can write by hand: a row that names no
// external_id, of a table whose key is a hash, takes that of a found row whose other columns are
// the same.
std::vector<ExpectedRow> with_hashed_keys(std::vector<ExpectedRow> expected,
                                          std::vector<ExpectedRow> const& found,
                                          engine::StreamSpec const& spec);

// Returns what differs; empty if the connector reads the answer as it was written.
std::vector<Finding> read_fixture(engine::SourcePlan const& plan, FixtureFolder const& folder,
                                  Fixture const& fixture);

// The fixtures that come before this one on its list, in order, and itself. Errors: config_invalid
// for a name under `after` that does not exist.
Result<std::vector<Fixture const*>> chain_of(FixtureFolder const& folder, Fixture const& fixture);

}  // namespace affsync::proof
