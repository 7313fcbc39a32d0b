#include "connectors/engine/draft/columns.hpp"

#include <algorithm>
#include <string_view>

#include "base/text.hpp"
#include "connectors/engine/answer/text.hpp"

namespace affsync::engine {
namespace {

std::string inner(std::string const& name, std::string const& path, std::string const& options,
                  std::string const& comment) {
  auto text = "      " + name + ": ";
  text += options.empty() ? yaml_text(path) : "{from: " + yaml_text(path) + options + "}";
  return text + (comment.empty() ? "" : "  # " + comment) + "\n";
}

std::string day_lines(Roles const& roles, std::string const& format, std::string const& comment) {
  auto const& form = *roles.day_form;
  auto const& path = roles.day->path;
  std::string const formats =
      format == "iso" || format.empty() ? "" : ", formats: " + yaml_text(format);
  std::string time = formats;
  if (!form.epoch.empty()) time = ", as: epoch, unit: " + form.epoch;
  auto const zone =
      form.epoch.empty() && form.has_time ? std::string(", zone: UTC") : std::string();
  auto const zone_note =
      zone.empty() || comment.empty() ? comment : comment + ", and the zone of its times";
  if (roles.table == "client") return inner("registered_at", path, time + zone, zone_note);
  if (roles.table == "payout") return inner("requested_at", path, time + zone, zone_note);
  if (!form.has_time) return inner("occurred_on", path, formats, comment);
  auto const as_day = form.epoch.empty() ? ", as: datetime" + formats + zone : time;
  return inner("occurred_on", path, as_day, zone_note) +
         inner("occurred_at", path, time + zone, "");
}

// The lines as comments.
std::string as_comments(std::string_view lines) {
  constexpr std::size_t depth = 6;
  std::string text;
  while (!lines.empty()) {
    auto const end = lines.find('\n');
    auto const line = lines.substr(0, end);
    text += std::string(depth, ' ') + "# " + std::string(line.substr(depth)) + "\n";
    lines.remove_prefix(end + 1);
  }
  return text;
}

std::string day_columns(Roles const& roles, Writing const& writing) {
  auto const& form = *roles.day_form;
  if (form.other.empty() || writing.chooses) {
    return day_lines(roles, form.format, "guess: the day that the row is about");
  }
  return "      # " + roles.day->path + " is written like " + one_line(roles.day->values.front()) +
         ", which fits " + form.format + " and " + form.other +
         ", and nothing in the sample tells which.\n"
         "      # Take the lines of one of them in place of the last, which is refused:\n" +
         as_comments(day_lines(roles, form.format, "")) +
         as_comments(day_lines(roles, form.other, "")) + day_lines(roles, "choose", "");
}

// What the fields around the amount say about it.
std::string doubts_about(Sample const& sample, SampleField const& money) {
  std::string doubts;
  auto const is_whole = [](std::string const& text) {
    return text.find_first_of(".,") == std::string::npos;
  };
  bool const may_be_cents = !counts_cents(money) && std::ranges::all_of(money.values, is_whole);
  for (auto const& field : sample.fields) {
    if (!may_be_cents || !counts_cents(field)) continue;
    doubts += "; in cents like " + field.path + "? Then add `minor_units: 2`";
    break;
  }
  if (names_earnings(money)) return doubts;
  for (auto const& field : sample.fields) {
    if (!field.is_list || !names_earnings(field)) continue;
    doubts += "; or the order's value? The list " + field.path +
              " may hold what was earned: read it with `each`";
    break;
  }
  return doubts;
}

std::string money_options(NumberGuess const& number) {
  std::string options;
  if (number.decimal_comma) options += ", decimal_comma: true";
  if (!number.grouping.empty()) options += ", grouping: '" + number.grouping + "'";
  return options;
}

// Amounts such as 1,234: both ways to read them, and neither taken.
std::string undecided_money(SampleField const& money, NumberGuess const& number,
                            std::string const& options) {
  auto const [larger, smaller] = two_numbers(number.two_ways);
  NumberGuess places;
  places.decimal_comma = number.grouping == ",";
  auto const line = [&](std::string const& words, std::string const& comment) {
    return inner("amount", money.path, options + words, comment);
  };
  auto const& value = number.two_ways;
  return "      # " + money.path + " is written like " + value + ", which may be " + larger +
         " or " + smaller +
         ", and nothing in the sample tells which.\n"
         "      # Take one of these two lines in place of the third, which is refused:\n" +
         as_comments(line(money_options(number), value + " is " + larger)) +
         as_comments(line(money_options(places), value + " is " + smaller)) +
         line(", locale: choose", "");
}

std::string money_column(Sample const& sample, Roles const& roles, Writing const& writing) {
  auto const number = guess_number(*roles.money).value_or(NumberGuess());
  std::string options = ", required: true";
  std::string comment = "guess: what was earned";
  if (counts_cents(*roles.money)) {
    options += ", minor_units: 2";
    comment += ", in cents as the name says; leave out `minor_units` if it is not";
  }
  bool const is_undecided = !number.two_ways.empty() && !writing.chooses;
  auto const words = writing.with_all_words ? money_options(number) : std::string();
  comment += doubts_about(sample, *roles.money);
  auto const text = is_undecided ? undecided_money(*roles.money, number, options)
                                 : inner("amount", roles.money->path, options + words, comment);
  if (number.unreadable.empty()) return text;
  return "      # The amounts are written like " + one_line(number.unreadable) +
         ", with signs or brackets that affsync does not read: rows with them go to\n"
         "      # quarantine. Export plain numbers, such as -12.30, or read another column.\n" +
         text;
}

std::string currency_column(Roles const& roles) {
  if (roles.currency != nullptr) return inner("currency", roles.currency->path, "", "guess");
  std::string line = "      currency: {const: ";
  if (!roles.currency_of_money.empty()) {
    return line + roles.currency_of_money + "}  # guess, from the column of the amounts\n";
  }
  return line + "USD}  # the sample names no currency: check this\n";
}

}  // namespace

std::string columns_of(Sample const& sample, Roles const& roles, Writing const& writing) {
  std::string text;
  bool const is_client = roles.table == "client";
  if (roles.money != nullptr) {
    text += money_column(sample, roles, writing);
    text += currency_column(roles);
  }
  if (!is_client && roles.table != "payout" && roles.client != nullptr) {
    text += inner("client_ref", roles.client->path, "",
                  "guess: the client; the same in every stream, or joins find nothing");
  }
  if (is_client && roles.country != nullptr)
    text += inner("country", roles.country->path, "", "guess");
  if (!is_client && roles.table != "payout" && roles.kind != nullptr) {
    text +=
        inner("broker_kind", roles.kind->path, "", "guess; map `kind` from its words with a table");
  }
  if (roles.status != nullptr && !is_client) {
    text += inner("broker_status", roles.status->path, "",
                  "guess; map `status` from its words with a table");
  }
  if (roles.table != "payout" && roles.link != nullptr) {
    text += inner("link_code", roles.link->path, "", "guess");
  }
  if (roles.day != nullptr) text += day_columns(roles, writing);
  return text;
}

}  // namespace affsync::engine
