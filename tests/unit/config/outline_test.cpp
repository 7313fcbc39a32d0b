// The names in a configuration that cannot be loaded, such as one whose secrets are missing.
#include "config/outline.hpp"

#include <gtest/gtest.h>

namespace affsync::config::outline_test {
namespace {

TEST(Outline, names_without_secrets) {
  auto const outline = outline_of(R"(
connectors_dir: /etc/affsync/connectors
sources:
  - {name: a, connector: exness, credentials: {password: "${NOT_SET}"}}
  - connector: wintrado
    name: b
    unknown_key: 1
  - {connector: nameless}
alerts:
  to:
    - {name: ops, command: [/bin/true]}
    - name: phone
      telegram: {token: "${NOT_SET}"}
    - {command: [/bin/true]}
)");
  EXPECT_EQ(outline.connectors_dir, "/etc/affsync/connectors");
  ASSERT_EQ(outline.sources.size(), 2U);
  EXPECT_EQ(outline.sources[0].name, "a");
  EXPECT_EQ(outline.sources[0].connector, "exness");
  EXPECT_EQ(outline.sources[1].name, "b");
  EXPECT_EQ(outline.sources[1].connector, "wintrado");
  EXPECT_EQ(outline.receivers, (std::vector<std::string>{"ops", "phone"}));
}

TEST(Outline, what_is_no_configuration_has_no_names) {
  EXPECT_TRUE(outline_of("").sources.empty());
  EXPECT_TRUE(outline_of("sources: {a: b}").sources.empty());
  EXPECT_TRUE(outline_of("sources: [").sources.empty());
  EXPECT_TRUE(outline_of("- a\n- b\n").sources.empty());
}

}  // namespace
}  // namespace affsync::config::outline_test
