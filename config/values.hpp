// Single values of the configuration, with the place of whatever is wrong with them.
#pragma once

#include <chrono>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/yaml/node.hpp"
#include "config/model.hpp"
#include "config/schedule.hpp"

// All throw Failure(config_invalid) with the node's place.
namespace affsync::config {

std::string read_text(yaml::Node const& node);  // not empty
Schedule read_schedule(yaml::Node const& node);
std::chrono::milliseconds read_timeout(yaml::Node const& node);  // 1s to 1h
Day read_day(yaml::Node const& node);                            // 2025-01-01
int read_days(yaml::Node const& node);                           // "7d" -> 7; 0 to 3660
double read_percent(yaml::Node const& node);                     // "10%" -> 0.1; 0 to 100
std::string read_path(yaml::Node const& node);                   // of a request: "/api/v1/x/"
// http or https, a host, maybe a port and a path; plain http for loopback unless `allow_http`.
std::string read_base_url(yaml::Node const& node, bool allow_http);
Privacy read_privacy(yaml::Node const& node);

[[noreturn]] void fail_word(yaml::Node const& node, std::string const& what,
                            std::vector<std::string> const& known);

// The value of the word that the node holds, by the list of all words.
template <class T>
T read_word(yaml::Node const& node, std::string const& what,
            std::initializer_list<std::pair<std::string_view, T>> words) {
  auto const text = node.text();
  std::vector<std::string> known;
  for (auto const& [word, value] : words) {
    if (word == text) return value;
    known.emplace_back(word);
  }
  fail_word(node, what, known);
}

}  // namespace affsync::config
