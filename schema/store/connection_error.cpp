// What to do about a connection that is refused.
#include <algorithm>
#include <iterator>

#include "schema/store/pg_error.hpp"
#include "schema/store/server_text.hpp"

namespace affsync::schema {
namespace {

// Parts of English messages with which a server or a pooler refuses a connection.
struct KnownRefusal {
  std::string_view words;
  std::string_view hint;
};

constexpr KnownRefusal known_refusals[] = {
    {"Too many open files",
     "Raise affsync's limit of open files (ulimit -n; LimitNOFILE= of its service)."},
    {"unsupported startup parameter",
     "A connection pooler probably refuses a start-up parameter: remove it from database.url"
     " (`options`, $PGOPTIONS), or let the pooler ignore it (PgBouncer: "
     "ignore_startup_parameters)."},
    {"session is read-only",
     "No server in database.url accepts writes. During a failover, wait; otherwise check that one"
     " of the hosts is the primary."},
    {"server is in hot standby mode",
     "No server in database.url accepts writes. During a failover, wait; otherwise check that one"
     " of the hosts is the primary."},
    {"could not make a writable connection",
     "No server in database.url accepts writes. During a failover, wait; otherwise check that one"
     " of the hosts is the primary."},
    {"the database system is ", "The server is starting or stopping; wait until it is ready."},
    {"no such database",
     "The pooler does not know the database: add it to its configuration, or correct "
     "database.url."},
    {"statement pooling mode",
     "Set pool_mode = session or transaction for this database in PgBouncer."},
    // All that libpqxx 6 and 7 tell of a session that ended while a statement was under way.
    {"Could not obtain client encoding",
     "The server ended the session, as at a restart or when somebody ends it; the next try opens"
     " another. Behind PgBouncer: pool_mode = session or transaction for this database, and a"
     " pool_size that suffices."},
    {"Lost connection to the database server",
     "The server ended the session, as at a restart or when somebody ends it; the next try opens"
     " another. Behind PgBouncer: pool_mode = session or transaction for this database, and a"
     " pool_size that suffices."},
    {"query_wait_timeout",
     "The pooler had no free connection: raise its pool_size, which has to be larger than"
     " `connections` of the configuration by four, or lower `connections`."},
    {"no more connections allowed",
     "The pooler accepts no more clients: raise max_client_conn in its configuration."},
    {"too many clients already",
     "The server has no free connection: raise max_connections or lower database.connections."},
    {"remaining connection slots are reserved",
     "The server has no free connection: raise max_connections or lower database.connections."},
    {"too many connections for ",
     "Raise the CONNECTION LIMIT of the role or database, or lower database.connections."},
    {"no pg_hba.conf entry",
     "The server does not allow this user from this host: add a line to its pg_hba.conf."},
    {"password authentication failed", "Check user and password in database.url."},
    {"no password supplied",
     "Put the password into database.url (preferably as ${NAME}), or into ~/.pgpass."},
    {"authentication failed", "Check the user in database.url, and pg_hba.conf of the server."},
    {"permission denied for database",
     "As its owner or a superuser: GRANT CONNECT ON DATABASE … TO the user in database.url."},
    {"could not translate host name", "Check the host in database.url."},
    {"server does not support SSL",
     "The server has no TLS: enable it there, or remove sslmode from database.url if the network is"
     " trusted."},
    {"certificate",
     "Check sslmode and sslrootcert in database.url against the server's certificate."},
    {"timeout expired",
     "Check host and port in database.url, and that no firewall blocks the connection."},
    {"Connection refused", "Check host and port in database.url, and that the server is running."},
};

// The same by SQLSTATE, where the words are not English. What a state does not have here is said by
// known_states.
constexpr KnownRefusal refusals_by_state[] = {
    {"28P01", "Check user and password in database.url."},
    {"28000", "Check the user in database.url, and pg_hba.conf of the server."},
    {"53300",
     "The server, the role or the database has no free connection: raise max_connections or the"
     " CONNECTION LIMIT, or lower database.connections."},
    {"42501",
     "As its owner or a superuser: GRANT CONNECT ON DATABASE … TO the user in database.url."},
    {"57P03", "The server is starting or stopping; wait until it is ready."},
};

// Returns a hint for 'database "x" does not exist' and 'role "x" does not exist', from a server or
// a pooler; empty for other messages.
std::string hint_of_missing(std::string_view message, LocalUsers const& users) {
  constexpr std::string_view tail = "\" does not exist";
  auto const end = message.find(tail);
  if (end == std::string_view::npos) return {};
  auto const begin = message.rfind('"', end - 1);
  if (begin == std::string_view::npos || end == 0) return {};
  std::string const name(message.substr(begin + 1, end - begin - 1));
  if (message.substr(0, begin).ends_with("database ")) {
    return "Create it first: `createdb -E UTF8 -T template0 -O USER " + name +
           "` with the user of database.url (as one who may, such as postgres), or correct"
           " database.url.";
  }
  if (message.substr(0, begin).ends_with("role ")) {
    // Without a user in database.url, it is that of the machine.
    if (name == users.own && users.has_other(service_user_name)) {
      return "The service's database is for its own user: " + as_user(service_user_name) +
             ". For another one, name its user in database.url" +
             (name == "root" ? "." : ", or `createuser " + name + "` first.");
    }
    return "Create it first: `createuser " + name + "`, or correct the user in database.url.";
  }
  return {};
}

// The server goes by the user of the machine, who is not the one of database.url.
std::string hint_of_peer(std::string_view message, LocalUsers const& users) {
  constexpr std::string_view words = "Peer authentication failed for user \"";
  auto const at = message.find(words);
  if (at == std::string_view::npos) return {};
  auto const rest = message.substr(at + words.size());
  auto const name = rest.substr(0, rest.find('"'));
  if (!users.has_other(name)) return {};
  return "The server lets in only the user " + std::string(name) +
         " of this machine as that: " + as_user(name) + ".";
}

// What to do about a refusal that is none of known_refusals; empty for words of the server that
// nobody here knows. libpq gives no code for a refused connection, only the server's message.
std::string hint_for_connecting(std::string_view message) {
  auto const says = [&](std::string_view words) {
    return message.find(words) != std::string_view::npos;
  };
  if (says("authentication failed") || says("no password supplied") || says("no pg_hba.conf")) {
    return "Check user and password in database.url, and pg_hba.conf of the server.";
  }
  if (says("No such file or directory") || says("Connection refused")) {
    return "Check database.url and that the server is running; `database.url: embedded` needs "
           "none.";
  }
  if (server_text(message) != std::string_view::npos) return {};
  return "Check database.url and that the server is running.";
}

}  // namespace

ConnectionProblem connection_problem(std::string_view message, LocalUsers const& users) {
  // With several hosts each has its own line. Report one that contains a known refusal.
  auto text = message;
  constexpr std::string_view what = "no connection to PostgreSQL: ";
  for (auto const& known : known_refusals) {
    auto const at = message.find(known.words);
    if (at == std::string_view::npos) continue;
    auto const begin = message.rfind('\n', at);
    text = message.substr(begin == std::string_view::npos ? 0 : begin + 1);
    auto const peer = hint_of_peer(text, users);
    return {Error(ErrorCode::database_unavailable, std::string(what) + one_line(text),
                  peer.empty() ? std::string(known.hint) : peer),
            true};
  }
  auto hint = hint_of_missing(message, users);
  if (hint.empty()) hint = hint_for_connecting(message);
  auto const state = refusal_state(message);
  if (hint.empty()) {
    auto const known = std::ranges::find(refusals_by_state, state, &KnownRefusal::words);
    hint = known == std::end(refusals_by_state) ? hint_of_sqlstate(state) : known->hint;
  }
  bool const is_explained = !hint.empty();
  if (!is_explained) {
    hint = "The server answers and takes no connection; its own words, and its log, say why.";
  }
  if (state.empty()) {
    return {
        Error(ErrorCode::database_unavailable, std::string(what) + one_line(text), std::move(hint)),
        is_explained};
  }
  auto const at = static_cast<std::size_t>(state.data() - message.data());
  auto const begin = message.rfind('\n', at);
  auto told = one_line(message.substr(begin == std::string_view::npos ? 0 : begin + 1));
  auto const again = told.find(std::string(state) + ": ");
  if (again != std::string::npos) told.erase(again, state.size() + 2);
  return {Error(ErrorCode::database_unavailable,
                std::string(what) + told + " [" + std::string(state) + "]", std::move(hint)),
          is_explained};
}

Error connection_error(std::string_view message, LocalUsers const& users) {
  return connection_problem(message, users).error;
}

std::string_view refusal_state(std::string_view message) {
  for (auto at = server_text(message); at != std::string_view::npos;
       at = server_text(message, at)) {
    auto const state = leading_state(message.substr(at));
    if (!state.empty()) return state;
  }
  return {};
}

}  // namespace affsync::schema
