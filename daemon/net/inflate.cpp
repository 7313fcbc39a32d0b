#include "daemon/net/inflate.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <new>

namespace affsync::net {

struct Inflater::Impl {
  Impl(Compression its_compression, InflateLimits const& its_limits)
      : compression(its_compression), limits(its_limits) {}
  Impl(Impl const&) = delete;
  Impl& operator=(Impl const&) = delete;
  ~Impl() {
    if (open) inflateEnd(&stream);
  }

  Compression compression;
  InflateLimits limits;
  z_stream stream{};
  bool open = false;
  bool ended = false;  // the data is complete (another gzip member may follow)
  std::string head;    // the first bytes, until they show the form of the data
  std::size_t taken = 0;
  std::size_t given = 0;

  // "deflate" means the zlib form, but some servers send raw deflate data.
  int window_bits() const {
    if (compression == Compression::gzip) return 16 + MAX_WBITS;
    auto const first = static_cast<unsigned char>(head[0]);
    auto const second = static_cast<unsigned char>(head[1]);
    bool const zlib = (first & 15U) == 8 && (first * 256U + second) % 31U == 0;
    return zlib ? MAX_WBITS : -MAX_WBITS;
  }

  Result<void> put(std::string_view piece, std::string& out);
  Result<void> inflate_all(std::string_view piece, std::string& out);
};

Result<void> Inflater::Impl::put(std::string_view piece, std::string& out) {
  taken += piece.size();
  if (open) return inflate_all(piece, out);
  head += piece;
  if (head.size() < 2) return {};
  if (inflateInit2(&stream, window_bits()) != Z_OK) throw std::bad_alloc();
  open = true;
  return inflate_all(head, out);
}

Result<void> Inflater::Impl::inflate_all(std::string_view piece, std::string& out) {
  std::array<char, 64 * 1024> buffer;
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(piece.data()));
  stream.avail_in = static_cast<uInt>(piece.size());
  for (;;) {
    if (ended) {
      // Zero padding is common: skip it. A further gzip member continues the body.
      while (stream.avail_in > 0 && *stream.next_in == 0) {
        ++stream.next_in;
        --stream.avail_in;
      }
      if (stream.avail_in == 0) return {};
      if (compression != Compression::gzip || *stream.next_in != 0x1f) {
        return Error(ErrorCode::malformed_answer, "bytes follow the end of the compressed body");
      }
      inflateReset(&stream);
      ended = false;
    }
    stream.next_out = reinterpret_cast<Bytef*>(buffer.data());
    stream.avail_out = static_cast<uInt>(buffer.size());
    int const status = inflate(&stream, Z_NO_FLUSH);
    std::size_t const made = buffer.size() - stream.avail_out;
    given += made;
    if (given > limits.bytes) {
      return Error(ErrorCode::answer_too_large,
                   "the body inflates to more than " + std::to_string(limits.bytes) + " bytes");
    }
    if (given > limits.ratio_from && given / limits.ratio > taken) {
      return Error(
          ErrorCode::answer_too_large,
          "the body inflates to more than " + std::to_string(limits.ratio) + " times its size");
    }
    out.append(buffer.data(), made);
    if (status == Z_STREAM_END) {
      ended = true;
      continue;
    }
    if (status != Z_OK && status != Z_BUF_ERROR) {
      return Error(ErrorCode::malformed_answer, "the compressed body is damaged");
    }
    if (stream.avail_in == 0 && stream.avail_out > 0) return {};
  }
}

Inflater::Inflater(Compression compression, InflateLimits const& limits)
    : impl_(std::make_unique<Impl>(compression, limits)) {}
Inflater::Inflater(Inflater&&) noexcept = default;
Inflater& Inflater::operator=(Inflater&&) noexcept = default;
Inflater::~Inflater() = default;

Result<void> Inflater::put(std::string_view piece, std::string& out) {
  return impl_->put(piece, out);
}

Result<void> Inflater::finish() const {
  // No bytes mean an empty body, whatever Content-Encoding says.
  if (impl_->taken == 0 || impl_->ended) return {};
  return Error(ErrorCode::truncated, "the compressed body ends before its data does");
}

}  // namespace affsync::net
