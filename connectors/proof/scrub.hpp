// Turns answers of a real account into fixtures: everything that could name a person, an account or
// an amount is replaced, the same value always by the same one, in the same form, and two values by
// two, as long as there are enough of that form. What is kept is listed; what is not on the list is
// replaced.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "base/secret.hpp"
#include "connectors/engine/plan/stream_plan.hpp"

namespace affsync::proof {

class Scrubber {
 public:
  // `key`: random, and thrown away with the object: no replacement can be computed again.
  Scrubber(engine::SourcePlan const& plan, Secret key);

  // A whole answer of the stream.
  Json answer(engine::StreamPlan const& stream, Json const& body) const;
  // A whole answer of no stream, such as a login.
  Json other(Json const& body) const;
  // A text of which nothing is known, such as a path or the value of a header: words of letters
  // alone that the connector has too are kept.
  std::string text(std::string_view text) const;
  // The target of a request: names of parameters and what the connector says itself are kept.
  std::string target(engine::StreamPlan const& stream, std::string_view target) const;

 private:
  struct Kept;
  void keep_words_of_rules(Kept& kept) const;
  Json value(Json const& value, std::string const& path, Kept const& kept) const;
  std::string scalar(std::string_view text, bool number) const;
  std::string link(std::string_view text) const;
  std::string changed(std::string_view text) const;
  std::string replaced(std::string_view text, std::string_view seed) const;
  std::string hash(std::string_view text, std::size_t bytes) const;

  engine::SourcePlan const& plan_;
  Secret key_;
  std::set<std::string> words_;  // of the connector: its own texts in paths and queries
  struct Given;
  std::shared_ptr<Given> given_;  // what values were replaced by, with all copies
};

}  // namespace affsync::proof
