// Reads single values of the configuration. Errors carry the location of the value.
#pragma once

#include <chrono>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/schedule.hpp"
#include "base/yaml/node.hpp"
#include "config/model.hpp"

// All throw Failure(config_invalid) with the node's location.
namespace affsync::config {

std::string read_text(yaml::Node const& node);  // must not be empty
// The name of a file in PEM form. Refuses a text that is such a file itself, without showing it.
std::string read_pem_name(yaml::Node const& node);
Schedule read_schedule(yaml::Node const& node);
std::chrono::milliseconds read_timeout(yaml::Node const& node);  // 1s to 1h
Day read_day(yaml::Node const& node);                            // 2025-01-01
int read_days(yaml::Node const& node);                           // "7d" -> 7; 0 to 3660
double read_percent(yaml::Node const& node);                     // "10%" -> 0.1; 0 to 100
std::string read_path(yaml::Node const& node);                   // of a request: "/api/v1/x/"
// Reads http or https, a host, an optional port and an optional path. Allows plain http only for
// loopback addresses, unless `allow_http`.
// `what`: how messages call it.
std::string read_base_url(yaml::Node const& node, bool allow_http,
                          std::string const& what = "base_url");
Privacy read_privacy(yaml::Node const& node);

[[noreturn]] void fail_word(yaml::Node const& node, std::string const& what,
                            std::vector<std::string> const& known);

// Returns the value of the word in the node, out of the list of all words.
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
