#include "connectors/engine/values/cell_error.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace affsync::engine {
namespace {

constexpr std::string_view error_member = "#error";
constexpr std::string_view place_member = "cell";

}  // namespace

Json cell_error(std::string error, std::string place) {
  Json::Object members;
  members.push_back({std::string(error_member), Json::string(std::move(error))});
  members.push_back({std::string(place_member), Json::string(std::move(place))});
  return Json::object(std::move(members));
}

std::string_view error_of_cell(Json const& value) {
  if (!value.is_object() || value.members().size() != 2) return {};
  auto const& [name, error] = value.members().front();
  return name == error_member && error.is_string() ? std::string_view(error.as_string())
                                                   : std::string_view();
}

std::string cell_error_in_words(Json const& value) {
  auto const error = error_of_cell(value);
  if (error.empty()) return {};
  auto const* place = value.find(place_member);
  return "holds the error " + std::string(error) + " (cell " +
         std::string(place == nullptr ? "" : place->scalar_text().value_or("")) +
         "), which is no value";
}

bool is_spreadsheet_error(std::string_view text) {
  constexpr std::string_view errors[] = {
      "#REF!",   "#N/A",   "#DIV/0!", "#VALUE!",   "#NAME?",    "#NUM!",     "#NULL!",
      "#SPILL!", "#CALC!", "#FIELD!", "#BLOCKED!", "#CONNECT!", "#UNKNOWN!", "#GETTING_DATA"};
  return text.starts_with('#') && std::ranges::find(errors, text) != std::end(errors);
}

std::string spreadsheet_error_in_words(std::string_view text) {
  if (!is_spreadsheet_error(text)) return {};
  return "holds the error " + std::string(text) + " of a spreadsheet, which is no value";
}

}  // namespace affsync::engine
