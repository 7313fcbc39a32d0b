// Field names that identify a person in nearly every API. A safety net for fields that a connector
// does not list as personal, because they were unknown when it was written.
#pragma once

#include <string_view>

namespace affsync::engine {

// Returns true for a name of a personal field. Case, blanks, '_', '-', '.' and digits at the end
// are ignored. `of_person`: the field belongs to an object that is a person, where even a plain
// "name" or "address" is personal.
bool is_personal_name(std::string_view field, bool of_person);

// Returns true if the text is a mail address and nothing else.
bool is_mail_address(std::string_view text);

// Returns true if the value of such a field is a person: "customer", "retentionAgent".
bool names_a_person(std::string_view field);

}  // namespace affsync::engine
