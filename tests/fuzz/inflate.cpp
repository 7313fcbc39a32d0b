// A compressed body. The first byte of an input says in what pieces it comes, and the lowest bit of
// it whether it is gzip or deflate.
//
// Whatever a peer sends: it is refused or inflates to no more than the limits, of bytes and of the
// ratio, allow; in whatever pieces it comes, the same comes out.
#include "daemon/net/inflate.hpp"

#include "tests/fuzz/require.hpp"
#include "tests/fuzz/targets.hpp"

namespace affsync::fuzz {
namespace {

struct Inflated {
  bool good = true;
  std::string body;
};

constexpr std::size_t most_bytes = 256 * 1024;

Inflated inflate_in_pieces(std::string_view bytes, net::Compression compression,
                           std::size_t piece) {
  net::InflateLimits limits;
  limits.bytes = most_bytes;
  limits.ratio = 20;
  limits.ratio_from = 64 * 1024;
  net::Inflater inflater(compression, limits);
  Inflated out;
  for (std::size_t at = 0; at < bytes.size() && out.good; at += piece) {
    out.good = inflater.put(bytes.substr(at, piece), out.body).has_value();
    auto const taken = std::min(bytes.size(), at + piece);
    // What is in memory when it is refused is at most one buffer more.
    require(out.body.size() <= limits.bytes, "a body is within its limit");
    require(out.body.size() <= limits.ratio_from || out.body.size() / limits.ratio <= taken,
            "a body is within its ratio");
  }
  out.good = out.good && inflater.finish().has_value();
  return out;
}

}  // namespace

void inflate(std::string_view input) {
  if (input.empty()) return;
  auto const choice = static_cast<unsigned char>(input.front());
  input.remove_prefix(1);
  auto const compression = (choice & 1) != 0 ? net::Compression::deflate : net::Compression::gzip;
  auto const whole = inflate_in_pieces(input, compression, std::max<std::size_t>(1, input.size()));
  auto const parts = inflate_in_pieces(input, compression, choice / 2 + 1);
  // The ratio is taken of what has come so far, so that pieces may be refused where the whole is
  // not.
  if (!parts.good && whole.good) {
    require(whole.body.size() > 64 * 1024, "pieces make no difference");
    return;
  }
  require(whole.good == parts.good, "pieces make no difference");
  require(!whole.good || whole.body == parts.body, "pieces do not change what comes out");
}

}  // namespace affsync::fuzz
