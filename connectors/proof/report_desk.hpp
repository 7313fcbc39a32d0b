// The side of a broker that makes reports on request: it takes the order, says how far it is, and
// hands the report out.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/http_message.hpp"
#include "connectors/engine/manifest/report_spec.hpp"

namespace affsync::proof {

class ReportDesk {
 public:
  // Takes the order of a report, which is this answer, and returns the answer to the order.
  HttpResponse take(engine::ReportSpec const& spec, HttpResponse report);

  // Returns the answer about a report or the report itself; nullopt for another path. A report is
  // ready when it is asked for the second time. `base_url`: what links lead to.
  std::optional<HttpResponse> answer(engine::ReportSpec const& spec, std::string_view path,
                                     std::string const& base_url);

 private:
  struct Made {
    HttpResponse report;
    int asked = 0;
  };
  Made* find(std::string const& id);
  std::vector<Made> made_;
};

}  // namespace affsync::proof
