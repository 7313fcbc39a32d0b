// Names of fields that name a person in nearly every API: a net below what a connector lists as
// personal, for fields that nobody knew of when it was written.
#pragma once

#include <string_view>

namespace affsync::engine {

// Case, blanks, '_', '-' and '.' do not count. `of_person`: the field stands in something that is a
// person, where also a plain "name" is one.
bool is_personal_name(std::string_view field, bool of_person);

// "customer", "retentionAgent": what stands in such a field is a person.
bool names_a_person(std::string_view field);

}  // namespace affsync::engine
