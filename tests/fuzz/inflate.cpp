// A compressed body. The first byte of an input selects the piece size; its lowest bit selects gzip
// or deflate.
//
// For any bytes: the body is refused, or inflates within the limits of size and ratio. Every piece
// size gives the same output.
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
    // A refused body exceeds the limit in memory by at most one buffer.
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
  // The ratio is computed from the bytes received so far, so pieces may be refused where the whole
  // body is accepted.
  if (!parts.good && whole.good) {
    require(whole.body.size() > 64 * 1024, "piece size does not change the outcome");
    return;
  }
  require(whole.good == parts.good, "piece size does not change the outcome");
  require(!whole.good || whole.body == parts.body, "piece size does not change the output");
}

}  // namespace affsync::fuzz
