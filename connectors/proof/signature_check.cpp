#include "connectors/proof/signature_check.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
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

std::string hashed(SignatureSpec const& spec, std::string const& key, std::string_view text) {
  switch (spec.algorithm) {
    case SignatureSpec::Algorithm::hmac_sha256:
      return keyed(EVP_sha256(), key, text);
    case SignatureSpec::Algorithm::hmac_sha512:
      return keyed(EVP_sha512(), key, text);
    default:
      return {};
  }
}

std::string encoded(SignatureSpec const& spec, std::string_view bytes) {
  switch (spec.encoding) {
    case SignatureSpec::Encoding::hex:
      return hex(bytes);
    case SignatureSpec::Encoding::base64:
      return base64_of(bytes);
    default:
      return {};
  }
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

std::string sorted_and_encoded(std::string_view query) {
  std::vector<std::string> pairs;
  for (auto const& [name, value] : read_pairs(query)) {
    pairs.push_back(percent_encoded(name) + "=" + percent_encoded(value));
  }
  std::sort(pairs.begin(), pairs.end());
  std::string out;
  for (auto const& pair : pairs) out += (out.empty() ? "" : "&") + pair;
  return out;
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
  return text;
}

std::optional<std::string> signature_complaint(engine::SourcePlan const& plan,
                                               HttpRequest const& request, TimePoint now) {
  if (!plan.signature) return std::nullopt;
  auto const& spec = *plan.signature;
  auto const header = [&](std::string const& name) -> std::string {
    return std::string(request.headers.find(name).value_or(""));
  };
  auto const found = header(spec.header);
  if (found.empty()) return "a request is not signed: it has no header " + spec.header;

  auto const timestamp = spec.timestamp_header.empty() ? "" : header(spec.timestamp_header);
  if (!spec.timestamp_header.empty()) {
    constexpr std::int64_t tolerance = 300;
    auto const seconds = seconds_of(spec.timestamp_form, timestamp);
    if (!seconds) {
      return "the time of a signature does not have the declared form: " + timestamp;
    }
    auto const ours =
        std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
    if (std::abs(*seconds - ours) > tolerance)
      return "a signature is of another time: " + timestamp;
  }
  auto const mark = std::min(request.target.find('?'), request.target.size());
  auto const query = request.target.substr(std::min(mark + 1, request.target.size()));
  std::string text;
  for (std::size_t i = 0; i < spec.parts.size(); ++i) {
    if (i > 0) text += spec.join;
    switch (spec.parts[i].kind) {
      case SignedPart::constant:
        text += filled_in(spec.parts[i].text, plan, "");
        break;
      case SignedPart::method:
        text += to_string(request.method);
        break;
      case SignedPart::path:
        text += request.target.substr(0, mark);
        break;
      case SignedPart::query:
        text += query;
        break;
      case SignedPart::sorted_query:
        text += sorted_and_encoded(query);
        break;
      case SignedPart::body_sha256:
        text += hex(digest(EVP_sha256(), request.body));
        break;
      case SignedPart::timestamp:
        text += timestamp;
        break;
      case SignedPart::nonce:
        text += header(spec.nonce_header);
        break;
      default:
        return "the signature has a part that cannot be computed again here";
    }
  }
  auto const wanted =
      spec.prefix + encoded(spec, hashed(spec, filled_in(spec.secret, plan, ""), text));
  if (found != wanted) {
    return "the signature in " + spec.header + " is not that of the parts that are declared";
  }
  return std::nullopt;
}

}  // namespace affsync::proof
