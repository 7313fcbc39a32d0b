#include "daemon/log/write_behind.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace affsync::log::write_behind_test {
namespace {

using namespace std::chrono_literals;

// What was written, and a write that waits until it is let go.
struct Book {
  std::vector<std::string> lines;
  std::promise<void> begun, gate;
  std::shared_future<void> open = gate.get_future().share();
};

std::function<void()> line(std::shared_ptr<Book> const& book, std::string text) {
  return [book, text = std::move(text)] { book->lines.push_back(text); };
}

std::function<void()> stuck(std::shared_ptr<Book> const& book) {
  return [book] {
    book->begun.set_value();
    book->open.wait();
    book->lines.emplace_back("stuck");
  };
}

std::function<void(std::size_t)> losses(std::shared_ptr<Book> const& book) {
  return [book](std::size_t lost) { book->lines.push_back("lost " + std::to_string(lost)); };
}

TEST(WriteBehind, WritesAllInTheirOrderBeforeItEnds) {
  auto const book = std::make_shared<Book>();
  std::vector<std::string> wanted;
  {
    WriteBehind behind(losses(book));
    for (int i = 0; i < 1000; ++i) {
      wanted.push_back(std::to_string(i));
      behind.add(10, line(book, wanted.back()));
    }
  }
  EXPECT_EQ(book->lines, wanted);
}

TEST(WriteBehind, LosesWhatHasNoRoomAndTellsHowMany) {
  auto const book = std::make_shared<Book>();
  {
    WriteBehind behind(losses(book), 100);
    behind.add(40, stuck(book));
    book->begun.get_future().wait();
    behind.add(40, line(book, "a"));
    behind.add(40, line(book, "too much"));
    behind.add(40, line(book, "too much"));
    behind.add(10, line(book, "b"));
    behind.add(40, line(book, "too much"));
    book->gate.set_value();
  }
  std::vector<std::string> const wanted{"stuck", "a", "lost 2", "b", "lost 1"};
  EXPECT_EQ(book->lines, wanted);
}

TEST(WriteBehind, OneThatIsLargerThanAllRoomIsWritten) {
  auto const book = std::make_shared<Book>();
  {
    WriteBehind behind(losses(book), 100);
    behind.add(1000, line(book, "large"));
  }
  EXPECT_EQ(book->lines, std::vector<std::string>{"large"});
}

// As a process that ends while nobody reads its log: what waits is given up.
TEST(WriteBehind, DoesNotWaitForEverForAWriteThatIsStuck) {
  auto const book = std::make_shared<Book>();
  {
    WriteBehind behind(losses(book));
    behind.add(1, stuck(book));
    book->begun.get_future().wait();
  }
  EXPECT_TRUE(book->lines.empty());
  book->gate.set_value();
}

}  // namespace
}  // namespace affsync::log::write_behind_test
