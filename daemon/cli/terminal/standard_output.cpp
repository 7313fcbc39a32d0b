#include "daemon/cli/terminal/standard_output.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <iostream>

#include "base/error.hpp"
#include "base/utf8.hpp"
#include "daemon/log/utf8.hpp"

namespace affsync::cli {
namespace {

constexpr std::size_t buffer_size = 64 * 1024;

// If the caller closed a standard descriptor, the next file or socket would get its number and then
// our output. Occupy it with a file open for reading only, so that writing to it fails.
void occupy_standard_descriptors() {
  for (int const descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(descriptor, F_GETFD) == 0 || errno != EBADF) continue;
    [[maybe_unused]] int const taken = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  }
}

}  // namespace

std::string with_visible_controls(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    auto const length = std::max<std::size_t>(1, utf8_character(text, at));
    auto const character = text.substr(at, length);
    if (length > 1 && is_control_character(character)) {
      auto rest = character;
      char escaped[16] = {};
      std::snprintf(escaped, sizeof escaped, "\\u%04x",
                    static_cast<unsigned>(log::take_code_point(rest)));
      out += escaped;
    } else {
      out += character;
    }
    at += length;
  }
  return out;
}

DescriptorBuffer::DescriptorBuffer(int descriptor)
    : descriptor_(descriptor), is_terminal_(::isatty(descriptor) == 1) {
  buffer_.reserve(buffer_size);
}

DescriptorBuffer::~DescriptorBuffer() {
  DescriptorBuffer::sync();
}

DescriptorBuffer::int_type DescriptorBuffer::overflow(int_type character) {
  if (traits_type::eq_int_type(character, traits_type::eof()))
    return traits_type::not_eof(character);
  char const one = traits_type::to_char_type(character);
  xsputn(&one, 1);
  return character;
}

std::streamsize DescriptorBuffer::xsputn(char const* text, std::streamsize size) {
  buffer_.append(text, static_cast<std::size_t>(size));
  if (buffer_.size() >= buffer_size) sync();
  return size;
}

int DescriptorBuffer::sync() {
  if (is_terminal_) buffer_ = with_visible_controls(buffer_);
  if (!buffer_.empty()) write_out(buffer_.data(), buffer_.size());
  buffer_.clear();
  return failure_ == 0 ? 0 : -1;
}

void DescriptorBuffer::write_out(char const* text, std::size_t size) {
  while (size > 0 && failure_ == 0 && !closed_) {
    auto const written = ::write(descriptor_, text, size);
    if (written >= 0) {
      text += written;
      size -= static_cast<std::size_t>(written);
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      pollfd room{descriptor_, POLLOUT, 0};
      ::poll(&room, 1, -1);
    } else if (errno == EPIPE) {
      closed_ = true;
    } else if (errno != EINTR) {
      failure_ = errno;
    }
  }
}

StandardOutput::StandardOutput()
    : buffer_((occupy_standard_descriptors(), STDOUT_FILENO)), before_(std::cout.rdbuf(&buffer_)) {}

StandardOutput::~StandardOutput() {
  std::cout.rdbuf(before_);
}

int StandardOutput::finish(int status) {
  std::cout.flush();
  if (buffer_.failure() == 0) return status;
  Error const error(
      ErrorCode::output_failed,
      std::string("standard output could not be written: ") + std::strerror(buffer_.failure()),
      "The output is not complete.");
  std::cerr << "affsync: " << error.to_line() << "\n";
  return status == 0 ? to_exit_status(error.code) : status;
}

}  // namespace affsync::cli
