#include "connectors/engine/request/credentials.hpp"

#include <openssl/evp.h>

#include <algorithm>

#include "connectors/engine/manifest/placeholders.hpp"

namespace affsync::engine {

std::string with_credentials(std::string_view text, Credentials const& credentials,
                             Token const* token) {
  return expand_placeholders(text, [&](std::string_view name) -> std::optional<std::string> {
    if (name == "token" && token != nullptr) return token->text.reveal();
    if (name == "refresh_token" && token != nullptr) return token->refresh.reveal();
    if (auto const further = name_in_scope(name, "token"); further && token != nullptr) {
      auto const found = token->more.find(*further);
      if (found != token->more.end()) return found->second.reveal();
    }
    auto const credential = name_in_scope(name, "credentials");
    if (!credential) return std::nullopt;
    auto const found = credentials.find(std::string(*credential));
    if (found == credentials.end()) {
      throw Failure(ErrorCode::internal, "the plan needs the credential \"" +
                                             std::string(*credential) +
                                             "\", which it does not have");
    }
    return found->second.reveal();
  });
}

std::string encode_base64(std::string_view bytes) {
  std::string out((bytes.size() + 2) / 3 * 4 + 1, '\0');  // OpenSSL appends a NUL
  auto const size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                    reinterpret_cast<unsigned char const*>(bytes.data()),
                                    static_cast<int>(bytes.size()));
  out.resize(static_cast<std::size_t>(size));
  return out;
}

std::optional<std::string> decode_base64(std::string_view text) {
  for (int i = 0; i < 2 && text.ends_with('='); ++i) text.remove_suffix(1);
  bool const is_base64 = std::ranges::all_of(text, [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' ||
           c == '/';
  });
  if (!is_base64 || text.size() % 4 == 1) return std::nullopt;
  std::string padded(text);
  auto const padding = (4 - padded.size() % 4) % 4;
  padded.append(padding, '=');
  std::string bytes(padded.size() / 4 * 3, '\0');
  auto const length = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                                      reinterpret_cast<unsigned char const*>(padded.data()),
                                      static_cast<int>(padded.size()));
  if (length < 0) return std::nullopt;
  bytes.resize(static_cast<std::size_t>(length) - padding);
  return bytes;
}

std::string basic_value(std::string const& user, std::string const& password) {
  return "Basic " + encode_base64(user + ':' + password);
}

}  // namespace affsync::engine
