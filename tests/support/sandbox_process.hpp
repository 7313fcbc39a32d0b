// affsync-sandbox as a test's broker: started on a free port, controlled, and queried for its
// books.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "tests/support/http_get.hpp"
#include "tests/support/process.hpp"

namespace affsync::test {

// The row count and sums of one feed according to the sandbox.
struct Book {
  std::uint64_t rows = 0;
  // Exact decimal text by field and currency: sums["reward"]["EUR"]. Fields that are not money have
  // the currency "".
  std::map<std::string, std::map<std::string, std::string>> sums;
};

class SandboxProcess {
 public:
  // `arguments` as in `affsync-sandbox --help`. Waits until the sandbox listens.
  explicit SandboxProcess(std::vector<std::string> arguments = {});

  std::string const& url() const { return url_; }  // http://127.0.0.1:PORT
  Process& process() { return process_; }

  Book book(std::string const& feed) const;
  Json log(bool with_latest = false) const;
  // A counter of the log: "requests", "logins", "throttled", …
  std::uint64_t count(std::string const& counter) const;
  // The targets of all requests so far that contain `part`.
  std::vector<std::string> targets(std::string const& part) const;

  // POST /sandbox/control; see tests/sandbox/admin.hpp. Throws std::runtime_error if refused.
  Json control(std::map<std::string, std::string> const& parameters) const;
  void fault(std::string const& spec) const { control({{"do", "fault"}, {"spec", spec}}); }
  void clear_faults() const { control({{"do", "clear_faults"}}); }

  // Logs in like a client and returns the token. Throws std::runtime_error if refused.
  std::string log_in() const;
  // GET with that token.
  HttpAnswer get(std::string const& target, std::string const& token) const;

 private:
  Process process_;
  std::string url_;
};

}  // namespace affsync::test
