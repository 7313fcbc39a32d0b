// A source whose answers are files: a folder, and `affsync import`.
#pragma once

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/acceptance/fixture.hpp"

namespace affsync::test {

namespace fs = std::filesystem;

// The test gives the connector `portal`.
class FilesAcceptance : public Acceptance {
 protected:
  void SetUp() override {
    Acceptance::SetUp();
    fs::create_directories(inbox());
    connector = "portal";
    credentials_yaml = "{}";
    base_url = "file://" + inbox().string();
  }

  fs::path inbox() const { return dir_.path() / "inbox"; }

  // Writes a file that was finished long ago.
  fs::path put(std::string const& name, std::string_view text) const {
    auto const path = dir_.write(name, text);
    fs::last_write_time(path, fs::file_time_type::clock::now() - std::chrono::hours(1));
    return path;
  }
  fs::path put_in_inbox(std::string const& name, std::string_view text) const {
    return put("inbox/" + name, text);
  }

  struct Import {
    int status = 0;
    Json files;
    std::string out, err;
    std::string of(std::size_t file, char const* member) const {
      auto const path = "files." + std::to_string(file) + "." + member;
      auto const* value = JsonPath(path).in(files);
      return value == nullptr ? "nothing" : value->dump();
    }
  };
  Import import(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {"import", "--output", "json", "--source", "main"});
    auto const finished = affsync(std::move(arguments));
    Import done;
    done.status = finished.status;
    done.out = finished.out;
    done.err = finished.err;
    if (auto parsed = parse_json(finished.out)) done.files = std::move(*parsed);
    return done;
  }

  std::string live() const {
    return query(
        "select string_agg(external_id || '=' || amount || '@' || occurred_on, ' '"
        " order by external_id) from affsync.commission where deleted_at is null");
  }
  static std::string text_in(fs::path const& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }
};

}  // namespace affsync::test
