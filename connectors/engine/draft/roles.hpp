// Which field of a sample is the money, the day, the client, and what tells its rows apart.
#pragma once

#include <optional>
#include <string>

#include "connectors/engine/draft/guesses.hpp"
#include "connectors/engine/draft/keys.hpp"

namespace affsync::engine {

struct Roles {
  std::string table, stream;
  SampleField const* money = nullptr;
  SampleField const* currency = nullptr;
  SampleField const* day = nullptr;
  SampleField const* client = nullptr;
  SampleField const* country = nullptr;
  SampleField const* status = nullptr;
  SampleField const* kind = nullptr;
  SampleField const* link = nullptr;
  std::string currency_of_money;  // that the name or the values of the money say; may be empty
  KeyGuess key;
  std::optional<DayGuess> day_form;
  SampleField const* unread_day = nullptr;  // a month, or a day in a form that is not read
};

// `file`: the name of the sample, which may say what its rows are.
Roles guess_roles(Sample const& sample, std::string const& file);

}  // namespace affsync::engine
