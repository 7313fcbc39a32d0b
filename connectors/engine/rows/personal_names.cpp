#include "connectors/engine/rows/personal_names.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace affsync::engine {
namespace {

// Sorted for the binary search.
constexpr std::array<std::string_view, 44> whole_names{
    "accountholder", "addressline1", "addressline2",  "birth",
    "birthdate",     "birthday",     "cardholder",    "cardnumber",
    "clientname",    "contactname",  "contactperson", "customername",
    "dateofbirth",   "dob",          "facebook",      "familyname",
    "fax",           "givenname",    "homeaddress",   "iban",
    "instagram",     "ip",           "leadname",      "maidenname",
    "middlename",    "msisdn",       "nationalid",    "nickname",
    "ownername",     "patronymic",   "personalid",    "postaladdress",
    "referralname",  "skype",        "ssn",           "street",
    "streetaddress", "tel",          "usermail",      "username",
    "viber",         "vk",           "wechat",        "whatsapp",
};
static_assert(std::ranges::is_sorted(whole_names));

constexpr std::array<std::string_view, 19> name_ends{
    "email",      "emailaddress", "emails",         "phone",     "phonenumber",
    "phones",     "mobile",       "mobilenumber",   "telephone", "telegram",
    "telegramid", "firstname",    "lastname",       "fullname",  "surname",
    "ipaddress",  "passport",     "passportnumber", "byname",
};

constexpr std::array<std::string_view, 14> person_ends{
    "agent",  "manager", "customer", "client", "user",     "referral",   "lead",
    "person", "contact", "owner",    "admin",  "referrer", "introducer", "trader",
};

// The name in lower case and without separators; empty if it is longer than any known name.
struct Folded {
  std::array<char, 40> text{};
  std::size_t size = 0;

  explicit Folded(std::string_view field) {
    for (char c : field) {
      if (c == '_' || c == '-' || c == ' ' || c == '.') continue;
      if (size == text.size()) {
        size = 0;
        return;
      }
      text[size++] = to_lower(c);
    }
  }
  std::string_view view() const { return {text.data(), size}; }
};

template <std::size_t Count>
bool ends_with_one_of(std::string_view text, std::array<std::string_view, Count> const& ends) {
  if (text.empty()) return false;
  char const last = text.back();
  return std::ranges::any_of(
      ends, [&](std::string_view end) { return end.back() == last && text.ends_with(end); });
}

}  // namespace

bool is_personal_name(std::string_view field, bool of_person) {
  Folded const folded(field);
  auto const text = folded.view();
  if (text.empty()) return false;
  if (of_person && text == "name") return true;
  if (text == "mail" || ends_with_one_of(text, name_ends)) return true;
  return std::ranges::binary_search(whole_names, text);
}

bool names_a_person(std::string_view field) {
  Folded const folded(field);
  auto text = folded.view();
  if (text.ends_with('s')) text.remove_suffix(1);
  return ends_with_one_of(text, person_ends);
}

}  // namespace affsync::engine
