#include "connectors/engine/document/unpack.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <memory>
#include <new>

namespace affsync::engine {
namespace {

// Small documents may be packed any amount.
constexpr std::size_t harmless = 8 * 1024 * 1024;

// Counts what was unpacked so far, of all members.
class Allowance {
 public:
  Allowance(std::size_t packed, DocumentLimits const& limits)
      : most_(std::min(limits.bytes, std::max(harmless, packed * limits.ratio))) {}
  bool take(std::size_t bytes) { return (used_ += bytes) <= most_; }

 private:
  std::size_t most_;
  std::size_t used_ = 0;
};

Error grows_too_large() {
  return Error(ErrorCode::answer_too_large, "unpacked, the document has too many bytes");
}

struct EndInflate {
  void operator()(z_stream* stream) const { inflateEnd(stream); }
};

struct FreeArchive {
  void operator()(archive* one) const { archive_read_free(one); }
};

std::string name_of(archive_entry* entry) {
  char const* name = archive_entry_pathname_utf8(entry);
  if (name == nullptr) name = archive_entry_pathname(entry);
  return name == nullptr ? "?" : name;
}

std::string text_of(archive* zip) {
  char const* text = archive_error_string(zip);
  return text == nullptr ? "the archive is damaged" : text;
}

Result<std::string> read_member(archive* zip, archive_entry* entry, Allowance& allowance) {
  if (archive_entry_is_encrypted(entry) != 0) {
    return Error(ErrorCode::malformed_answer,
                 "the archive's " + name_of(entry) + " is protected by a password");
  }
  std::string bytes;
  std::array<char, 64 * 1024> buffer;
  for (;;) {
    auto const got = archive_read_data(zip, buffer.data(), buffer.size());
    if (got == 0) return bytes;
    if (got < 0) return Error(ErrorCode::malformed_answer, "not a zip archive: " + text_of(zip));
    if (!allowance.take(static_cast<std::size_t>(got))) return grows_too_large();
    bytes.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

bool is_of_system(std::string_view name) {
  return name.starts_with("__MACOSX/") || name.ends_with("/.DS_Store") || name == ".DS_Store";
}

}  // namespace

// zlib itself, because libarchive does not compare the checksum of gzip.
Result<std::string> unpack_gzip(std::string_view bytes, DocumentLimits const& limits) {
  z_stream stream{};
  if (inflateInit2(&stream, 16 + MAX_WBITS) != Z_OK) throw std::bad_alloc();
  std::unique_ptr<z_stream, EndInflate> const ends(&stream);
  Allowance allowance(bytes.size(), limits);
  std::string text;
  std::array<char, 64 * 1024> buffer;
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  for (;;) {
    stream.next_out = reinterpret_cast<Bytef*>(buffer.data());
    stream.avail_out = buffer.size();
    int const result = inflate(&stream, Z_NO_FLUSH);
    auto const got = buffer.size() - stream.avail_out;
    if (!allowance.take(got)) return grows_too_large();
    text.append(buffer.data(), got);
    if (result == Z_STREAM_END) {
      // Zeros may fill the last block; a further member continues the document.
      while (stream.avail_in > 0 && *stream.next_in == 0) {
        ++stream.next_in;
        --stream.avail_in;
      }
      if (stream.avail_in == 0) return text;
      if (inflateReset(&stream) != Z_OK) throw std::bad_alloc();
    } else if (result == Z_BUF_ERROR || (result == Z_OK && got == 0 && stream.avail_in == 0)) {
      return Error(ErrorCode::malformed_answer, "the gzip data is cut off");
    } else if (result != Z_OK) {
      return Error(ErrorCode::malformed_answer, "the gzip data is damaged");
    }
  }
}

Result<std::vector<ArchiveMember>> read_zip(std::string_view bytes, DocumentLimits const& limits,
                                            std::function<bool(std::string_view)> const& wanted) {
  std::unique_ptr<archive, FreeArchive> const zip(archive_read_new());
  if (!zip) throw std::bad_alloc();
  archive_read_support_filter_none(zip.get());
  archive_read_support_format_zip_seekable(zip.get());
  if (archive_read_open_memory(zip.get(), bytes.data(), bytes.size()) != ARCHIVE_OK) {
    return Error(ErrorCode::malformed_answer, "not a zip archive: " + text_of(zip.get()));
  }
  Allowance allowance(bytes.size(), limits);
  std::vector<ArchiveMember> members;
  for (std::size_t count = 0;;) {
    archive_entry* entry = nullptr;
    int const result = archive_read_next_header(zip.get(), &entry);
    if (result == ARCHIVE_EOF) return members;
    // A warning is about a name that the locale cannot show.
    if (result != ARCHIVE_OK && result != ARCHIVE_WARN) {
      return Error(ErrorCode::malformed_answer, "not a zip archive: " + text_of(zip.get()));
    }
    if (++count > limits.members) {
      return Error(ErrorCode::answer_too_large, "the archive has too many members");
    }
    auto name = name_of(entry);
    if (name.ends_with('/') || !wanted(name)) continue;
    auto content = read_member(zip.get(), entry, allowance);
    if (!content) return content.error();
    members.push_back({std::move(name), std::move(*content)});
  }
}

Result<std::string> unpack_zip(std::string_view bytes, DocumentLimits const& limits) {
  auto members = read_zip(bytes, limits, [](std::string_view name) { return !is_of_system(name); });
  if (!members) return members.error();
  if (members->size() == 1) return std::move(members->front().bytes);
  std::string names;
  for (std::size_t i = 0; i < std::min<std::size_t>(members->size(), 5); ++i) {
    names += (names.empty() ? ": " : ", ") + (*members)[i].name;
  }
  return Error(ErrorCode::malformed_answer, "the archive holds " + std::to_string(members->size()) +
                                                " files instead of one" + names);
}

}  // namespace affsync::engine
