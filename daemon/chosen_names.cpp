#include "daemon/chosen_names.hpp"

#include <algorithm>
#include <optional>

#include "base/error.hpp"
#include "base/suggest.hpp"

namespace affsync {

void refuse_unknown(std::vector<std::string> const& wanted, std::vector<std::string> const& known,
                    char const* what) {
  for (auto const& name : wanted) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    auto const meant = nearest(name, known);
    std::string all;
    for (auto word = known.begin(); word != known.end(); ++word) {
      if (std::find(known.begin(), word, *word) != word) continue;  // of another source as well
      all += (all.empty() ? "" : ", ") + *word;
    }
    throw Failure(ErrorCode::usage, std::string("there is no ") + what + " `" + name + "`",
                  meant ? "Did you mean `" + *meant + "`?" : "Known names: " + all + ".");
  }
}

bool chosen(std::vector<std::string> const& names, std::string const& name) {
  return names.empty() || std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace affsync
