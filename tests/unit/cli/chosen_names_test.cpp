// What is said of names that are not known.
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "daemon/chosen_names.hpp"

namespace affsync::chosen_names_test {
namespace {

std::string hint_for(std::string const& name, std::vector<std::string> const& known) {
  try {
    refuse_unknown({name}, known, "stream");
  } catch (Failure const& failure) {
    EXPECT_EQ(failure.error().code, ErrorCode::usage);
    return failure.error().hint;
  }
  return {};
}

TEST(ChosenNames, lists_each_known_name_once_in_the_order_of_the_configuration) {
  EXPECT_EQ(hint_for("nope", {"rewards", "clients", "rewards", "payouts", "clients"}),
            "Known names: rewards, clients, payouts.");
  EXPECT_EQ(hint_for("reward", {"rewards", "rewards"}), "Did you mean `rewards`?");
  EXPECT_EQ(hint_for("rewards", {"rewards"}), "");
}

}  // namespace
}  // namespace affsync::chosen_names_test
