// The checks that a connector has to pass, and what they find. Each answer of its fixtures is read
// alone; then the whole engine reads them from a server into a database.
#pragma once

#include <string>
#include <vector>

#include "connectors/proof/fixture_reading.hpp"
#include "daemon/proof/stage.hpp"

namespace affsync::proof {

enum class Outcome { ok, failed, not_possible };
std::string_view to_string(Outcome outcome);

struct CheckLine {
  std::string stream;  // a stream, `login`, or `any` for refusals of any request
  std::string check;
  Outcome outcome = Outcome::ok;
  std::vector<std::string> details;  // what differs, or why it is not possible
};

// The checks of the answers themselves. Need neither a server nor a database.
std::vector<CheckLine> check_answers(engine::Manifest const& manifest, FixtureFolder const& folder,
                                     engine::SourcePlan const& plan);

// The checks of whole passes.
std::vector<CheckLine> check_passes(Stage& stage, engine::SourcePlan const& plan);

// Whether a secret is in the log or in the database after the passes.
std::vector<CheckLine> check_secrets(Stage& stage);

}  // namespace affsync::proof
