// A broker with all streams of one connector, each made of the connector's words and fixtures. The
// days of the fixtures are moved to the last days, so that an ordinary pass reads them.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "connectors/proof/broker.hpp"
#include "connectors/proof/fixture.hpp"

namespace affsync::player {

class Player {
 public:
  // `days`: on how many days up to yesterday the rows of a fixture are shown. A credential has the
  // value "demo-NAME" unless the fixtures give one. Throws Failure.
  Player(engine::Manifest const& manifest, proof::FixtureFolder folder, std::string const& base_url,
         int days, Clock const& clock);

  HttpResponse answer(HttpRequest const& request);

  // The streams that are played, with the number of their rows; and why others are not.
  std::vector<std::string> const& notes() const { return notes_; }
  // What was wrong with requests, in words.
  std::set<std::string> complaints() const;

 private:
  struct Stream {
    std::shared_ptr<engine::StreamPlan const> plan;
    std::unique_ptr<proof::Broker> broker;
  };
  Stream* stream_of(HttpRequest const& request);

  proof::FixtureFolder folder_;
  engine::SourcePlan plan_;
  std::vector<Stream> streams_;
  std::vector<std::string> notes_;
};

}  // namespace affsync::player
