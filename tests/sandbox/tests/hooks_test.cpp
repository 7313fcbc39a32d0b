// The receiver of alerts of the demonstration.
#include "tests/sandbox/hooks/hooks.hpp"

#include <gtest/gtest.h>

namespace affsync::sandbox::hooks::hooks_test {
namespace {

Request post(std::string path, std::string body) {
  Request request;
  request.method = "POST";
  request.path = std::move(path);
  request.body = std::move(body);
  return request;
}

TEST(Hooks, ShowsAWebhook) {
  EXPECT_EQ(shown(post("/x", R"({"version":1,"kind":"opened","text":"a\n\nb","alerts":)"
                             R"([{"rule":"silence"},{"rule":"silence"},{"rule":"late"}]})")),
            "\n[webhook] opened: silence, late\n  a\n  \n  b\n");
}

TEST(Hooks, ShowsAMessageOfTelegram) {
  auto const request = post("/bot1:a/sendMessage", R"({"chat_id":"-1","text":"a"})");
  EXPECT_EQ(shown(request), "\n[telephone] chat -1\n  a\n");
  auto const reply = make_hooks()->answer(request, ActiveFaults());
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.body, R"({"ok":true,"result":{"message_id":1}})");
}

TEST(Hooks, RefusesAnythingElse) {
  for (auto const* body : {"", "[]", "{}", "no json"}) {
    EXPECT_EQ(make_hooks()->answer(post("/x", body), ActiveFaults()).status, 400) << body;
  }
  auto get = post("/x", R"({"text":"a"})");
  get.method = "GET";
  EXPECT_EQ(shown(get), "");
}

}  // namespace
}  // namespace affsync::sandbox::hooks::hooks_test
