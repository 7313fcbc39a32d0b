// The JSON parser beside nlohmann's on many damaged texts: what that one reads, ours reads the
// same; what only ours reads is marked, or holds a number that is too large for a double.
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

#include "base/json.hpp"

namespace affsync {
namespace {

using Oracle = nlohmann::ordered_json;

bool same_value(Json const& ours, Oracle const& theirs) {
  switch (ours.kind()) {
    case Json::Kind::null: return theirs.is_null();
    case Json::Kind::boolean: return theirs.is_boolean() && theirs.get<bool>() == ours.as_bool();
    case Json::Kind::number:
      return theirs.is_number() && theirs.get<double>() == std::stod(ours.number_text());
    case Json::Kind::string:  // or a number whose exponent is beyond what we take for one
      return theirs.is_string() ? theirs.get<std::string>() == ours.as_string()
                                : theirs.is_number();
    case Json::Kind::array: {
      if (!theirs.is_array() || theirs.size() != ours.items().size()) return false;
      for (std::size_t i = 0; i < theirs.size(); ++i) {
        if (!same_value(ours.items()[i], theirs[i])) return false;
      }
      return true;
    }
    case Json::Kind::object: {
      if (!theirs.is_object()) return false;
      if (!ours.has_duplicate() && theirs.size() != ours.members().size()) return false;
      for (auto const& [name, value] : theirs.items()) {
        auto const* found = ours.find(name);
        if (found == nullptr || !same_value(*found, value)) return false;
      }
      return true;
    }
  }
  return false;
}

// A valid text with up to three bytes added, removed or changed.
class Damage {
 public:
  std::string next() {
    std::string text = pick(seeds_);
    for (auto count = random_() % 4; count > 0; --count) {
      auto const at = random_() % (text.size() + 1);
      switch (random_() % 3) {
        case 0: text.insert(at, 1, pick(bytes_)); break;
        case 1: text.erase(at, 1 + random_() % 3); break;
        default:
          if (at < text.size()) text[at] = pick(bytes_);
      }
    }
    return text;
  }

 private:
  template <class Container>
  typename Container::value_type pick(Container const& from) {
    return from[random_() % from.size()];
  }

  std::mt19937_64 random_{20260101};  // NOLINT: the same texts each time
  std::vector<std::string> const seeds_ = {
      R"({"a":[1,2.50,-0,1e5,{"b":null}],"c":"x\u00e9\ud83d\ude00\n\"\\/","d":true,"f":{}})",
      R"([[],[{}],"é😀",0.1,-1.5E-3,"\u0001",false])",
      R"( {"k" : "v" , "n" : 12345678901234567890123 , "k2" : [ ] } )",
      R"("\ud83d\ude00")",
      R"([1e299,"\ud800x"])",
      R"({"a":1,"a":2})",
      "\xEF\xBB\xBF[1]"};
  std::string const bytes_ = "{}[]\",:\\0123456789.eE+-truefalsn u/bdD8cC \t\n\xC3\xA9\xFF\x80\xED";
};

TEST(JsonOracle, ReadsWhatAnotherParserReads) {
  Damage damage;
  int read_by_both = 0;
  for (int i = 0; i < 30'000; ++i) {
    auto const text = damage.next();
    auto const ours = parse_json(text);
    Oracle theirs;
    bool accepted = true;
    try {
      theirs = Oracle::parse(text);
    } catch (Oracle::exception const&) {
      accepted = false;
    }
    if (accepted) {
      ASSERT_TRUE(ours) << text << "\n" << ours.error().to_line();
      EXPECT_TRUE(same_value(*ours, theirs)) << text << "\n" << ours->dump();
      ++read_by_both;
    } else if (ours) {
      EXPECT_TRUE(ours->has_nul() || text.find_first_of("eE") != std::string::npos) << text;
    }
    // Whatever was read can be written and read again, by anyone.
    if (ours) {
      auto const written = ours->dump();
      EXPECT_TRUE(Oracle::accept(written)) << written;
      EXPECT_EQ(parse_json(written).value().dump(), written) << text;
    }
  }
  EXPECT_GT(read_by_both, 5'000);  // else this test compares nothing
}

}  // namespace
}  // namespace affsync
