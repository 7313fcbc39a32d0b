// `affsync connectors new`: prints a first connector, written from a sample.
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <iostream>

#include "base/text.hpp"
#include "connectors/engine/draft/draft.hpp"
#include "daemon/cli/commands.hpp"
#include "daemon/cli/terminal/numbers.hpp"
#include "daemon/sync/inbox.hpp"

namespace affsync::cli {
namespace {

constexpr std::size_t most_letters = 60;

// A connector's name from another text, such as the name of a file.
std::string name_from(std::string const& text) {
  std::string name;
  for (char const c : to_lower(text)) {
    bool const fits = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9' && !name.empty());
    if (fits) name += c;
    if (!fits && !name.empty() && !name.ends_with('_')) name += '_';
  }
  while (name.ends_with('_')) name.pop_back();
  return name.empty() ? "broker" : name.substr(0, most_letters);
}

// The connector has the name inside, but whoever gives a wrong one looks for it in the command
// line.
void require_name(std::string const& name) {
  auto const fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  };
  bool const begins_well = name.front() >= 'a' && name.front() <= 'z';
  if (begins_well && name.size() <= most_letters && std::ranges::all_of(name, fits)) return;
  throw Failure(
      ErrorCode::usage, "--name " + name + " cannot be the name of a connector",
      "Use lower-case letters, digits and _, starting with a letter, at most 60, such as " +
          name_from(name) + ".");
}

}  // namespace

int run_connectors_new(std::string const& file, std::string const& name, std::string const& url) {
  if (!name.empty()) require_name(name);
  auto const bytes = sync::read_whole_file(file);
  if (!bytes) {
    auto error = bytes.error();
    error.code = ErrorCode::usage;
    throw Failure(std::move(error.at(file)));
  }
  auto draft = engine::draft_connector(
      *bytes, file, name.empty() ? name_from(std::filesystem::path(file).stem().string()) : name,
      SystemClock().now(), url);
  if (!draft) {
    auto error = draft.error();
    throw Failure(std::move(error.at(file)));
  }
  std::cout << draft->text;
  std::cerr << "affsync: the connector reads " << draft->mapped << " of the sample's "
            << rows_text(static_cast<std::int64_t>(draft->rows));
  if (!draft->problem.empty()) std::cerr << "; others fail, such as: " << draft->problem;
  std::cerr << "\n";
  return draft->mapped == 0 ? 1 : 0;
}

}  // namespace affsync::cli
