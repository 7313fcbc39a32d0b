#include "daemon/sync/credential_hash.hpp"

#include "base/encodings.hpp"
#include "connectors/engine/request/auth.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <array>
#include <charconv>
#include <optional>
#include <vector>

namespace affsync::sync {
namespace {

constexpr unsigned scrypt_cost = 14, scrypt_block = 8, scrypt_lanes = 1;
constexpr std::size_t salt_size = 16, hash_size = 32;

// Prefixes each part with its length, so that two different lists of parts never give one text.
Secret material(engine::SourcePlan const& plan) {
  std::string text;
  auto add = [&text](std::string_view part) {
    text += std::to_string(part.size());
    text += ':';
    text += part;
  };
  add(plan.connector_hash);
  add(plan.base_url);
  auto const* const login = std::get_if<engine::LoginTokenAuth>(&plan.auth);
  add(login == nullptr ? "" : login->login.path);
  if (auto const& url = engine::login_url_of(plan.auth); !url.empty()) add(url);
  for (auto const& [name, secret] : plan.credentials) {
    add(name);
    add(secret.reveal());
  }
  return Secret(std::move(text));
}

std::optional<std::string> scrypt(engine::SourcePlan const& plan, std::string_view salt,
                                  unsigned log_n, unsigned r, unsigned p) {
  auto const secret = material(plan);
  std::array<unsigned char, hash_size> out{};
  constexpr std::uint64_t most_memory = std::uint64_t(64) << 20U;
  int const done =
      EVP_PBE_scrypt(secret.reveal().data(), secret.reveal().size(),
                     reinterpret_cast<unsigned char const*>(salt.data()), salt.size(),
                     std::uint64_t(1) << log_n, r, p, most_memory, out.data(), out.size());
  if (done != 1) return std::nullopt;
  return std::string(out.begin(), out.end());
}

}  // namespace

std::string hash_credentials(engine::SourcePlan const& plan) {
  std::array<unsigned char, salt_size> bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) {
    throw Failure(ErrorCode::internal, "the machine provides no random bytes");
  }
  std::string const salt(bytes.begin(), bytes.end());
  auto const hash = scrypt(plan, salt, scrypt_cost, scrypt_block, scrypt_lanes);
  if (!hash) throw Failure(ErrorCode::internal, "the credentials could not be hashed");
  return "scrypt:" + std::to_string(scrypt_cost) + ":" + std::to_string(scrypt_block) + ":" +
         std::to_string(scrypt_lanes) + ":" + hex_of(salt) + ":" + hex_of(*hash);
}

bool is_hash_of(std::string_view hash, engine::SourcePlan const& plan) {
  std::vector<std::string_view> parts;
  for (std::size_t at = 0; at <= hash.size();) {
    auto const end = std::min(hash.find(':', at), hash.size());
    parts.push_back(hash.substr(at, end - at));
    at = end + 1;
  }
  if (parts.size() != 6 || parts[0] != "scrypt") return false;
  auto const number = [](std::string_view text, unsigned most) -> unsigned {
    unsigned value = 0;
    auto const [stop, flaw] = std::from_chars(text.data(), text.data() + text.size(), value);
    bool const good = flaw == std::errc() && stop == text.data() + text.size() && value <= most;
    return good ? value : 0;
  };
  // Upper bounds: a hash that another user wrote into the table must not make this process hang.
  auto const log_n = number(parts[1], 16), r = number(parts[2], 8), p = number(parts[3], 4);
  auto const salt = bytes_of_hex(parts[4]);
  auto const wanted = bytes_of_hex(parts[5]);
  if (log_n == 0 || r == 0 || p == 0 || !salt || !wanted) return false;
  auto const ours = scrypt(plan, *salt, log_n, r, p);
  return ours && ours->size() == wanted->size() &&
         CRYPTO_memcmp(ours->data(), wanted->data(), ours->size()) == 0;
}

}  // namespace affsync::sync
