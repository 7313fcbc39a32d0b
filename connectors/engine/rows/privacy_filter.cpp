#include "connectors/engine/rows/privacy_filter.hpp"

#include <openssl/evp.h>

#include <algorithm>

#include "base/encodings.hpp"
#include "connectors/engine/rows/personal_names.hpp"

namespace affsync::engine {
namespace {

std::vector<TableMapping const*> tables_of(StreamSpec const& spec) {
  std::vector<TableMapping const*> tables{&spec.map};
  for (auto const& mapping : spec.also) tables.push_back(&mapping);
  return tables;
}

bool is_hash(std::string_view text) {
  constexpr std::string_view head = "sha256:";
  return text.size() == head.size() + 64 && text.starts_with(head) &&
         text.find_first_not_of("0123456789abcdef", head.size()) == std::string_view::npos;
}

// Adds everything that the stream reads in a row.
void add_read(StreamSpec const& spec, PrivacyTree& tree) {
  auto const add = [&](JsonPath const& path) { tree.add(path, PrivacyTree::Kind::read); };
  for (auto const* mapping : tables_of(spec)) {
    for (auto const& part : mapping->key) {
      if (!part.constant) add(part.path);
    }
    if (mapping->hash) {
      for (auto const& field : mapping->hash->fields) add(field);
    }
    if (mapping->where) add(mapping->where->path);
    for (auto const& column : mapping->columns) {
      for (auto const& path : column.from) add(path);
      for (auto const& [path, word] : column.present) add(path);
      if (column.only_if) add(*column.only_if);
      if (column.negative_if) add(*column.negative_if);
      if (!column.within) continue;
      for (auto const& path : column.within->from) add(path);
    }
  }
  if (auto const* paging = std::get_if<IdPaging>(&spec.page.kind)) add(paging->id);
  for (auto const& path : spec.raw_allow) add(JsonPath(path));
}

}  // namespace

std::string hashed_key_parts(StreamPlan const& plan) {
  if (plan.privacy == Privacy::keep) return "";
  PrivacyFilter const filter(plan);
  std::string text;
  for (auto const* mapping : tables_of(plan.spec)) {
    for (auto const& part : mapping->key) {
      if (part.constant || !filter.covers(part.path.text())) continue;
      text += std::string(mapping->table->name) + ':' + part.path.text() + '\n';
    }
  }
  return text;
}

PrivacyFilter::PrivacyFilter(StreamPlan const& plan)
    : salt_(plan.hash_salt),
      privacy_(plan.privacy),
      paths_(plan.spec->personal),
      mapped_only_(plan.spec->raw_mapped_only),
      has_parents_(!plan.spec->each.empty()) {
  for (auto const* mapping : tables_of(plan.spec)) {
    for (auto const& column : mapping->columns) {
      if (!column.personal) continue;
      for (auto const& path : column.from) paths_.push_back(path.text());
    }
  }
  std::ranges::sort(paths_);
  paths_.erase(std::unique(paths_.begin(), paths_.end()), paths_.end());
  for (auto const& path : paths_) tree_.add(JsonPath(path), PrivacyTree::Kind::personal);
  add_read(plan.spec, tree_);
  tree_.finish();
  auto const* table = plan.spec->map.table;
  of_person_ = table != nullptr && (table->name == "client" || table->name == "trading_account");
}

bool PrivacyFilter::covers(std::string_view path) const {
  return std::ranges::any_of(paths_, [&](std::string const& personal) {
    return path.starts_with(personal) &&
           (path.size() == personal.size() || path[personal.size()] == '.');
  });
}

std::string PrivacyFilter::hash(std::string_view value) const {
  // A stored row that is mapped again has the hash instead of the value.
  if (is_hash(value)) return std::string(value);
  std::string const text = salt_ + std::string(value);
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  if (EVP_Digest(text.data(), text.size(), digest, &length, EVP_sha256(), nullptr) != 1) {
    throw Failure(ErrorCode::internal, "OpenSSL cannot compute a SHA-256 hash");
  }
  return "sha256:" + hex_of(std::string_view(reinterpret_cast<char const*>(digest), length));
}

void PrivacyFilter::dump(Json const& row, std::vector<std::string> const& skip, std::string& out,
                         ValueTexts const& instead) const {
  bool const whole = privacy_ == Privacy::keep && skip.empty() && instead.empty();
  if (whole) return row.dump_to(out);
  auto const& root = tree_.root();
  Place const place{&root, !mapped_only_ || root.read || privacy_ == Privacy::keep, of_person_};
  if (row.is_object() && skip.empty()) return write_row(row, place, instead, out);
  write(row, place, Rests(skip.begin(), skip.end()), instead, out);
}

void PrivacyFilter::write(Json const& value, Place place, Rests const& skip,
                          ValueTexts const& instead, std::string& out) const {
  auto const other = std::ranges::find(instead, &value, &ValueTexts::value_type::first);
  if (other != instead.end()) {
    out += other->second;
    return;
  }
  if (value.is_object()) return write_members(value, place, skip, instead, out);
  if (value.is_array()) return write_items(value, place, instead, out);
  bool const hides = privacy_ != Privacy::keep;
  if (hides && place.node != nullptr && place.node->personal_below) {
    // Something personal is expected inside, but this is not an object, so the value itself may be
    // personal.
    if (privacy_ == Privacy::hash) return write_hidden(value, out);
    out += "null";
    return;
  }
  if (hides && !place.open) {
    out += "null";
    return;
  }
  value.dump_to(out);
}

void PrivacyFilter::write_items(Json const& list, Place place, ValueTexts const& instead,
                                std::string& out) const {
  bool const hides = privacy_ != Privacy::keep;
  bool const has_items = place.node != nullptr && place.node->items;
  auto const* node = place.node == nullptr ? nullptr : place.node->of_items();
  bool const hidden = hides && has_items && node->personal;
  bool const open = place.open || (has_items && node->read);
  bool const kept = !hides || open || (node != nullptr && node->read_below);
  out += '[';
  bool first = true;
  for (auto const& item : list.items()) {
    bool const is_hidden = hidden || is_stray_mail(item, has_items ? node : place.node);
    if ((is_hidden && privacy_ == Privacy::drop) || (!is_hidden && !kept)) continue;
    if (!first) out += ',';
    first = false;
    if (is_hidden) {
      write_hidden(item, out);
    } else {
      write(item, {node, open, place.of_person}, {}, instead, out);
    }
  }
  out += ']';
}

MemberVerdict PrivacyFilter::judge(std::string_view name, Place place) const {
  bool const hides = privacy_ != Privacy::keep;
  MemberVerdict verdict;
  auto const* node = place.node == nullptr ? nullptr : place.node->find(name);
  verdict.node = node;
  verdict.hidden = hides && node != nullptr && node->personal;
  verdict.open = place.open || (node != nullptr && node->read);
  if (hides && !verdict.hidden && !(node != nullptr && node->read) &&
      is_personal_name(name, place.of_person)) {
    // Its mapped parts are known not to be personal; the rest is dropped or hashed.
    verdict.open = false;
    verdict.hidden = node == nullptr || !node->read_below;
  }
  bool const dropped = verdict.hidden && privacy_ == Privacy::drop;
  bool const kept = !hides || verdict.hidden || verdict.open || (node && node->read_below);
  verdict.written = !dropped && kept;
  bool const is_part = hides && ((node != nullptr && node->personal_below) || !verdict.open);
  verdict.as_it_is = !verdict.hidden && !is_part;
  return verdict;
}

bool PrivacyFilter::is_stray_mail(Json const& value, Node const* node) const {
  if (privacy_ == Privacy::keep || !value.is_string()) return false;
  bool const is_read = node != nullptr && (node->read || node->personal);
  return !is_read && is_mail_address(value.as_string());
}

void PrivacyFilter::hide_stray_mail(Json const& value, MemberVerdict& verdict) const {
  if (!verdict.written || !is_stray_mail(value, verdict.node)) return;
  verdict.hidden = true;
  verdict.written = privacy_ != Privacy::drop;
}

void PrivacyFilter::write_value(Json const& value, std::string_view name,
                                MemberVerdict const& verdict, Rests const& skip,
                                ValueTexts const& instead, std::string& out) const {
  if (verdict.hidden) return write_hidden(value, out);
  // Only members of an object may belong to a person. What is around a list inside a row is often a
  // client.
  bool const of_person = (value.is_object() || value.is_array()) &&
                         (names_a_person(name) || (has_parents_ && name == "parent"));
  write(value, {verdict.node, verdict.open, of_person}, skip, instead, out);
}

// As write_members() of a row with nothing to skip.
void PrivacyFilter::write_row(Json const& row, Place place, ValueTexts const& instead,
                              std::string& out) const {
  KnownMembers::Reader reader(known_);
  auto const start = out.size();
  for (auto const& [name, value] : row.members()) {
    if (auto const* known = reader.find(name)) {
      if (!known->verdict.written) continue;
      if (is_stray_mail(value, known->verdict.node)) {
        auto verdict = known->verdict;
        hide_stray_mail(value, verdict);
        if (!verdict.written) continue;
        out += known->opening;
        write_value(value, name, verdict, {}, instead, out);
        continue;
      }
      out += known->opening;
      bool const single = !value.is_object() && !value.is_array();
      if (single && known->verdict.as_it_is && instead.empty()) {
        value.dump_to(out);
        continue;
      }
      write_value(value, name, known->verdict, {}, instead, out);
      continue;
    }
    auto verdict = judge(name, place);
    hide_stray_mail(value, verdict);
    if (!verdict.written) continue;
    out += ',';
    append_json_string(out, name);
    out += ':';
    write_value(value, name, verdict, {}, instead, out);
  }
  if (out.size() == start) {
    out += '{';
  } else {
    out[start] = '{';  // instead of the first comma
  }
  out += '}';
  if (!reader.missed() || known_.is_full()) return;
  KnownMembers::List members;
  for (auto const& [name, value] : row.members()) {
    std::string opening(1, ',');
    append_json_string(opening, name);
    opening += ':';
    members.push_back({name, std::move(opening), judge(name, place)});
  }
  known_.learn(std::move(members));
}

void PrivacyFilter::write_members(Json const& object, Place place, Rests const& skip,
                                  ValueTexts const& instead, std::string& out) const {
  out += '{';
  bool first = true;
  Rests inner;
  for (auto const& [name, value] : object.members()) {
    inner.clear();
    if (!skip.empty()) {
      auto const step = path_step(name);
      if (std::ranges::find(skip, step) != skip.end()) continue;
      for (auto const path : skip) {
        if (path.size() > step.size() && path[step.size()] == '.' && path.starts_with(step)) {
          inner.push_back(path.substr(step.size() + 1));
        }
      }
    }
    auto verdict = judge(name, place);
    hide_stray_mail(value, verdict);
    if (!verdict.written) continue;
    if (!first) out += ',';
    first = false;
    append_json_string(out, name);
    out += ':';
    write_value(value, name, verdict, inner, instead, out);
  }
  out += '}';
}

void PrivacyFilter::write_hidden(Json const& value, std::string& out) const {
  if (value.is_null()) {
    out += "null";
    return;
  }
  auto const text = value.scalar_text();
  append_json_string(out, hash(text ? std::string(*text) : value.dump()));
}

}  // namespace affsync::engine
