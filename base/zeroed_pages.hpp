// Memory in whole pages of the system, for large tables: it begins as zeros that cost nothing until
// they are touched, and what is given back leaves the process at once, whatever the heap does.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

namespace affsync {

class ZeroedPages {
 public:
  static constexpr std::size_t words_per_page = 512;

  ZeroedPages() = default;
  // Takes at least `words` words, in whole pages. Throws std::bad_alloc.
  explicit ZeroedPages(std::size_t words);
  ~ZeroedPages();
  ZeroedPages(ZeroedPages&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  ZeroedPages& operator=(ZeroedPages&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }

  std::uint64_t* data() { return data_; }
  std::uint64_t const* data() const { return data_; }
  std::size_t size() const { return size_; }  // in words

  // Makes these words zero again; whole pages among them take no memory any more.
  void give_back(std::size_t from, std::size_t to);

 private:
  std::uint64_t* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace affsync
