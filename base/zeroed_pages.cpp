#include "base/zeroed_pages.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <new>

namespace affsync {

ZeroedPages::ZeroedPages(std::size_t words)
    : size_((words + words_per_page - 1) / words_per_page * words_per_page) {
  if (size_ == 0) return;
  if (words > SIZE_MAX / 16) throw std::bad_alloc();
  auto* const pages = ::mmap(nullptr, size_ * sizeof(std::uint64_t), PROT_READ | PROT_WRITE,
                             MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED) throw std::bad_alloc();
  data_ = static_cast<std::uint64_t*>(pages);
}

ZeroedPages::~ZeroedPages() {
  if (data_ != nullptr) ::munmap(data_, size_ * sizeof(std::uint64_t));
}

void ZeroedPages::give_back(std::size_t from, std::size_t to) {
  auto const first_page =
      std::min((from + words_per_page - 1) / words_per_page * words_per_page, to);
  auto const last_page = std::max(to / words_per_page * words_per_page, first_page);
  std::fill(data_ + from, data_ + first_page, 0);
  std::fill(data_ + last_page, data_ + to, 0);
  auto const bytes = (last_page - first_page) * sizeof(std::uint64_t);
  if (bytes > 0 && ::madvise(data_ + first_page, bytes, MADV_DONTNEED) != 0) {
    std::fill(data_ + first_page, data_ + last_page, 0);
  }
}

}  // namespace affsync
