// A broker made of a connector's own words and of its fixtures: it answers each request with the
// page that was asked for, after looking at path, method, login and signature. Performs no I/O.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/http_message.hpp"
#include "connectors/engine/plan/stream_plan.hpp"
#include "connectors/proof/listing.hpp"
#include "connectors/proof/query.hpp"
#include "connectors/proof/report_desk.hpp"

namespace affsync::proof {

// How the broker behaves; requests for data are counted from 1.
struct Behaviour {
  std::size_t page_rows = 0;  // most rows of a page; 0: as many as are asked for
  int throttle_at = 0;        // refuses this request once
  int expire_at = 0;          // the token is no longer valid at this request
  int fail_from = 0;          // from this request on, status 500
  int cut_at = 0;             // this answer and all later ones end in their middle
  bool move = false;          // a row is inserted in front once a page has shown that more follow
};

class Broker {
 public:
  // `plan` is that of the source that is being read. `fixtures` supplies the answers to refusals.
  // `clock` says the time. The listing is that of the only stream that is served.
  Broker(engine::SourcePlan const& plan, FixtureFolder const& folder, Listing listing,
         Behaviour behaviour, Clock const& clock);

  HttpResponse answer(HttpRequest const& request);
  // Behaves like this from now on; requests are counted anew. Tokens stay valid.
  void behave(Behaviour const& behaviour);
  // Takes this token instead of the last one that it gave, which another broker has given.
  void admit(std::string token) { token_ = std::move(token); }

  Listing const& listing() const { return listing_; }
  int requests() const { return requests_; }  // for data
  int logins() const { return logins_; }
  int pages() const { return static_cast<int>(pages_.size()); }  // that differ in their rows
  int throttled() const { return throttled_; }
  bool has_moved() const { return moved_; }
  std::vector<std::string> const& tokens() const { return tokens_; }  // that were given out
  // What was wrong with requests, in words.
  std::set<std::string> const& complaints() const { return complaints_; }

 private:
  struct Asked;
  HttpResponse log_in(HttpRequest const& request);
  HttpResponse give_token();
  HttpResponse data(HttpRequest const& request, std::string const& path,
                    std::string const& pattern);
  std::optional<HttpResponse> refuse(std::string const& answer_class, int status) const;
  HttpResponse refused(std::string const& answer_class, int status, std::string complaint);
  bool is_admitted(HttpRequest const& request);
  HttpResponse finished(HttpResponse response) const;
  // Returns the rows of the filtered list, in order; nullopt if the request's values cannot be
  // understood, with `complaint`.
  std::optional<std::vector<ListedRow const*>> listed(Target const& target,
                                                      std::map<std::string, std::string> places,
                                                      std::string& complaint) const;

  engine::SourcePlan const& plan_;
  FixtureFolder const& folder_;
  Listing listing_;
  ReportDesk desk_;
  bool served_ = false;  // the last answer to a request for data is the list
  Behaviour behaviour_;
  Clock const& clock_;
  std::string base_path_, login_base_path_;
  std::string token_;
  int requests_ = 0, logins_ = 0, throttled_ = 0;
  bool expired_once_ = false, moved_ = false;
  std::vector<std::string> tokens_;
  std::set<std::string> pages_;
  std::set<std::string> complaints_;
};

}  // namespace affsync::proof
