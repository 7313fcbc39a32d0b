#include "tests/support/prometheus_process.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <ctime>
#include <stdexcept>

#include "tests/support/http_get.hpp"

namespace affsync::test {
namespace {

// Prometheus does not tell which port it took for port 0.
unsigned short free_port() {
  int const probe = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const plain = reinterpret_cast<sockaddr*>(&address);
  bool const bound = ::bind(probe, plain, size) == 0 && ::getsockname(probe, plain, &size) == 0;
  ::close(probe);
  if (!bound) throw std::runtime_error("no free port");
  return ntohs(address.sin_port);
}

std::string encoded(std::string const& text) {
  constexpr char const* digits = "0123456789ABCDEF";
  std::string out;
  for (char const letter : text) {
    auto const byte = static_cast<unsigned char>(letter);
    if (std::isalnum(byte) != 0) {
      out += letter;
    } else {
      out += '%';
      out += digits[byte >> 4];
      out += digits[byte & 15];
    }
  }
  return out;
}

std::string member(Json const& object, char const* path) {
  auto const* found = JsonPath(path).in(object);
  return found == nullptr ? "" : std::string(found->scalar_text().value_or(""));
}

}  // namespace

std::optional<std::filesystem::path> PrometheusProcess::program() {
  std::vector<std::filesystem::path> places;
  if (auto const* given = std::getenv("AFFSYNC_PROMETHEUS")) places.emplace_back(given);
  if (auto const* home = std::getenv("HOME")) {
    places.push_back(std::filesystem::path(home) / ".cache/affsync/prometheus/usr/bin/prometheus");
  }
  places.emplace_back("/usr/bin/prometheus");
  for (auto const& place : places) {
    if (::access(place.c_str(), X_OK) == 0) return place;
  }
  return std::nullopt;
}

PrometheusProcess::PrometheusProcess(std::string const& target,
                                     std::filesystem::path const& rules) {
  auto const config = dir_.write("prometheus.yml",
                                 "global: {scrape_interval: 500ms, scrape_timeout: 500ms,"
                                 " evaluation_interval: 250ms}\n"
                                 "rule_files: [\"" +
                                     rules.string() +
                                     "\"]\nscrape_configs:\n  - job_name: affsync\n"
                                     "    static_configs: [{targets: [\"" +
                                     target + "\"]}]\n");
  auto const address = "127.0.0.1:" + std::to_string(free_port());
  url_ = "http://" + address;
  ProcessOptions options;
  options.program = *program();
  options.arguments = {"--config.file=" + config.string(),
                       "--storage.tsdb.path=" + (dir_.path() / "data").string(),
                       "--web.listen-address=" + address};
  process_ = std::make_unique<Process>(options);
  process_->wait_for_err("Server is ready to receive web requests");
}

PrometheusProcess::~PrometheusProcess() {
  process_.reset();  // before its directory is removed
}

Json PrometheusProcess::get(std::string const& path) const {
  auto const answer = http_get(url_ + "/api/v1/" + path);
  auto const document = parse_json(answer.body);
  if (!document || member(*document, "status") != "success") {
    throw std::runtime_error(path + ": " + answer.body);
  }
  return *document->find("data");
}

std::vector<PrometheusProcess::Series> PrometheusProcess::query(std::string const& expression,
                                                                int seconds) const {
  auto const now = std::time(nullptr);
  auto const data = get("query_range?query=" + encoded(expression) + "&step=1&start=" +
                        std::to_string(now - seconds) + "&end=" + std::to_string(now));
  std::vector<Series> all;
  for (auto const& found : data.find("result")->items()) {
    auto& series = all.emplace_back();
    for (auto const& [name, label] : found.find("metric")->members()) {
      series.labels.emplace_back(name, label.as_string());
    }
    for (auto const& sample : found.find("values")->items()) {
      series.values.push_back(sample.items().at(1).as_string());
    }
  }
  return all;
}

std::string PrometheusProcess::value(std::string const& expression) const {
  auto const data = get("query?query=" + encoded(expression));
  auto const* found = JsonPath("result.0.value.1").in(data);
  return found == nullptr ? "" : found->as_string();
}

std::vector<PrometheusProcess::Alert> PrometheusProcess::alerts() const {
  std::vector<Alert> all;
  auto const data = get("alerts");
  for (auto const& found : data.find("alerts")->items()) {
    all.push_back({member(found, "labels.alertname"), member(found, "state"),
                   member(found, "labels.source"), member(found, "annotations.summary")});
  }
  return all;
}

std::vector<PrometheusProcess::Rule> PrometheusProcess::rules() const {
  std::vector<Rule> all;
  auto const data = get("rules");
  for (auto const& group : data.find("groups")->items()) {
    for (auto const& rule : group.find("rules")->items()) {
      all.push_back({member(rule, "name"), member(rule, "state"), member(rule, "health")});
    }
  }
  return all;
}

}  // namespace affsync::test
