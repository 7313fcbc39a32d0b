// affsync-sandbox as a peer of a test: started on a free port, steered and asked for its books.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "tests/support/http_get.hpp"
#include "tests/support/process.hpp"

namespace affsync::test {

// What the sandbox's own books say about one feed.
struct Book {
  std::uint64_t rows = 0;
  // By field and currency, exact decimal text: sums["reward"]["EUR"]. Fields that are no money have
  // the currency "".
  std::map<std::string, std::map<std::string, std::string>> sums;
};

class SandboxProcess {
 public:
  // `arguments` as of `affsync-sandbox --help`. Waits until it listens.
  explicit SandboxProcess(std::vector<std::string> arguments = {});

  std::string const& url() const { return url_; }  // http://127.0.0.1:PORT
  Process& process() { return process_; }

  Book book(std::string const& feed) const;
  Json log(bool with_latest = false) const;
  // A counter of the log: "requests", "logins", "throttled", …
  std::uint64_t count(std::string const& counter) const;
  // The targets of all requests so far whose target holds `part`.
  std::vector<std::string> targets(std::string const& part) const;

  // POST /sandbox/control; see tests/sandbox/admin.hpp. Throws std::runtime_error when refused.
  Json control(std::map<std::string, std::string> const& parameters) const;
  void fault(std::string const& spec) const { control({{"do", "fault"}, {"spec", spec}}); }
  void clear_faults() const { control({{"do", "clear_faults"}}); }

  // A token, as a client would get it. Throws std::runtime_error when refused.
  std::string log_in() const;
  // GET with that token.
  HttpAnswer get(std::string const& target, std::string const& token) const;

 private:
  Process process_;
  std::string url_;
};

}  // namespace affsync::test
