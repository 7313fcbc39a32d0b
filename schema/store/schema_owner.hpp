// All that the schemas have belongs to one user: a table of another one could not be read by the
// views and functions of the first. Blocking.
#pragma once

#include <span>

#include "base/embedded_file.hpp"
#include "schema/store/pg_session.hpp"

namespace affsync::schema {

// From now on the session acts as the owner of what is there, if that is not its user. What its
// user has made there with an earlier version, as a superuser, goes to the owner, and missing roles
// are made, if it may. `views`: ours. Throws Failure migration_failed if the user is no member of
// the owner's role.
void act_as_owner(PgSession& session, std::span<EmbeddedFile const> views);

}  // namespace affsync::schema
