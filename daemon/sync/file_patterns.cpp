#include "daemon/sync/file_patterns.hpp"

#include <fnmatch.h>

#include <algorithm>
#include <vector>

#include "daemon/sync/inbox.hpp"

namespace affsync::sync {
namespace {

constexpr char any_character = '\0';

// The pattern with a class of characters as any character.
std::string without_classes(std::string_view pattern) {
  std::string plain;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    auto const end = pattern[i] == '[' ? pattern.find(']', i + 2) : pattern.npos;
    plain += end != pattern.npos || pattern[i] == '?' ? any_character : pattern[i];
    if (end != pattern.npos) i = end;
  }
  return plain;
}

std::ptrdiff_t said_by(std::string_view pattern) {
  return std::ranges::count_if(without_classes(pattern),
                               [](char c) { return c != '*' && c != any_character; });
}

}  // namespace

bool may_share_a_name(std::string_view left, std::string_view right) {
  auto const a = without_classes(left), b = without_classes(right);
  // fits[j]: what is left of `a` from i on and of `b` from j on can be one text.
  std::vector<bool> below, fits;
  for (auto i = a.size() + 1; i-- > 0;) {
    fits.assign(b.size() + 1, false);
    for (auto j = b.size() + 1; j-- > 0;) {
      bool const ends_a = i == a.size(), ends_b = j == b.size();
      if (ends_a && ends_b) {
        fits[j] = true;
      } else if (!ends_a && a[i] == '*') {
        fits[j] = below[j] || (!ends_b && fits[j + 1]);
      } else if (!ends_b && b[j] == '*') {
        fits[j] = fits[j + 1] || (!ends_a && below[j]);
      } else if (!ends_a && !ends_b) {
        bool const same = a[i] == b[j] || a[i] == any_character || b[j] == any_character;
        fits[j] = same && below[j + 1];
      }
    }
    below = fits;
  }
  return below.front();
}

engine::StreamPlan const* better_reader(engine::SourcePlan const& source,
                                        engine::StreamPlan const& plan, std::string const& name) {
  auto const own = said_by(pattern_of(plan.spec->request.path));
  bool is_earlier = true;
  engine::StreamPlan const* best = nullptr;
  auto most = own;
  for (auto const& other : source.streams) {
    if (other->stream == plan.stream) {
      is_earlier = false;
      continue;
    }
    if (!other->spec->enabled || !other->path_known) continue;
    auto const pattern = pattern_of(other->spec->request.path);
    if (fnmatch(pattern.c_str(), name.c_str(), FNM_PERIOD) != 0) continue;
    auto const said = said_by(pattern);
    if (said < most || (said == most && (best != nullptr || !is_earlier))) continue;
    best = other.get();
    most = said;
  }
  return best;
}

}  // namespace affsync::sync
