#include "connectors/engine/values/minor_units.hpp"

namespace affsync::engine {
namespace {

// ISO 4217 codes in use; each is three letters and a blank.
constexpr std::string_view no_digits =
    "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF ";
constexpr std::string_view three_digits = "BHD IQD JOD KWD LYD OMR TND ";
constexpr std::string_view four_digits = "CLF UYW ";
constexpr std::string_view two_digits =
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN "
    "BZD CAD CDF CHE CHF CHW CNY COP COU CRC CUC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP "
    "GBP GEL GHS GIP GMD GTQ GYD HKD HNL HRK HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT "
    "LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO "
    "NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SLL SOS "
    "SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XCD "
    "XCG YER ZAR ZMW ZWG ZWL ";

bool lists_code(std::string_view codes, std::string_view code) {
  for (; !codes.empty(); codes.remove_prefix(4)) {
    if (codes.substr(0, 3) == code) return true;
  }
  return false;
}

}  // namespace

std::optional<int> iso_minor_unit_digits(std::string_view currency) {
  if (lists_code(two_digits, currency)) return 2;
  if (lists_code(no_digits, currency)) return 0;
  if (lists_code(three_digits, currency)) return 3;
  if (lists_code(four_digits, currency)) return 4;
  return std::nullopt;
}

int minor_unit_digits(std::string_view currency) {
  return iso_minor_unit_digits(currency).value_or(digits_of_unknown_currency);
}

}  // namespace affsync::engine
