// The checks of one stream's passes. Internal to checks: its parts share what they find.
#pragma once

#include <string>
#include <vector>

#include "daemon/proof/checks.hpp"
#include "daemon/proof/subject.hpp"

namespace affsync::proof {

// A list of rows that is read by passes: a chain of pages of one stream.
struct Scenario {
  std::string stream;
  std::vector<Fixture const*> chain;
  std::size_t rows() const;
};

class PassChecks {
 public:
  PassChecks(Stage& stage, engine::SourcePlan const& plan, std::string stream)
      : stage_(stage), plan_(plan), stream_(std::move(stream)) {}

  std::vector<CheckLine> run();

 private:
  void add(std::string check, Outcome outcome, std::string detail = {});
  SubjectOptions options(int page_size = 0);
  // The same for a list in small pages, if it has pages.
  SubjectOptions paged_options(Listing const& listing);
  // Adds what a run reports and what the broker found wrong; returns true if the pass is whole.
  bool judge(std::string const& check, std::string const& when, RunReport const& report,
             Subject& subject);
  bool complain(std::string const& check, std::string const& when, Subject& subject);
  void compare(std::string const& check, std::string const& when,
               std::vector<ExpectedRow> const& wanted, std::vector<ExpectedRow> const& found);

  // The rows that must result, by hand, in the database.
  void check_stored(Listing const& listing, Scenario const& scenario);
  void check_personal(Stored const& stored, Scenario const& scenario);
  void check_list(Listing listing);
  void check_twice(Subject& subject, Stored const& before);
  void check_pages(Listing const& listing, Stored const& whole);

  // What brokers and networks do; in fault_checks.cpp. `requests`: of an undisturbed pass.
  void check_resumed(Listing const& listing, Stored const& whole, int requests);
  void check_throttled(Listing const& listing, Stored const& whole, int requests);
  void check_expired(Listing const& listing, Stored const& whole, int requests);
  void check_moving(Listing const& listing);
  void check_cut(Listing const& listing);

  Stage& stage_;
  engine::SourcePlan const& plan_;
  std::string stream_;
  std::vector<CheckLine> lines_;
};

// The rows that the connector makes of a list.
std::vector<ExpectedRow> rows_in(Listing const& listing);

}  // namespace affsync::proof
