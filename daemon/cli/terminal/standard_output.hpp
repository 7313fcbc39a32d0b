// Standard output as every command uses it: what cannot be written is noticed, and told at the end.
#pragma once

#include <ostream>
#include <streambuf>
#include <string>

namespace affsync::cli {

// A buffer in front of a file descriptor that remembers the first failure. Whoever reads a pipe may
// stop doing so at any time (`| head`): that is no failure, the rest goes nowhere.
class DescriptorBuffer final : public std::streambuf {
 public:
  explicit DescriptorBuffer(int descriptor);
  ~DescriptorBuffer() override;
  DescriptorBuffer(DescriptorBuffer const&) = delete;
  DescriptorBuffer& operator=(DescriptorBuffer const&) = delete;

  // errno of the first write that failed; 0: none has.
  int failure() const { return failure_; }

 protected:
  int_type overflow(int_type character) override;
  std::streamsize xsputn(char const* text, std::streamsize size) override;
  int sync() override;

 private:
  void write_out(char const* text, std::size_t size);

  int descriptor_;
  int failure_ = 0;
  bool closed_ = false;  // nobody reads any more
  std::string buffer_;
};

// While it lives, std::cout writes to descriptor 1 through a buffer of ours.
class StandardOutput {
 public:
  StandardOutput();
  ~StandardOutput();
  StandardOutput(StandardOutput const&) = delete;
  StandardOutput& operator=(StandardOutput const&) = delete;

  // Writes what is left. `status`: the command's; a failure makes 1 of 0 and is told on stderr.
  int finish(int status);

 private:
  DescriptorBuffer buffer_;
  std::streambuf* before_;
};

}  // namespace affsync::cli
