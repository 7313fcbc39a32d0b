#include "connectors/proof/listing.hpp"

#include <algorithm>

#include "base/decimal.hpp"
#include "connectors/engine/document/document.hpp"
#include "connectors/engine/values/query.hpp"
#include "connectors/proof/json_edit.hpp"

namespace affsync::proof {
namespace {

using engine::StreamPlan;

// Returns the list in an answer: an array, or an object whose members are the rows.
Json const* list_in(StreamPlan const& plan, Json const& body) {
  constexpr std::string_view any = ".*";
  Json const* object = nullptr;
  for (auto const& path : plan.spec->records) {
    Json const* value = nullptr;
    if (path.text().ends_with(any)) {
      auto const parent = path.text().substr(0, path.text().size() - any.size());
      auto const* holder = JsonPath(parent).in(body);
      if (holder == nullptr || !holder->is_object()) continue;
      for (auto const& member : holder->members()) {
        if (value == nullptr && member.value.is_array()) value = &member.value;
      }
    } else {
      value = path.in(body);
    }
    if (value != nullptr && value->is_array()) return value;
    if (value != nullptr && value->is_object() && object == nullptr) object = value;
  }
  return object;
}

bool is_numbered(Json const& value) {
  return value.is_object() && !value.members().empty() &&
         std::ranges::all_of(value.members(), [](JsonMember const& member) {
           return member.value.is_object() && !member.name.empty() &&
                  member.name.find_first_not_of("0123456789") == std::string::npos;
         });
}

// Which part of the list a request asks for.
std::size_t part_of(StreamPlan const& plan, std::string const& target) {
  for (std::size_t i = 0; i < plan.spec->parts.size(); ++i) {
    bool const all = std::ranges::all_of(plan.spec->parts[i].query, [&](auto const& pair) {
      auto const text = engine::encode_query(pair.first) + "=" + engine::encode_query(pair.second);
      auto const at = target.find(text);
      return at != std::string::npos && at > 0 &&
             (target[at - 1] == '?' || target[at - 1] == '&') &&
             (at + text.size() == target.size() || target[at + text.size()] == '&');
    });
    if (all) return i;
  }
  return 0;
}

}  // namespace

Result<Listing> Listing::make(std::shared_ptr<StreamPlan const> plan,
                              std::vector<Fixture const*> const& chain) {
  Listing listing;
  listing.plan_ = std::move(plan);
  listing.chain_ = chain;
  for (auto const* fixture : chain) {
    auto body = engine::read_document(fixture->body, listing.plan_->spec->document);
    if (!body) {
      return Error(ErrorCode::usage,
                   "the answer `" + fixture->name + "` cannot be read: " + body.error().message);
    }
    listing.bodies_.push_back(std::move(*body));
  }
  listing.is_json_ = listing.plan_->spec->document.format == engine::DocumentFormat::json;
  if (auto taken = listing.take_apart(); !taken) return taken.error();
  return listing;
}

Result<void> Listing::take_apart() {
  for (std::size_t i = 0; i < chain_.size(); ++i) {
    auto const* list = list_in(*plan_, bodies_[i]);
    if (list == nullptr) {
      return Error(ErrorCode::usage, "the answer `" + chain_[i]->name + "` holds no list");
    }
    auto const part = part_of(*plan_, chain_[i]->get("asked"));
    auto const item = chain_[i]->get("item");
    auto const add = [&](std::string name, Json const& value) {
      ListedRow row;
      row.name = std::move(name);
      row.value = value;
      row.part = part;
      row.item = item;
      rows_.push_back(std::move(row));
    };
    bool const numbered = is_numbered(*list);
    divisible_ = list->is_array() || numbered;
    if (list->is_array()) {
      for (auto const& value : list->items()) add("", value);
    } else if (numbered) {
      for (auto const& member : list->members()) add(member.name, member.value);
    } else {
      add("", *list);  // the whole object is served as one
    }
  }
  if (!is_json_) {
    find_texts();
    divisible_ = texts_.has_value();
  }
  for (auto& row : rows_) {
    auto mapped = map_one(row);
    if (!mapped) {
      return Error(ErrorCode::usage, "not every row of `" + first().name +
                                         "` can be served alone: " + mapped.error().message);
    }
    row.stored = std::move(*mapped);
    note_day(row);
  }
  return {};
}

Result<std::vector<ExpectedRow>> Listing::map_one(ListedRow const& row) const {
  auto const flaw = [](std::string what) { return Error(ErrorCode::usage, std::move(what)); };
  auto plan = plan_for({row.item});
  if (plan->spec->parts.size() > 1) {
    // What `keep` takes from the request is that of the row's own part.
    auto of_part = *plan;
    of_part.spec->parts = {plan->spec->parts[row.part]};
    plan = std::make_shared<StreamPlan const>(std::move(of_part));
  }
  auto start = start_of(*plan, first());
  if (read_at_) start.now = *read_at_;
  engine::StreamReader reader(plan, start);
  if (!reader.next_request()) return flaw("nothing is requested");
  PageFacts facts;
  facts.total = 1;
  facts.total_pages = 1;
  facts.listed = {&row};
  engine::Answer answer;
  // A text that cannot be taken apart is mapped through its JSON.
  auto body = is_json_ || divisible_
                  ? engine::read_document(this->body({&row}, facts), plan_->spec->document)
                  : Result<Json>(json_body({&row}, facts));
  if (!body) return body.error();
  answer.body = std::move(*body);
  answer.headers = response_of(first()).headers;  // of the sample
  auto const page = reader.on_answer(answer, read_at_.value_or(read_time(first()).value()));
  if (!page) return page.error();
  if (!page->quarantined.empty()) return flaw(page->quarantined.front().reason);
  return rows_of(*page, nullptr);
}

void Listing::note_day(ListedRow& row) const {
  if (!plan_->spec->window || plan_->spec->window->column.empty()) return;
  constexpr std::size_t day_size = 10;
  for (auto const& stored : row.stored) {
    if (stored.table != plan_->table().name) continue;
    auto const found = stored.columns.find(plan_->spec->window->column);
    if (found != stored.columns.end()) row.day = parse_day(found->second.substr(0, day_size));
    if (row.day) return;
  }
}

bool Listing::states_sums() const {
  auto const& spec = *plan_->spec;
  return spec.page.total || spec.page.total_pages() || !spec.reconcile.empty();
}

std::vector<std::string> Listing::items() const {
  std::vector<std::string> items;
  for (auto const* fixture : chain_) {
    auto const item = fixture->get("item");
    if (!item.empty() && std::ranges::find(items, item) == items.end()) items.push_back(item);
  }
  return items;
}

std::shared_ptr<StreamPlan const> Listing::plan_for(std::vector<std::string> const& items) const {
  return stream_for(plan_, items);
}

bool Listing::is_new(ListedRow const& row) const {
  auto const has = [](ListedRow const& other, std::string const& table, std::string const& id) {
    return std::ranges::any_of(other.stored, [&](ExpectedRow const& stored) {
      auto const found = stored.columns.find("external_id");
      return stored.table == table && found != stored.columns.end() && found->second == id;
    });
  };
  for (auto const& stored : row.stored) {
    auto const id = stored.columns.find("external_id");
    if (id == stored.columns.end()) return false;
    if (stored.table != plan_->table().name) continue;
    for (auto const& other : rows_) {
      if (has(other, stored.table, id->second)) return false;
    }
  }
  return true;
}

Json const* Listing::list_of(Json const& body) const {
  auto const* list = list_in(*plan_, body);
  return list != nullptr && list->is_array() ? list : nullptr;
}

std::optional<ListedRow> Listing::with_other(ListedRow const& row, Json const& value,
                                             std::string const& text) const {
  auto copy = row;
  copy.made = true;
  if (is_json_) {
    copy.value =
        with_value(row.value, &value, value.is_number() ? Json::number(text) : Json::string(text));
  } else {
    std::string const old(*value.scalar_text());
    auto const at = old.empty() ? std::string::npos : row.text.find(old);
    if (at == std::string::npos) return std::nullopt;
    copy.text.replace(at, old.size(), text);
    if (!read_text(copy)) return std::nullopt;
  }
  auto mapped = map_one(copy);
  if (!mapped || mapped->size() != row.stored.size() || mapped->empty()) return std::nullopt;
  copy.stored = std::move(*mapped);
  note_day(copy);
  return copy;
}

std::string Listing::body(std::vector<ListedRow const*> const& rows, PageFacts const& facts) const {
  return is_json_ ? json_body(rows, facts).dump() : text_body(rows);
}

Json Listing::json_body(std::vector<ListedRow const*> const& rows, PageFacts const& facts) const {
  auto const& spec = *plan_->spec;
  // The last page of the sample shows how a list ends, the first one how it goes on.
  Json out = facts.next.empty() && !facts.more ? bodies_.back() : bodies_.front();
  auto const* list = list_in(*plan_, out);
  if (list == nullptr) return out;
  if (list->is_array()) {
    Json::Array items;
    for (auto const* row : rows) items.push_back(row->value);
    out = with_value(out, list, Json::array(std::move(items)));
  } else if (divisible_) {
    Json::Object members;
    for (auto const* row : rows) {
      auto name = row->made ? std::to_string(members.size() + 100'000) : row->name;
      members.push_back({std::move(name), row->value});
    }
    out = with_value(out, list, Json::object(std::move(members)));
  } else if (rows.size() == 1) {
    out = with_value(out, list, rows.front()->value);
  } else {
    out = with_value(out, list, Json::object({}));
  }
  auto const set_count = [&](std::optional<JsonPath> const& path, std::int64_t count) {
    if (!path) return;
    auto const shape = path->in(bodies_.front());
    out = with_value(out, *path, count_like(shape, std::to_string(count)));
  };
  set_count(spec.page.total, facts.total);
  set_count(spec.page.total_pages(), facts.total_pages);
  if (auto const& more = spec.page.more()) {
    auto const* shape = more->in(bodies_.front());
    bool const number = shape != nullptr && shape->is_number();
    bool const text = shape != nullptr && shape->is_string();
    Json value = Json::boolean(facts.more);
    if (number) value = Json::number(facts.more ? "1" : "0");
    if (text) value = Json::string(facts.more ? shape->as_string() : "");
    // An address or an object that says "more" by being there.
    if (text && (shape->as_string() == "true" || shape->as_string() == "false")) {
      value = Json::string(facts.more ? "true" : "false");
    }
    out = with_value(out, *more, value);
  }
  JsonPath const* next = nullptr;
  if (auto const* cursor = std::get_if<engine::CursorPaging>(&spec.page.kind)) next = &cursor->next;
  if (auto const* link = std::get_if<engine::LinkPaging>(&spec.page.kind)) next = &link->next;
  // A next page that is named in a header has no path, and an empty path is the whole document.
  if (!spec.page.headers.next.empty()) next = nullptr;
  if (next != nullptr && !facts.next.empty()) {
    out = with_value(out, *next, Json::string(facts.next));
  } else if (next != nullptr && chain_.size() == 1) {
    auto const* shape = next->in(bodies_.front());
    if (shape != nullptr && !shape->is_null()) {
      out = with_value(out, *next, shape->is_string() ? Json::string("") : Json());
    }
  }
  for (auto const& check : spec.reconcile) {
    std::string sum = "0";
    std::int64_t count = 0;
    for (auto const* row : facts.listed) {
      for (auto const& stored : row->stored) {
        if (stored.table != plan_->table().name) continue;
        ++count;
        auto const found = stored.columns.find(check.column);
        if (found != stored.columns.end()) sum = add_decimals(sum, found->second);
      }
    }
    if (check.column.empty()) sum = std::to_string(count);
    auto const* shape = check.broker_value.in(bodies_.front());
    if (shape == nullptr) continue;
    out = with_value(out, check.broker_value, count_like(shape, sum));
  }
  return out;
}

}  // namespace affsync::proof
