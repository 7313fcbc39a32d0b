// One source of the connector under test: registered in the database, read by the real engine, and
// served by a broker of its own.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/run_report.hpp"
#include "daemon/proof/stage.hpp"
#include "daemon/sync/observer.hpp"
#include "daemon/sync/stream_task.hpp"

namespace affsync::proof {

// What the database holds of the stream after a pass.
struct Stored {
  std::vector<ExpectedRow> rows;  // live ones, without columns that depend on the time of reading
  std::int64_t deleted = 0;       // rows that are marked as deleted
  std::vector<std::string> raws;
};

struct SubjectOptions {
  std::string stream;
  int page_size = 0;  // 0: the connector's
  Behaviour behaviour;
  std::string password_suffix;  // makes its credentials different from those of other subjects
};

class Subject {
 public:
  // Throws Failure if the source cannot be planned.
  Subject(Stage& stage, Listing const& listing, SubjectOptions options);
  ~Subject();

  // One run over the stream.
  RunReport pass(bool full);
  Stored stored();
  Broker& broker() { return *broker_; }

 private:
  Stage& stage_;
  std::string stream_;
  sync::Observer observer_;
  std::unique_ptr<SourceSettings> settings_;
  std::unique_ptr<engine::SourcePlan> plan_;
  std::unique_ptr<Broker> broker_;
  sync::StreamTask task_;
};

// Removes columns that depend on the time of reading, and writes each value as PostgreSQL and the
// fixtures both can: no trailing zeros, times in UTC.
std::vector<ExpectedRow> comparable(std::vector<ExpectedRow> rows, engine::StreamSpec const& spec);

}  // namespace affsync::proof
