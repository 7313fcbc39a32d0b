// Standard output of all commands: detects write errors and reports them at the end.
#pragma once

#include <ostream>
#include <streambuf>
#include <string>
#include <string_view>

namespace affsync::cli {

// Returns the text with control characters beyond ASCII, which move a cursor or reorder a line, as
// `\u009b`: in JSON, which escapes only those of ASCII, that is the same text.
std::string with_visible_controls(std::string_view text);

// A buffer for a file descriptor that remembers the first write error. The reader of a pipe may
// close it at any time (`| head`); that is not an error, and the rest of the output is discarded.
// On a terminal it writes with_visible_controls().
class DescriptorBuffer final : public std::streambuf {
 public:
  explicit DescriptorBuffer(int descriptor);
  ~DescriptorBuffer() override;
  DescriptorBuffer(DescriptorBuffer const&) = delete;
  DescriptorBuffer& operator=(DescriptorBuffer const&) = delete;

  // errno of the first write that failed; 0 if none has.
  int failure() const { return failure_; }

 protected:
  int_type overflow(int_type character) override;
  std::streamsize xsputn(char const* text, std::streamsize size) override;
  int sync() override;

 private:
  void write_out(char const* text, std::size_t size);

  int descriptor_;
  bool is_terminal_;
  int failure_ = 0;
  bool closed_ = false;  // the reader has closed the pipe
  std::string buffer_;
};

// During its lifetime std::cout writes to descriptor 1 through a DescriptorBuffer.
class StandardOutput {
 public:
  StandardOutput();
  ~StandardOutput();
  StandardOutput(StandardOutput const&) = delete;
  StandardOutput& operator=(StandardOutput const&) = delete;

  // Writes the rest of the buffer and returns the exit status. `status`: that of the command; a
  // write error is reported on stderr and turns 0 into 1.
  int finish(int status);

 private:
  DescriptorBuffer buffer_;
  std::streambuf* before_;
};

}  // namespace affsync::cli
