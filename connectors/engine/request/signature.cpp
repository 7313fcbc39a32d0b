#include "connectors/engine/request/signature.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <vector>

#include "base/encodings.hpp"
#include "base/error.hpp"
#include "base/random.hpp"
#include "base/text.hpp"
#include "connectors/engine/plan/credentials.hpp"
#include "connectors/engine/values/base64.hpp"
#include "connectors/engine/values/query.hpp"
#include "connectors/engine/values/time_format.hpp"

namespace affsync::engine {
namespace {

using Algorithm = SignatureSpec::Algorithm;

unsigned char const* bytes_of(std::string_view text) {
  return reinterpret_cast<unsigned char const*>(text.data());
}

[[noreturn]] void refuse_hash() {
  throw Failure(ErrorCode::internal, "a request could not be signed",
                "The machine's OpenSSL may not offer this hash.");
}

std::string digest_of(EVP_MD const* algorithm, std::string_view text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  if (EVP_Digest(text.data(), text.size(), digest, &size, algorithm, nullptr) != 1) refuse_hash();
  return std::string(reinterpret_cast<char const*>(digest), size);
}

std::string keyed_digest(EVP_MD const* algorithm, std::string const& key, std::string_view text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  if (HMAC(algorithm, key.data(), static_cast<int>(key.size()), bytes_of(text), text.size(), digest,
           &size) == nullptr) {
    refuse_hash();
  }
  return std::string(reinterpret_cast<char const*>(digest), size);
}

std::string digest_of(Algorithm algorithm, std::string const& key, std::string_view text) {
  switch (algorithm) {
    case Algorithm::hmac_sha256:
      return keyed_digest(EVP_sha256(), key, text);
    case Algorithm::hmac_sha512:
      return keyed_digest(EVP_sha512(), key, text);
    case Algorithm::hmac_sha1:
      return keyed_digest(EVP_sha1(), key, text);
    case Algorithm::sha256:
      return digest_of(EVP_sha256(), text);
    case Algorithm::sha1:
      return digest_of(EVP_sha1(), text);
    case Algorithm::md5:
      return digest_of(EVP_md5(), text);
    case Algorithm::double_sha256:
      return digest_of(EVP_sha256(), hex_of(digest_of(EVP_sha256(), text)) + key);
  }
  refuse_hash();
}

std::string upper_hex_of(std::string_view bytes) {
  auto hex = hex_of(bytes);
  for (auto& c : hex) {
    if (c >= 'a' && c <= 'f') c = static_cast<char>(c - 'a' + 'A');
  }
  return hex;
}

std::string signed_text(SignatureSpec const& signature, std::string const& key,
                        std::string_view text) {
  auto const digest = digest_of(signature.algorithm, key, text);
  switch (signature.encoding) {
    case SignatureSpec::Encoding::hex:
      return hex_of(digest);
    case SignatureSpec::Encoding::upper_hex:
      return upper_hex_of(digest);
    case SignatureSpec::Encoding::base64_of_hex:
      return encode_base64(hex_of(digest));
    case SignatureSpec::Encoding::base64:
      break;
  }
  return encode_base64(digest);
}

std::string timestamp_text(SignatureSpec::TimestampForm form, TimePoint now) {
  using namespace std::chrono;
  using Form = SignatureSpec::TimestampForm;
  auto const milliseconds_of_now = floor<milliseconds>(now).time_since_epoch().count();
  switch (form) {
    case Form::seconds:
      return std::to_string(floor<seconds>(now).time_since_epoch().count());
    case Form::milliseconds:
      return std::to_string(milliseconds_of_now);
    case Form::rfc1123: {
      constexpr std::string_view weekdays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
      weekday const day(floor<days>(now));
      return std::string(weekdays[day.c_encoding()]) +
             format_wall(", %d %b %Y %H:%M:%S GMT", now, minutes(0));
    }
    case Form::iso:
    case Form::iso_milliseconds:
    case Form::iso_without_zone:
      break;
  }
  auto text = format_time(floor<seconds>(now));
  if (form == Form::iso) return text;
  text.pop_back();  // the Z
  if (form == Form::iso_without_zone) return text;
  auto const thousandths = std::to_string(1000 + milliseconds_of_now % 1000).substr(1);
  return text + '.' + thousandths + 'Z';
}

// The pairs of a query, decoded.
NamedTexts pairs_of(std::string_view query) {
  NamedTexts pairs;
  while (!query.empty()) {
    auto const end = std::min(query.find('&'), query.size());
    auto const pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (pair.empty()) continue;
    auto const equals = std::min(pair.find('='), pair.size());
    auto const value = pair.substr(std::min(equals + 1, pair.size()));
    pairs.emplace_back(decode_query(pair.substr(0, equals)), decode_query(value));
  }
  return pairs;
}

std::string joined(NamedTexts const& pairs, std::string_view equals, std::string_view separator) {
  std::string out;
  bool first = true;
  for (auto const& [name, value] : pairs) {
    if (!first) out += separator;
    first = false;
    out.append(name).append(equals).append(value);
  }
  return out;
}

std::string raw_query(std::string_view query) {
  return joined(pairs_of(query), "=", "&");
}

NamedTexts sorted_pairs(std::string_view query) {
  auto pairs = pairs_of(query);
  std::ranges::sort(pairs);
  return pairs;
}

// The parts of a request that is about to be sent.
struct SignedParts {
  std::string path;   // with that of the base URL
  std::string query;  // as sent
  std::string_view host, method, body, timestamp, nonce, receive_window;

  std::string with_query(std::string const& text) const {
    return query.empty() ? path : path + '?' + text;
  }

  std::string operator[](SignedPart kind) const {
    switch (kind) {
      case SignedPart::constant:
        break;
      case SignedPart::method:
        return std::string(method);
      case SignedPart::host:
        return std::string(host);
      case SignedPart::path:
        return path;
      case SignedPart::query:
        return query;
      case SignedPart::sorted_query:
        return sort_query(query);
      case SignedPart::raw_query:
        return raw_query(query);
      case SignedPart::sorted_raw_query:
        return joined(sorted_pairs(query), "=", "&");
      case SignedPart::sorted_names_and_values:
        return joined(sorted_pairs(query), "", "");
      case SignedPart::path_and_query:
        return with_query(query);
      case SignedPart::path_and_raw_query:
        return with_query(raw_query(query));
      case SignedPart::path_and_sorted_raw_query:
        return with_query(joined(sorted_pairs(query), "=", "&"));
      case SignedPart::body:
        return std::string(body);
      case SignedPart::body_sha256:
        return hex_of(digest_of(EVP_sha256(), body));
      case SignedPart::body_sha512:
        return hex_of(digest_of(EVP_sha512(), body));
      case SignedPart::timestamp:
        return std::string(timestamp);
      case SignedPart::nonce:
        return std::string(nonce);
      case SignedPart::receive_window:
        return std::string(receive_window);
      case SignedPart::sha256_of:
        break;
    }
    return {};
  }

  std::string hash_of(std::vector<SignedPart> const& parts) const {
    std::string text;
    for (auto const part : parts) text += (*this)[part];
    return digest_of(EVP_sha256(), text);
  }
};

// The key of a signature.
Secret key_of(SignatureSpec const& signature, Credentials const& credentials) {
  auto text = with_credentials(signature.secret, credentials);
  if (signature.secret_form == SignatureSpec::SecretForm::text) return Secret(std::move(text));
  auto bytes = decode_base64(text);
  if (!bytes) throw Failure(ErrorCode::internal, "the key of a signature is not Base64");
  return Secret(std::move(*bytes));
}

}  // namespace

std::string sort_query(std::string_view query) {
  std::vector<std::string> encoded;
  for (auto const& [name, value] : pairs_of(query)) {
    encoded.push_back(encode_query(name) + '=' + encode_query(value));
  }
  std::ranges::sort(encoded);
  std::string out;
  for (auto const& pair : encoded) out += (out.empty() ? "" : "&") + pair;
  return out;
}

std::string base_path_of(std::string_view base_url) {
  auto const scheme = base_url.find("://");
  if (scheme == std::string_view::npos) return {};
  auto const path = base_url.find('/', scheme + 3);
  if (path == std::string_view::npos) return {};
  base_url.remove_prefix(path);
  while (base_url.ends_with('/')) base_url.remove_suffix(1);
  return std::string(base_url);
}

SignedBase signed_base_of(std::string_view base_url) {
  SignedBase base;
  base.path = base_path_of(base_url);
  auto const scheme = base_url.find("://");
  if (scheme == std::string_view::npos) return base;
  auto const host = base_url.substr(scheme + 3);
  base.host = to_lower(host.substr(0, host.find_first_of("/?#")));
  std::string_view const usual = base_url.starts_with("http://") ? ":80" : ":443";
  if (base.host.ends_with(usual)) base.host.resize(base.host.size() - usual.size());
  return base;
}

std::string make_nonce() {
  return hex_of(random_bytes(16));
}

void sign(HttpRequest& request, SignatureSpec const& signature, SignedBase const& base,
          Credentials const& credentials, TimePoint now, std::string_view nonce) {
  auto const timestamp = timestamp_text(signature.timestamp_form, now);
  auto const& receive_window = signature.receive_window;
  auto target = request.sent_target();
  auto const add_parameter = [&](std::string const& name, std::string_view value) {
    if (!name.empty()) set_parameter(target, name, value);
  };
  add_parameter(signature.receive_window_parameter, receive_window);
  add_parameter(signature.timestamp_parameter, timestamp);
  add_parameter(signature.nonce_parameter, nonce);
  // A link to the next page may still have the last signature.
  if (!signature.parameter.empty()) {
    set_parameter(target, signature.parameter, {});
    target.resize(target.size() - encode_query(signature.parameter).size() - 2);
  }

  auto const mark = std::min(target.find('?'), target.size());
  SignedParts parts;
  parts.path = base.path + target.substr(0, mark);
  parts.query = target.substr(std::min(mark + 1, target.size()));
  parts.host = base.host;
  parts.method = to_string(request.method);
  parts.body = request.body;
  parts.timestamp = timestamp;
  parts.nonce = nonce;
  parts.receive_window = receive_window;
  std::string text;
  bool first = true;
  for (auto const& part : signature.parts) {
    if (!first) text += signature.join;
    first = false;
    text += part.kind == SignedPart::constant    ? with_credentials(part.text, credentials)
            : part.kind == SignedPart::sha256_of ? parts.hash_of(part.hashed)
                                                 : parts[part.kind];
  }
  if (signature.prehash == SignatureSpec::Prehash::upper_md5) {
    text = upper_hex_of(digest_of(EVP_md5(), text));
  }
  Secret const whole(std::move(text));
  auto const key = key_of(signature, credentials);
  auto const value = signature.prefix + signed_text(signature, key.reveal(), whole.reveal());

  auto const add_header = [&](std::string const& name, std::string_view header_value) {
    if (!name.empty()) request.headers.add(name, std::string(header_value));
  };
  add_header(signature.receive_window_header, receive_window);
  add_header(signature.timestamp_header, timestamp);
  add_header(signature.nonce_header, nonce);
  for (auto const& [name, template_text] : signature.signed_headers) {
    Secret const plain(with_credentials(template_text, credentials));
    request.secret_headers.emplace_back(
        name, Secret(signed_text(signature, key.reveal(), plain.reveal())));
  }
  if (signature.parameter.empty()) {
    request.secret_headers.emplace_back(signature.header, Secret(value));
  } else {
    set_parameter(target, signature.parameter, value);
  }
  if (target != request.sent_target()) request.secret_target.emplace(std::move(target));
}

}  // namespace affsync::engine
