#include "connectors/engine/privacy_filter.hpp"

#include <openssl/evp.h>

#include <algorithm>

namespace affsync::engine {
namespace {

bool is_index(std::string_view step) {
  return !step.empty() && step.find_first_not_of("0123456789") == std::string_view::npos;
}

// The path without its first step; empty when that was all.
std::string_view tail_of(std::string_view path) {
  auto const dot = path.find('.');
  return dot == std::string_view::npos ? std::string_view{} : path.substr(dot + 1);
}

std::string_view head_of(std::string_view path) {
  return path.substr(0, path.find('.'));
}

void collect(TableMapping const& mapping, std::vector<std::string>& paths) {
  for (auto const& column : mapping.columns) {
    if (!column.personal) continue;
    for (auto const& path : column.from) paths.push_back(path.text());
  }
}

}  // namespace

PrivacyFilter::PrivacyFilter(StreamPlan const& plan)
    : source_(plan.source), privacy_(plan.privacy), paths_(plan.spec.personal) {
  collect(plan.spec.map, paths_);
  for (auto const& mapping : plan.spec.also) collect(mapping, paths_);
  std::ranges::sort(paths_);
  paths_.erase(std::unique(paths_.begin(), paths_.end()), paths_.end());
}

bool PrivacyFilter::covers(std::string_view path) const {
  return std::ranges::any_of(paths_, [&](std::string const& personal) {
    return path.starts_with(personal) &&
           (path.size() == personal.size() || path[personal.size()] == '.');
  });
}

std::string PrivacyFilter::hash(std::string_view value) const {
  std::string const text = source_ + std::string(value);
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  if (EVP_Digest(text.data(), text.size(), digest, &length, EVP_sha256(), nullptr) != 1) {
    throw Failure(ErrorCode::internal, "OpenSSL cannot make a SHA-256 hash");
  }
  static constexpr char hex[] = "0123456789abcdef";
  std::string out = "sha256:";
  for (unsigned i = 0; i < length; ++i) out += {hex[digest[i] >> 4], hex[digest[i] & 15]};
  return out;
}

void PrivacyFilter::dump(Json const& row, std::vector<std::string> const& skip,
                         std::string& out) const {
  Rests rests;
  if (privacy_ != Privacy::keep) rests.assign(paths_.begin(), paths_.end());
  if (!row.is_object()) return write(row, rests, out);
  if (rests.empty() && skip.empty()) return row.dump_to(out);
  write_members(row, rests, skip, out);
}

void PrivacyFilter::write(Json const& value, Rests const& rests, std::string& out) const {
  if (rests.empty()) return value.dump_to(out);
  if (value.is_object()) return write_members(value, rests, {}, out);
  if (!value.is_array()) {
    // Personal things are said to be inside, but this is no object: it may be the thing itself.
    if (privacy_ == Privacy::hash) return write_hidden(value, out);
    out += "null";
    return;
  }
  // A list on the way: what is personal in one of its items is so in all of them.
  Rests inner;
  for (auto const rest : rests) {
    auto const tail = is_index(head_of(rest)) ? tail_of(rest) : rest;
    if (!tail.empty()) inner.push_back(tail);
  }
  bool const items_hidden = inner.size() < rests.size();
  out += '[';
  bool first = true;
  for (auto const& item : value.items()) {
    if (items_hidden && privacy_ == Privacy::drop) continue;
    if (!first) out += ',';
    first = false;
    if (items_hidden) {
      write_hidden(item, out);
    } else {
      write(item, inner, out);
    }
  }
  out += ']';
}

void PrivacyFilter::write_members(Json const& object, Rests const& rests,
                                  std::vector<std::string> const& skip, std::string& out) const {
  out += '{';
  bool first = true;
  Rests inner;
  for (auto const& member : object.members()) {
    if (std::ranges::find(skip, member.name) != skip.end()) continue;
    bool hidden = false;
    inner.clear();
    for (auto const rest : rests) {
      if (head_of(rest) != member.name) continue;
      auto const tail = tail_of(rest);
      if (tail.empty()) {
        hidden = true;
      } else {
        inner.push_back(tail);
      }
    }
    if (hidden && privacy_ == Privacy::drop) continue;
    if (!first) out += ',';
    first = false;
    append_json_string(out, member.name);
    out += ':';
    if (hidden) {
      write_hidden(member.value, out);
    } else {
      write(member.value, inner, out);
    }
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
