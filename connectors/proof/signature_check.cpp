#include "connectors/proof/signature_check.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "connectors/proof/query.hpp"

namespace affsync::proof {
namespace {

using engine::SignatureSpec;
using engine::SignedPart;

std::string hex(std::string_view bytes) {
  std::string out;
  for (unsigned char const c : bytes) {
    char digits[3];
    std::snprintf(digits, sizeof digits, "%02x", c);
    out += digits;
  }
  return out;
}

std::string digest(EVP_MD const* algorithm, std::string_view text) {
  unsigned char bytes[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  EVP_Digest(text.data(), text.size(), bytes, &size, algorithm, nullptr);
  return {reinterpret_cast<char const*>(bytes), size};
}

std::string keyed(EVP_MD const* algorithm, std::string const& key, std::string_view text) {
  unsigned char bytes[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  HMAC(algorithm, key.data(), static_cast<int>(key.size()),
       reinterpret_cast<unsigned char const*>(text.data()), text.size(), bytes, &size);
  return {reinterpret_cast<char const*>(bytes), size};
}

std::string bytes_of_base64(std::string const& text) {
  auto const padding = std::count(text.begin(), text.end(), '=');
  std::string bytes(text.size() / 4 * 3, '\0');
  auto const size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                                    reinterpret_cast<unsigned char const*>(text.data()),
                                    static_cast<int>(text.size()));
  bytes.resize(size < padding ? 0 : static_cast<std::size_t>(size - padding));
  return bytes;
}

std::string hashed(SignatureSpec const& spec, std::string const& key, std::string_view text) {
  using Algorithm = SignatureSpec::Algorithm;
  switch (spec.algorithm) {
    case Algorithm::hmac_sha256:
      return keyed(EVP_sha256(), key, text);
    case Algorithm::hmac_sha512:
      return keyed(EVP_sha512(), key, text);
    case Algorithm::hmac_sha1:
      return keyed(EVP_sha1(), key, text);
    case Algorithm::sha256:
      return digest(EVP_sha256(), text);
    case Algorithm::sha1:
      return digest(EVP_sha1(), text);
    case Algorithm::md5:
      return digest(EVP_md5(), text);
    case Algorithm::double_sha256:
      return digest(EVP_sha256(), hex(digest(EVP_sha256(), text)) + key);
  }
  return {};
}

std::string encoded(SignatureSpec const& spec, std::string_view bytes) {
  auto out = hex(bytes);
  switch (spec.encoding) {
    case SignatureSpec::Encoding::hex:
      return out;
    case SignatureSpec::Encoding::upper_hex:
      for (auto& c : out) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
      return out;
    case SignatureSpec::Encoding::base64:
      return base64_of(bytes);
    case SignatureSpec::Encoding::base64_of_hex:
      return base64_of(out);
  }
  return {};
}

// RFC 3986: letters, digits and four more stay.
std::string percent_encoded(std::string_view text) {
  std::string out;
  for (unsigned char const c : text) {
    bool const stays = std::isalnum(c) != 0 || c == '-' || c == '.' || c == '_' || c == '~';
    if (stays) {
      out += static_cast<char>(c);
    } else {
      char digits[4];
      std::snprintf(digits, sizeof digits, "%%%02X", c);
      out += digits;
    }
  }
  return out;
}

using Pairs = std::vector<std::pair<std::string, std::string>>;

std::string joined(Pairs const& pairs, std::string const& equals, std::string const& between) {
  std::string out;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    out += (i == 0 ? "" : between) + pairs[i].first + equals + pairs[i].second;
  }
  return out;
}

std::string sorted_and_encoded(std::string_view query) {
  std::vector<std::string> texts;
  for (auto const& [name, value] : read_pairs(query)) {
    texts.push_back(percent_encoded(name) + "=" + percent_encoded(value));
  }
  std::sort(texts.begin(), texts.end());
  std::string out;
  for (auto const& text : texts) out += (out.empty() ? "" : "&") + text;
  return out;
}

Pairs sorted(std::string_view query) {
  auto pairs = read_pairs(query);
  std::sort(pairs.begin(), pairs.end());
  return pairs;
}

// Returns the seconds that a time means in the declared form; nullopt if it has another form.
std::optional<std::int64_t> seconds_of(SignatureSpec::TimestampForm form, std::string const& text) {
  bool const digits = !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
  constexpr std::size_t size_of_seconds = 10, size_of_milliseconds = 13;
  switch (form) {
    case SignatureSpec::TimestampForm::seconds:
      if (!digits || text.size() != size_of_seconds) return std::nullopt;
      return std::atoll(text.c_str());
    case SignatureSpec::TimestampForm::milliseconds:
      if (!digits || text.size() != size_of_milliseconds) return std::nullopt;
      return std::atoll(text.c_str()) / 1000;
    default:
      break;
  }
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  if (form == SignatureSpec::TimestampForm::rfc1123) {
    std::tm parts{};
    auto const* const end = strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
    if (end == nullptr || *end != '\0') return std::nullopt;
    return timegm(&parts);
  }
  if (std::sscanf(text.c_str(), "%4d-%2d-%2dT%2d:%2d:%2d", &year, &month, &day, &hour, &minute,
                  &second) != 6) {
    return std::nullopt;
  }
  auto const date = parse_day(text.substr(0, 10));
  if (!date) return std::nullopt;
  constexpr int minutes = 60, hours = 3600;
  return std::chrono::duration_cast<std::chrono::seconds>(date->time_since_epoch()).count() +
         hour * hours + minute * minutes + second;
}

}  // namespace

std::string base64_of(std::string_view bytes) {
  std::string out((bytes.size() + 2) / 3 * 4 + 1, '\0');
  auto const size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                    reinterpret_cast<unsigned char const*>(bytes.data()),
                                    static_cast<int>(bytes.size()));
  out.resize(static_cast<std::size_t>(size));
  return out;
}

std::string more_token(std::string const& token, std::string const& name) {
  return token + "-" + name;
}

std::string filled_in(std::string text, engine::SourcePlan const& plan, std::string const& token) {
  auto const put = [&text](std::string const& mark, std::string const& value) {
    for (auto at = text.find(mark); at != std::string::npos; at = text.find(mark, at)) {
      text.replace(at, mark.size(), value);
      at += value.size();
    }
  };
  for (auto const& [name, value] : plan.credentials) {
    put("${credentials." + name + "}", value.reveal());
  }
  put("${token}", token);
  if (auto const* login = std::get_if<engine::LoginTokenAuth>(&plan.auth)) {
    for (auto const& [name, place] : login->more_tokens) {
      put("${token." + name + "}", more_token(token, name));
    }
  }
  return text;
}

namespace {

// A signed request, taken apart as it arrived.
struct Arrived {
  HttpRequest const& request;
  SignatureSpec const& spec;
  std::string path, query;  // the query without the signature itself

  Arrived(HttpRequest const& arrived, SignatureSpec const& signature)
      : request(arrived), spec(signature) {
    auto const mark = std::min(request.target.find('?'), request.target.size());
    path = request.target.substr(0, mark);
    query = request.target.substr(std::min(mark + 1, request.target.size()));
    if (spec.parameter.empty()) return;
    auto const at = ("&" + query).rfind("&" + percent_encoded(spec.parameter) + "=");
    if (at == std::string::npos) return;
    // It has to be the last one, so what is in front is what was signed.
    signature_text = decode_percent(query.substr(at + percent_encoded(spec.parameter).size() + 1));
    query = query.substr(0, at == 0 ? 0 : at - 1);
  }

  std::string signature_text;

  // A value that is in a header or in the query.
  std::string value(std::string const& header, std::string const& parameter) const {
    if (!header.empty()) return std::string(request.headers.find(header).value_or(""));
    for (auto const& [name, text] : read_pairs(query)) {
      if (!parameter.empty() && name == parameter) return text;
    }
    return {};
  }

  std::string with_path(std::string const& text) const {
    return query.empty() ? path : path + "?" + text;
  }

  std::string part(SignedPart kind) const {
    switch (kind) {
      case SignedPart::constant:
        return {};
      case SignedPart::method:
        return std::string(to_string(request.method));
      case SignedPart::host:
        return std::string(request.headers.find("Host").value_or(""));
      case SignedPart::path:
        return path;
      case SignedPart::query:
        return query;
      case SignedPart::sorted_query:
        return sorted_and_encoded(query);
      case SignedPart::raw_query:
        return joined(read_pairs(query), "=", "&");
      case SignedPart::sorted_raw_query:
        return joined(sorted(query), "=", "&");
      case SignedPart::sorted_names_and_values:
        return joined(sorted(query), "", "");
      case SignedPart::path_and_query:
        return with_path(query);
      case SignedPart::path_and_raw_query:
        return with_path(joined(read_pairs(query), "=", "&"));
      case SignedPart::path_and_sorted_raw_query:
        return with_path(joined(sorted(query), "=", "&"));
      case SignedPart::body:
        return request.body;
      case SignedPart::body_sha256:
        return hex(digest(EVP_sha256(), request.body));
      case SignedPart::body_sha512:
        return hex(digest(EVP_sha512(), request.body));
      case SignedPart::timestamp:
        return value(spec.timestamp_header, spec.timestamp_parameter);
      case SignedPart::nonce:
        return value(spec.nonce_header, spec.nonce_parameter);
      case SignedPart::receive_window:
        return spec.receive_window;
      case SignedPart::sha256_of:
        break;
    }
    return {};
  }

  std::string part(SignatureSpec::Part const& one) const {
    if (one.kind != SignedPart::sha256_of) return part(one.kind);
    std::string text;
    for (auto const kind : one.hashed) text += part(kind);
    return digest(EVP_sha256(), text);
  }
};

}  // namespace

std::optional<std::string> signature_complaint(engine::SourcePlan const& plan,
                                               HttpRequest const& request, TimePoint now) {
  if (!plan.signature) return std::nullopt;
  auto const& spec = *plan.signature;
  Arrived const arrived(request, spec);
  auto const place =
      spec.parameter.empty() ? "the header " + spec.header : "the parameter " + spec.parameter;
  auto const found =
      spec.parameter.empty() ? arrived.value(spec.header, "") : arrived.signature_text;
  if (found.empty()) return "a request is not signed: it lacks " + place;

  if (!spec.timestamp_header.empty() || !spec.timestamp_parameter.empty()) {
    constexpr std::int64_t tolerance = 300;
    auto const timestamp = arrived.part(SignedPart::timestamp);
    auto const seconds = seconds_of(spec.timestamp_form, timestamp);
    if (!seconds) return "the time of a signature does not have the declared form: " + timestamp;
    auto const ours =
        std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
    if (std::abs(*seconds - ours) > tolerance)
      return "a signature is of another time: " + timestamp;
  }
  if (!spec.receive_window.empty()) {
    auto const window = arrived.value(spec.receive_window_header, spec.receive_window_parameter);
    if (window != spec.receive_window) return "a request lacks the declared receive window";
  }
  auto key = filled_in(spec.secret, plan, "");
  if (spec.secret_form == SignatureSpec::SecretForm::base64) key = bytes_of_base64(key);
  auto const sign = [&](std::string const& text) { return encoded(spec, hashed(spec, key, text)); };
  std::string text;
  for (std::size_t i = 0; i < spec.parts.size(); ++i) {
    auto const& part = spec.parts[i];
    text +=
        (i > 0 ? spec.join : "") +
        (part.kind == SignedPart::constant ? filled_in(part.text, plan, "") : arrived.part(part));
  }
  if (spec.prehash == SignatureSpec::Prehash::upper_md5) {
    text = hex(digest(EVP_md5(), text));
    for (auto& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  if (found != spec.prefix + sign(text)) {
    return "the signature in " + place + " is not that of the parts that are declared";
  }
  for (auto const& [name, value] : spec.signed_headers) {
    if (arrived.value(name, "") != sign(filled_in(value, plan, ""))) {
      return "the header " + name + " does not hold the signed text that is declared";
    }
  }
  return std::nullopt;
}

}  // namespace affsync::proof
