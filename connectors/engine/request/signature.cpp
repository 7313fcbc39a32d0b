#include "connectors/engine/request/signature.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include <algorithm>
#include <vector>

#include "base/error.hpp"
#include "base/random.hpp"
#include "base/text.hpp"
#include "connectors/engine/request/credentials.hpp"
#include "connectors/engine/request/target.hpp"

namespace affsync::engine {
namespace {

using Bytes = std::basic_string_view<unsigned char>;

std::string to_hex(Bytes bytes) {
  return hex_of(std::string_view(reinterpret_cast<char const*>(bytes.data()), bytes.size()));
}

unsigned char const* bytes_of(std::string_view text) {
  return reinterpret_cast<unsigned char const*>(text.data());
}

std::string sha256_hex(std::string_view text) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(bytes_of(text), text.size(), digest);
  return to_hex({digest, sizeof digest});
}

std::string keyed_hash(SignatureSpec const& signature, std::string const& key,
                       std::string_view text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  auto const* algorithm =
      signature.algorithm == SignatureSpec::Algorithm::hmac_sha256 ? EVP_sha256() : EVP_sha512();
  if (HMAC(algorithm, key.data(), static_cast<int>(key.size()), bytes_of(text), text.size(), digest,
           &size) == nullptr) {
    throw Failure(ErrorCode::internal, "a request could not be signed");
  }
  if (signature.encoding == SignatureSpec::Encoding::hex) return to_hex({digest, size});
  return encode_base64({reinterpret_cast<char const*>(digest), size});
}

std::string timestamp_text(SignatureSpec::TimestampForm form, TimePoint now) {
  using namespace std::chrono;
  switch (form) {
    case SignatureSpec::TimestampForm::seconds:
      return std::to_string(floor<seconds>(now).time_since_epoch().count());
    case SignatureSpec::TimestampForm::milliseconds:
      return std::to_string(floor<milliseconds>(now).time_since_epoch().count());
    case SignatureSpec::TimestampForm::iso:
      break;
  }
  return format_time(floor<seconds>(now));
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

std::string decode_query(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    bool const encoded = text[i] == '%' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 &&
                         hex_value(text[i + 2]) >= 0;
    if (encoded) {
      out += static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
      i += 2;
    } else {
      out += text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

}  // namespace

std::string sort_query(std::string_view query) {
  std::vector<std::string> pairs;
  while (!query.empty()) {
    auto const end = std::min(query.find('&'), query.size());
    auto const pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (pair.empty()) continue;
    auto const equals = std::min(pair.find('='), pair.size());
    auto const value = pair.substr(std::min(equals + 1, pair.size()));
    pairs.push_back(encode_query(decode_query(pair.substr(0, equals))) + '=' +
                    encode_query(decode_query(value)));
  }
  std::ranges::sort(pairs);
  std::string out;
  for (auto const& pair : pairs) out += (out.empty() ? "" : "&") + pair;
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

std::string make_nonce() {
  return hex_of(random_bytes(16));
}

void sign(HttpRequest& request, SignatureSpec const& signature, std::string_view base_path,
          Credentials const& credentials, TimePoint now, std::string_view nonce) {
  std::string_view const target = request.target;
  auto const mark = std::min(target.find('?'), target.size());
  auto const query = target.substr(std::min(mark + 1, target.size()));
  auto const timestamp = timestamp_text(signature.timestamp_form, now);

  std::string text;
  bool first = true;
  for (auto const& part : signature.parts) {
    if (!first) text += signature.join;
    first = false;
    switch (part.kind) {
      case SignedPart::constant:
        text += with_credentials(part.text, credentials);
        break;
      case SignedPart::method:
        text += to_string(request.method);
        break;
      case SignedPart::path:
        text.append(base_path).append(target.substr(0, mark));
        break;
      case SignedPart::query:
        text += query;
        break;
      case SignedPart::sorted_query:
        text += sort_query(query);
        break;
      case SignedPart::body_sha256:
        text += sha256_hex(request.body);
        break;
      case SignedPart::timestamp:
        text += timestamp;
        break;
      case SignedPart::nonce:
        text += nonce;
        break;
    }
  }
  Secret const key(with_credentials(signature.secret, credentials));
  request.secret_headers.emplace_back(
      signature.header, Secret(signature.prefix + keyed_hash(signature, key.reveal(), text)));
  if (!signature.timestamp_header.empty()) {
    request.headers.add(signature.timestamp_header, timestamp);
  }
  if (!signature.nonce_header.empty()) {
    request.headers.add(signature.nonce_header, std::string(nonce));
  }
}

}  // namespace affsync::engine
