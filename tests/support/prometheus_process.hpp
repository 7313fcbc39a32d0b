// A Prometheus that scrapes one target several times a second and evaluates a file of alerting
// rules.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "tests/support/process.hpp"
#include "tests/support/temp_dir.hpp"

namespace affsync::test {

class PrometheusProcess {
 public:
  // The program: $AFFSYNC_PROMETHEUS, the one that scripts/install_dependencies.sh --tests has
  // unpacked, or Debian's; nullopt if there is none.
  static std::optional<std::filesystem::path> program();

  // `target`: HOST:PORT of the job affsync. Throws std::runtime_error if it does not start.
  PrometheusProcess(std::string const& target, std::filesystem::path const& rules);
  ~PrometheusProcess();

  // The member `data` of the answer. Throws std::runtime_error with the answer if it is an error.
  Json get(std::string const& path) const;
  // The values of each series over the last `seconds`, as text.
  struct Series {
    std::vector<std::pair<std::string, std::string>> labels;
    std::vector<std::string> values;
  };
  std::vector<Series> query(std::string const& expression, int seconds = 10) const;
  // The first value of an instant query; "" if there is no series.
  std::string value(std::string const& expression) const;

  struct Alert {
    std::string name, state;  // pending or firing
    std::string source;       // its label
    std::string summary;
  };
  std::vector<Alert> alerts() const;
  struct Rule {
    std::string name, state, health;  // inactive, pending or firing; unknown, ok or err
  };
  std::vector<Rule> rules() const;

 private:
  TempDir dir_;
  std::string url_;
  std::unique_ptr<Process> process_;
};

}  // namespace affsync::test
