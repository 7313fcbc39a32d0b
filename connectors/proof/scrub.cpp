#include "connectors/proof/scrub.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <cctype>

#include "base/case_fold.hpp"
#include "base/text.hpp"
#include "connectors/engine/request/signature.hpp"
#include "connectors/proof/query.hpp"

namespace affsync::proof {
namespace {

using engine::StreamPlan;
using engine::StreamSpec;
using engine::ValueType;

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// Codes that say nothing about anybody.
bool is_currency(std::string_view text) {
  constexpr std::string_view known[] = {
      "USD", "EUR", "GBP",  "RUB",  "CHF", "JPY", "AUD", "CAD", "NZD", "CNY", "HKD", "SGD",  "INR",
      "IDR", "THB", "VND",  "MYR",  "PHP", "KRW", "AED", "SAR", "ZAR", "NGN", "KES", "BRL",  "MXN",
      "ARS", "CLP", "COP",  "PLN",  "CZK", "HUF", "RON", "SEK", "NOK", "DKK", "TRY", "UAH",  "KZT",
      "BTC", "ETH", "USDT", "USDC", "LTC", "XRP", "BNB", "TRX", "USC", "SOL", "DAI", "DOGE", "TON"};
  return std::ranges::any_of(known, [&](auto code) { return equal_without_case(code, text); });
}

// True for "2026-11-02", "02.11.2026 14:05" and the like: a form of digits and separators in which
// a year can be found.
bool is_date(std::string_view text) {
  int digits = 0, separators = 0;
  for (char const c : text) {
    digits += is_digit(c);
    separators += c == '-' || c == '.' || c == '/' || c == ':';
    bool const fits = is_digit(c) || std::string_view("-./:+ TZ").find(c) != std::string_view::npos;
    if (!fits) return false;
  }
  return digits >= 8 && separators >= 2;
}

bool is_plain_number(std::string_view text) {
  bool digits = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char const c = text[i];
    digits = digits || is_digit(c);
    bool const sign = (c == '-' || c == '+') && i == 0;
    if (!is_digit(c) && !sign && c != '.' && c != ',' && c != ' ' && c != 'e' && c != 'E') {
      return false;
    }
  }
  return digits;
}

void add_words(std::set<std::string>& words, std::string_view text) {
  std::string word;
  for (char const c : std::string(text) + ' ') {
    if (is_letter(c) || is_digit(c)) {
      word += c;
    } else if (!word.empty()) {
      words.insert(std::move(word));
      word.clear();
    }
  }
}

}  // namespace

// The paths whose values are kept, with the words that are kept there; no words: any value that the
// form of which is that of a time or a currency.
struct Scrubber::Kept {
  std::set<std::string> whole;                         // kept as they are: counts, codes
  std::map<std::string, std::set<std::string>> words;  // in lower case
  std::set<std::string> times;
  std::set<std::string> currencies;
  std::set<std::string> links;
  std::set<std::string> names_are_data;  // objects whose member names are data
};

struct Scrubber::Given {
  std::map<std::string, std::string, std::less<>> by_value;
  std::set<std::string, std::less<>> taken;
};

Scrubber::Scrubber(engine::SourcePlan const& plan, Secret key)
    : plan_(plan), key_(std::move(key)), given_(std::make_shared<Given>()) {
  add_words(words_, engine::base_path_of(plan.base_url));
}

std::string Scrubber::hash(std::string_view text, std::size_t bytes) const {
  std::string out;
  for (int block = 0; out.size() < bytes; ++block) {
    auto const input = std::to_string(block) + ":" + std::string(text);
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    auto const& key = key_.reveal();
    if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
             reinterpret_cast<unsigned char const*>(input.data()), input.size(), digest,
             &size) == nullptr) {
      throw Failure(ErrorCode::internal, "a value could not be replaced");
    }
    out.append(reinterpret_cast<char const*>(digest), size);
  }
  return out;
}

// Keys of rows must stay different: of short ones many would meet by chance.
std::string Scrubber::changed(std::string_view text) const {
  constexpr int most_attempts = 256;
  auto const known = given_->by_value.find(text);
  if (known != given_->by_value.end()) return known->second;
  std::string out;
  for (int attempt = 0; attempt < most_attempts; ++attempt) {
    std::string const seed = attempt == 0 ? "" : std::to_string(attempt) + "\n";
    out = replaced(text, seed + std::string(text));
    if (given_->taken.insert(out).second) break;
  }
  given_->by_value.emplace(text, out);
  return out;
}

// Replaces each letter by a letter and each digit by a digit.
std::string Scrubber::replaced(std::string_view text, std::string_view seed) const {
  auto const random = hash(seed, text.size() + 1);
  std::string out(text);
  bool leading = true;  // no digit but 0 has come
  std::size_t last_kept = text.size();
  auto const point = text.find('.');
  // Zeros at the end of a fraction are its form: "12.50" has two places.
  if (point != std::string_view::npos && is_plain_number(text)) {
    while (last_kept > point + 1 && text[last_kept - 1] == '0') --last_kept;
  }
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto const byte = static_cast<unsigned char>(random[i]);
    char const c = text[i];
    if (is_digit(c)) {
      if (i >= last_kept) continue;
      bool const zero = c == '0' && leading;
      leading = leading && c == '0';
      if (!zero) out[i] = static_cast<char>('1' + byte % 9);
    } else if (c >= 'a' && c <= 'z') {
      out[i] = static_cast<char>('a' + byte % 26);
    } else if (c >= 'A' && c <= 'Z') {
      out[i] = static_cast<char>('A' + byte % 26);
    }
  }
  // What is not ASCII becomes a letter of the same script where that is Cyrillic, else an "x".
  std::string safe;
  for (std::size_t i = 0; i < out.size(); ++i) {
    auto const lead = static_cast<unsigned char>(out[i]);
    if (lead < 0x80) {
      safe += out[i];
      continue;
    }
    bool const cyrillic = (lead == 0xD0 || lead == 0xD1) && i + 1 < out.size();
    std::size_t size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
    size = std::min(size, out.size() - i);
    if (cyrillic) {
      safe += '\xD0';
      safe += static_cast<char>(0xB0 + static_cast<unsigned char>(random[i]) % 16);  // а … п
    } else {
      safe += static_cast<char>('a' + static_cast<unsigned char>(random[i]) % 26);
    }
    i += size - 1;
  }
  return safe;
}

std::string Scrubber::scalar(std::string_view text, bool number) const {
  if (text.empty()) return {};
  if (!number && (text == "true" || text == "false" || text == "null")) return std::string(text);
  if (!number && is_currency(text)) return std::string(text);
  auto const exponent = number ? text.find_first_of("eE") : std::string_view::npos;
  if (exponent != std::string_view::npos) {
    return changed(text.substr(0, exponent)) + std::string(text.substr(exponent));
  }
  return changed(text);
}

std::string Scrubber::text(std::string_view text) const {
  std::string out, word;
  for (char const c : std::string(text) + '\n') {
    bool const inside = is_letter(c) || is_digit(c) || static_cast<unsigned char>(c) >= 0x80;
    if (inside) {
      word += c;
      continue;
    }
    out += words_.contains(word) ? word : changed(word);
    word.clear();
    out += c;
  }
  out.pop_back();
  return out;
}

std::string Scrubber::link(std::string_view text) const {
  auto const scheme = text.find("://");
  auto const path = scheme == std::string_view::npos ? 0 : text.find('/', scheme + 3);
  auto rest = path == std::string_view::npos ? std::string_view("/") : text.substr(path);
  auto const mark = std::min(rest.find('?'), rest.size());
  std::string out = scheme == std::string_view::npos ? "" : "https://broker.example";
  out += this->text(rest.substr(0, mark));
  if (mark == rest.size()) return out;
  // Names of parameters are part of the API; their values are data.
  char join = '?';
  for (auto const& [name, value] : read_pairs(rest.substr(mark + 1))) {
    out += join + name + "=" + this->text(value);
    join = '&';
  }
  return out;
}

std::string Scrubber::target(StreamPlan const& stream, std::string_view target) const {
  auto own = *this;
  add_words(own.words_, stream.spec->request.path);
  for (auto const& [name, value] : stream.spec->request.query) add_words(own.words_, value);
  for (auto const& part : stream.spec->parts) {
    for (auto const& [name, value] : part.query) add_words(own.words_, value);
  }
  auto const mark = std::min(target.find('?'), target.size());
  std::string out = own.text(target.substr(0, mark));
  if (mark == target.size()) return out;
  auto rest = target.substr(mark + 1);
  char join = '?';
  while (!rest.empty()) {
    auto const end = std::min(rest.find('&'), rest.size());
    auto const pair = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    auto const equals = std::min(pair.find('='), pair.size());
    auto const name = pair.substr(0, equals);
    auto const value = equals < pair.size() ? pair.substr(equals + 1) : std::string_view{};
    auto const& window = stream.spec->window;
    bool const ours = engine::is_window_parameter(stream.spec, name) ||
                      engine::is_paging_parameter(stream.spec->page, name);
    bool const counted = ours && (window || value.size() < 6) &&
                         (is_date(decode_percent(value)) || is_plain_number(value));
    out += join;
    out += name;
    out += '=';
    out += counted ? std::string(value) : own.text(value);
    join = '&';
  }
  return out;
}

Json Scrubber::value(Json const& value, std::string const& path, Kept const& kept) const {
  auto const below = [&](std::string_view name) {
    return path.empty() ? std::string(name) : path + "." + std::string(name);
  };
  if (value.is_array()) {
    Json::Array items;
    for (auto const& item : value.items()) items.push_back(this->value(item, path, kept));
    return Json::array(std::move(items));
  }
  if (value.is_object()) {
    Json::Object members;
    bool const data = kept.names_are_data.contains(path);
    for (auto const& member : value.members()) {
      // Names with digits or a mail address in them may be those of clients.
      auto const digits = std::ranges::count_if(member.name, is_digit);
      bool const named = data || digits > 3 || member.name.find('@') != std::string::npos ||
                         member.name.find(' ') != std::string::npos;
      bool const plain = !named || is_currency(member.name) || is_date(member.name);
      auto name = plain ? member.name : changed(member.name);
      members.push_back({std::move(name), this->value(member.value, below(member.name), kept)});
    }
    return Json::object(std::move(members));
  }
  auto const scalar = value.scalar_text();
  if (!scalar || (!value.is_string() && !value.is_number())) return value;
  auto const text = std::string(*scalar);
  // A count or a flag; not an address that says "more" by being there.
  constexpr std::size_t longest_flag = 5;
  bool const flag = value.is_number() || is_plain_number(text) || text.size() <= longest_flag;
  if (kept.whole.contains(path) && flag) return value;
  if (kept.times.contains(path) && (is_date(text) || is_plain_number(text))) return value;
  bool const code = std::ranges::all_of(text, [](char c) { return is_letter(c) || is_digit(c); });
  if (kept.currencies.contains(path) && code && text.size() <= longest_flag) return value;
  auto const words = kept.words.find(path);
  if (words != kept.words.end() && words->second.contains(fold_case(text))) return value;
  if (kept.links.contains(path) || text.find("://") != std::string::npos) {
    return Json::string(link(text));
  }
  auto out = this->scalar(text, value.is_number());
  return value.is_number() ? Json::number(std::move(out)) : Json::string(std::move(out));
}

Json Scrubber::answer(StreamPlan const& stream, Json const& body) const {
  auto const& spec = *stream.spec;
  Kept kept;
  auto const keep_whole = [&](std::optional<JsonPath> const& path) {
    if (path) kept.whole.insert(path->text());
  };
  keep_whole(spec.page.total);
  keep_whole(spec.page.total_pages());
  keep_whole(spec.page.more());
  for (auto const& good : spec.good) {
    for (auto const& word : good.equals) kept.words[good.json.text()].insert(fold_case(word));
  }
  keep_words_of_rules(kept);
  if (auto const* by_link = std::get_if<engine::LinkPaging>(&spec.page.kind)) {
    kept.links.insert(by_link->next.text());
  }
  // Paths of a row become paths of the answer: the list's own path is in front. A list in a list
  // has the same path for each of its elements.
  std::vector<std::string> prefixes;
  for (auto const& path : spec.records) {
    auto text = path.text() == "$" ? std::string() : path.text();
    if (text.ends_with(".*")) text = text.substr(0, text.size() - 2);
    prefixes.push_back(text.empty() ? "" : text + ".");
    if (spec.expand) kept.names_are_data.insert(text);
  }
  auto const each = [&](std::string const& path, auto const& take) {
    for (auto const& prefix : prefixes) take(prefix + path);
  };
  auto const note = [&](engine::TableMapping const& mapping) {
    if (mapping.where) {
      for (auto const& word : mapping.where->words) {
        each(mapping.where->path.text(),
             [&](std::string const& path) { kept.words[path].insert(fold_case(word)); });
      }
    }
    for (auto const& column : mapping.columns) {
      for (auto const& from : column.from) {
        each(from.text(), [&](std::string const& path) {
          switch (column.type) {
            case ValueType::enumeration:
              for (auto const& [word, ours] : column.table) kept.words[path].insert(word);
              break;
            case ValueType::date:
            case ValueType::datetime:
            case ValueType::epoch:
              if (!column.personal) kept.times.insert(path);
              break;
            case ValueType::currency:
              kept.currencies.insert(path);
              break;
            default:
              break;
          }
        });
      }
    }
  };
  note(spec.map);
  for (auto const& also : spec.also) note(also);
  return value(body, "", kept);
}

void Scrubber::keep_words_of_rules(Kept& kept) const {
  for (auto const& rule : *plan_.errors) {
    if (!rule.json) continue;
    for (auto const& word : rule.json_equals) kept.words[rule.json->text()].insert(fold_case(word));
    for (auto const& one : rule.further) {
      if (!one.json) continue;
      for (auto const& word : one.equals) kept.words[one.json->text()].insert(fold_case(word));
    }
  }
}

Json Scrubber::other(Json const& body) const {
  Kept kept;
  keep_words_of_rules(kept);
  return value(body, "", kept);
}

}  // namespace affsync::proof
