// `affsync connectors new`: prints a first connector, written from a sample.
#include <unistd.h>

#include <filesystem>
#include <iostream>

#include "base/text.hpp"
#include "connectors/engine/draft/draft.hpp"
#include "daemon/cli/commands.hpp"
#include "daemon/sync/inbox.hpp"

namespace affsync::cli {
namespace {

// A connector's name from that of a file.
std::string name_from(std::filesystem::path const& file) {
  std::string name;
  for (char const c : to_lower(file.stem().string())) {
    bool const fits = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9' && !name.empty());
    if (fits) name += c;
    if (!fits && !name.empty() && !name.ends_with('_')) name += '_';
  }
  while (name.ends_with('_')) name.pop_back();
  constexpr std::size_t most = 60;
  return name.empty() ? "broker" : name.substr(0, most);
}

}  // namespace

int run_connectors_new(std::string const& file, std::string const& name, std::string const& url) {
  auto const bytes = sync::read_whole_file(file);
  if (!bytes) {
    auto error = bytes.error();
    error.code = ErrorCode::usage;
    throw Failure(std::move(error.at(file)));
  }
  auto draft = engine::draft_connector(*bytes, file, name.empty() ? name_from(file) : name,
                                       SystemClock().now(), url);
  if (!draft) {
    auto error = draft.error();
    throw Failure(std::move(error.at(file)));
  }
  std::cout << draft->text;
  std::cerr << "affsync: the connector reads " << draft->mapped << " of the sample's "
            << draft->rows << " rows";
  if (!draft->problem.empty()) std::cerr << "; others fail, such as: " << draft->problem;
  std::cerr << "\n";
  return draft->mapped == 0 ? 1 : 0;
}

}  // namespace affsync::cli
