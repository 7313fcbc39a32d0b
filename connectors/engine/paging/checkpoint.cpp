#include "connectors/engine/paging/checkpoint.hpp"

#include <algorithm>
#include <charconv>

#include "base/batch.hpp"
#include "connectors/engine/values/times.hpp"

namespace affsync::engine {
namespace {

constexpr std::string_view version = "2";
constexpr std::int64_t largest_offset = 1'000'000'000'000;
constexpr std::size_t most_anchors = 1000;

std::string to_hex(std::uint64_t value) {
  char text[16];
  auto const result = std::to_chars(text, text + sizeof text, value, 16);
  return std::string(text, result.ptr);
}

std::optional<std::uint64_t> from_hex(Json const& json) {
  if (!json.is_string()) return std::nullopt;
  auto const& text = json.as_string();
  std::uint64_t value = 0;
  auto const end = text.data() + text.size();
  auto const [stop, error] = std::from_chars(text.data(), end, value, 16);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return value;
}

// Hash of everything that decides which rows a request returns; page sizes do not.
std::string fingerprint(StreamPlan const& plan) {
  std::string text = plan.stream + '\0' + plan.spec->request.path;
  for (auto const& [name, value] : plan.spec->request.query) text += '\0' + name + '\0' + value;
  for (auto const& part : plan.spec->parts) {
    text += '\0';
    for (auto const& [name, value] : part.query) text += '\0' + name + '\0' + value;
  }
  if (plan.spec->window) {
    text += '\0' + plan.spec->window->from_parameter + '\0' + plan.spec->window->to_parameter;
  }
  if (auto const& each = plan.spec->for_each) {
    text += '\0' + each->parameter + '\0' + each->stream + '\0' + each->column;
    for (auto const& value : each->values) text += '\0' + value;
  }
  if (auto const& body = plan.spec->request.body) {
    text += '\0' + (body->as_form ? std::string() : body->json.dump());
    for (auto const& [name, value] : body->form) text += '\0' + name + '\0' + value;
  }
  return to_hex(hash_key(text));
}

Json json_day(std::optional<Day> day) {
  return day ? Json::string(format_day(*day)) : Json();
}

Json json_number(std::int64_t number) {
  return Json::number(std::to_string(number));
}

Json json_place(PassPlace const& place) {
  Json::Array anchors;
  for (auto const key : place.position.anchors) anchors.push_back(Json::string(to_hex(key)));
  Json::Object members{
      {"mode", Json::string(place.full ? "full" : "incremental")},
      {"began", json_day(place.began)},
      {"from", json_day(place.pass.from)},
      {"to", json_day(place.pass.to)},
      {"since", json_day(place.since)},
      {"until", json_day(place.until)},
      {"slice_from", json_day(place.slice.from)},
      {"slice_to", json_day(place.slice.to)},
      {"part", json_number(static_cast<std::int64_t>(place.part))},
      {"offset", json_number(place.position.offset)},
      {"token", Json::string(place.position.token)},
      {"rows", json_number(place.position.rows)},
      {"anchors", Json::array(std::move(anchors))},
  };
  if (!place.items.empty()) members.push_back({"items", Json::string(place.items)});
  if (place.doubted) members.push_back({"doubted", Json::boolean(true)});
  if (place.reads_on) members.push_back({"reads_on", Json::boolean(true)});
  return Json::object(std::move(members));
}

// Reads members of one object. `good` becomes false if a member is not in the form in which it was
// written.
struct Fields {
  Json const& object;
  bool good = true;

  std::optional<Day> day(std::string_view name) {
    auto const* value = object.find(name);
    if (value == nullptr || value->is_null()) return std::nullopt;
    auto const found = value->is_string() ? parse_day(value->as_string()) : std::nullopt;
    good = good && found;
    return found;
  }
  std::int64_t number(std::string_view name) {
    auto const* value = object.find(name);
    std::int64_t found = -1;
    if (value != nullptr && value->is_number()) {
      auto const& text = value->number_text();
      auto const end = text.data() + text.size();
      auto const [stop, error] = std::from_chars(text.data(), end, found);
      if (error != std::errc{} || stop != end) found = -1;
    }
    good = good && found >= 0 && found <= largest_offset;
    return found;
  }
  std::string text(std::string_view name) {
    auto const* value = object.find(name);
    good = good && value != nullptr && value->is_string();
    return good ? value->as_string() : std::string();
  }
};

std::optional<PassPlace> read_place(Json const& json, StreamSpec const& spec) {
  if (!json.is_object()) return std::nullopt;
  Fields fields{json};
  PassPlace place;
  place.full = fields.text("mode") == "full";
  auto const began = fields.day("began");
  if (!began) return std::nullopt;
  place.began = *began;
  place.pass = Slice{fields.day("from"), fields.day("to")};
  place.since = fields.day("since");
  place.until = fields.day("until");
  place.slice = Slice{fields.day("slice_from"), fields.day("slice_to")};
  place.part = static_cast<std::size_t>(std::max<std::int64_t>(0, fields.number("part")));
  place.position.token = fields.text("token");
  place.position.offset = fields.number("offset");
  place.position.rows = fields.number("rows");
  auto const* anchors = json.find("anchors");
  if (!fields.good || anchors == nullptr || !anchors->is_array()) return std::nullopt;
  if (anchors->items().size() > most_anchors) return std::nullopt;
  for (auto const& item : anchors->items()) {
    auto const key = from_hex(item);
    if (!key) return std::nullopt;
    place.position.anchors.push_back(*key);
  }
  place.doubted = json.find("doubted") != nullptr;
  place.reads_on = json.find("reads_on") != nullptr;
  if (json.find("items") != nullptr) place.items = fields.text("items");
  if (!fields.good) return std::nullopt;
  // The values of `for_each` are known later.
  if (!spec.for_each && place.part >= std::max<std::size_t>(1, spec.parts.size())) {
    return std::nullopt;
  }
  auto const has_days = [](Slice const& slice) { return slice.from && slice.to; };
  bool const whole = !has_days(place.pass) && !has_days(place.slice);
  bool const may_be_whole = !spec.window || (spec.window->changes && place.full);
  if (whole != may_be_whole) return std::nullopt;
  if (!whole) {
    if (!has_days(place.pass) || !has_days(place.slice)) return std::nullopt;
    if (*place.slice.from > *place.slice.to || *place.slice.to > *place.pass.to) {
      return std::nullopt;
    }
    // Days in doubt are read again after the pass, and do not belong to it.
    bool const again = !spec.window->changes && *place.slice.to < *place.pass.from;
    if (*place.slice.from < *place.pass.from && !again) return std::nullopt;
  }
  return place;
}

}  // namespace

std::string write_checkpoint(Checkpoint const& checkpoint, StreamPlan const& plan) {
  Json::Object members{
      {"v", Json::number(std::string(version))},
      {"stream", Json::string(plan.stream)},
      {"request", Json::string(fingerprint(plan))},
      {"at", Json::string(format_time(checkpoint.written_at))},
      {"done_from", json_day(checkpoint.done.from)},
      {"done_to", json_day(checkpoint.done.to)},
  };
  if (checkpoint.reread_from) members.push_back({"reread_from", json_day(checkpoint.reread_from)});
  if (checkpoint.gives_days) members.push_back({"gives", json_number(*checkpoint.gives_days)});
  if (checkpoint.place) members.push_back({"pass", json_place(*checkpoint.place)});
  return Json::object(std::move(members)).dump();
}

std::optional<Checkpoint> read_checkpoint(std::string_view text, StreamPlan const& plan) {
  if (text.empty()) return std::nullopt;
  auto const json = parse_json(text);
  if (!json || !json->is_object() || json->has_nul() || json->has_duplicate()) return std::nullopt;
  auto const* found_version = json->find("v");
  if (found_version == nullptr || found_version->scalar_text() != version) return std::nullopt;

  Fields fields{*json};
  if (fields.text("stream") != plan.stream) return std::nullopt;
  if (fields.text("request") != fingerprint(plan)) return std::nullopt;
  auto const written = parse_iso(fields.text("at"));
  Checkpoint checkpoint;
  checkpoint.done = Coverage{fields.day("done_from"), fields.day("done_to")};
  checkpoint.reread_from = fields.day("reread_from");
  if (!fields.good || !written) return std::nullopt;
  checkpoint.written_at = written->wall;
  if (json->find("gives") != nullptr) {
    auto const gives = fields.number("gives");
    constexpr std::int64_t longest = 100'000;
    if (!fields.good || gives > longest) return std::nullopt;
    checkpoint.gives_days = static_cast<int>(gives);
  }
  if (!plan.spec->has_increments()) checkpoint.done = {};
  if (auto const* pass = json->find("pass")) {
    checkpoint.place = read_place(*pass, plan.spec);
    // An interrupted pass whose place nobody knows: see PassDays::read_on().
    if (!checkpoint.place && !plan.spec->window) checkpoint.done = {};
  }
  return checkpoint;
}

}  // namespace affsync::engine
