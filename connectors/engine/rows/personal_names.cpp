#include "connectors/engine/rows/personal_names.hpp"

#include <algorithm>
#include <array>

#include "base/case_fold.hpp"
#include "base/text.hpp"

namespace affsync::engine {
namespace {

// Sorted by their bytes for the binary search.
constexpr std::array<std::string_view, 92> whole_names{
    "accountholder",
    "addressline1",
    "addressline2",
    "bankaccountholder",
    "billingaddress",
    "birth",
    "birthdate",
    "birthday",
    "cardholder",
    "cardnumber",
    "cellphone",
    "clientname",
    "contactmail",
    "contactname",
    "contactperson",
    "customername",
    "dateofbirth",
    "displayname",
    "dob",
    "emailaddr",
    "facebook",
    "facebookid",
    "familyname",
    "fax",
    "fio",
    "fname",
    "givenname",
    "holdername",
    "homeaddress",
    "homephone",
    "iban",
    "instagram",
    "ip",
    "leadname",
    "legalname",
    "livingaddress",
    "lname",
    "maidenname",
    "mailaddr",
    "mailaddress",
    "mailingaddress",
    "middlename",
    "mob",
    "mobileno",
    "msisdn",
    "nationalid",
    "nationalidnumber",
    "nickname",
    "ownername",
    "patronymic",
    "personalid",
    "phoneno",
    "postaladdress",
    "realname",
    "referralname",
    "registrationaddress",
    "remoteaddr",
    "residentialaddress",
    "screenname",
    "secondname",
    "shippingaddress",
    "skype",
    "snils",
    "ssn",
    "street",
    "streetaddress",
    "taxid",
    "tel",
    "telno",
    "usermail",
    "username",
    "viber",
    "vk",
    "vkid",
    "wechat",
    "whatsapp",
    "whatsappnumber",
    "адреспроживания",
    "адресэлектроннойпочты",
    "датарождения",
    "домашнийадрес",
    "имя",
    "мобильный",
    "мобильныйтелефон",
    "номертелефона",
    "отчество",
    "паспорт",
    "почта",
    "телефон",
    "фамилия",
    "фио",
    "электроннаяпочта",
};
static_assert(std::ranges::is_sorted(whole_names));

constexpr std::array<std::string_view, 20> name_ends{
    "email",      "emailaddress", "emails",         "phone",     "phonenumber",
    "phones",     "mobile",       "mobilenumber",   "telephone", "telegram",
    "telegramid", "firstname",    "lastname",       "fullname",  "surname",
    "ipaddress",  "passport",     "passportnumber", "byname",    "passportno",
};

constexpr std::array<std::string_view, 14> person_ends{
    "agent",  "manager", "customer", "client", "user",     "referral",   "lead",
    "person", "contact", "owner",    "admin",  "referrer", "introducer", "trader",
};

// The name without case and separators; empty if it is longer than any known name.
struct Folded {
  std::array<char, 60> text{};
  std::size_t size = 0;

  explicit Folded(std::string_view field) {
    bool const is_ascii =
        std::ranges::all_of(field, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
    if (is_ascii) {
      take(field);
    } else {
      take(fold_case(field));
    }
  }
  std::string_view view() const { return {text.data(), size}; }

 private:
  void take(std::string_view field) {
    for (char c : field) {
      if (c == '_' || c == '-' || c == ' ' || c == '.') continue;
      if (size == text.size()) {
        size = 0;
        return;
      }
      text[size++] = to_lower(c);
    }
  }
};

template <std::size_t Count>
bool ends_with_one_of(std::string_view text, std::array<std::string_view, Count> const& ends) {
  if (text.empty()) return false;
  char const last = text.back();
  return std::ranges::any_of(
      ends, [&](std::string_view end) { return end.back() == last && text.ends_with(end); });
}

// "email2" is another email. The digits of "addressline1" belong to it.
std::string_view without_digits(std::string_view text) {
  while (!text.empty() && is_digit(text.back())) text.remove_suffix(1);
  return text;
}

bool is_known(std::string_view text, bool of_person) {
  if (text.empty()) return false;
  // Of other things these are those of a product or of a wallet.
  if (of_person && (text == "name" || text == "address" || text == "адрес")) return true;
  if (text == "mail" || ends_with_one_of(text, name_ends)) return true;
  return std::ranges::binary_search(whole_names, text);
}

// "lastLoginIp", "reg_ip", "signup ip": a word of its own, unlike the end of "zip".
bool ends_with_ip(std::string_view field) {
  auto const end = without_digits(field);
  if (end.size() < 3) return false;
  auto const word = end.substr(end.size() - 2);
  char const before = end[end.size() - 3];
  bool const is_separated = before == '_' || before == '-' || before == ' ' || before == '.';
  bool const is_after_small = before >= 'a' && before <= 'z';
  return (is_separated && equal_without_case(word, "ip")) ||
         (is_after_small && (word == "Ip" || word == "IP"));
}

}  // namespace

bool is_personal_name(std::string_view field, bool of_person) {
  Folded const folded(field);
  auto const text = folded.view();
  return is_known(text, of_person) || is_known(without_digits(text), of_person) ||
         ends_with_ip(field);
}

bool is_mail_address(std::string_view text) {
  text = trim_blanks(text);
  if (starts_without_case(text, "mailto:")) text.remove_prefix(7);
  auto const at = text.find('@');
  if (at == std::string_view::npos || at == 0 || text.size() > 254) return false;
  auto const of = [](std::string_view part, std::string_view others) {
    return std::ranges::all_of(part, [&](char c) {
      bool const is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) ||
                             static_cast<unsigned char>(c) >= 0x80;
      return is_letter || others.find(c) != std::string_view::npos;
    });
  };
  auto const domain = text.substr(at + 1);
  auto const dot = domain.rfind('.');
  bool const has_end = dot != std::string_view::npos && dot > 0 && domain.size() - dot > 2 &&
                       !is_digit(domain.back());
  return has_end && of(text.substr(0, at), "!#$%&'*+-/=?^_`{|}~.") && of(domain, "-.");
}

bool names_a_person(std::string_view field) {
  Folded const folded(field);
  auto text = folded.view();
  if (text.ends_with('s')) text.remove_suffix(1);
  return ends_with_one_of(text, person_ends);
}

}  // namespace affsync::engine
