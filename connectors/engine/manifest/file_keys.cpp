// The keys of a connector file as a whole, and of what it declares.
#include "connectors/engine/manifest/keys.hpp"

namespace affsync::engine::grammar {
namespace {

constexpr Key file_table[] = {
    {"name", form::name, "the name that sources use", "", true},
    {"title", form::text, "the name for people"},
    {"documentation", form::text, "address of the broker's description of the API"},
    {"base_url", form::text,
     "scheme and host, and optionally a path in front of all others; without it each source gives "
     "it. For files file:/// and the folder"},
    {"credentials", [] { return form::map_of(form::object(credential_keys)); },
     "what a source gives to log in, by name"},
    {"settings", [] { return form::map_of(form::object(setting_keys)); },
     "what a source may set, by name"},
    {"auth", [] { return form::one_or_more(form::object(auth_keys)); },
     "how requests are authenticated; of a list, the first for which the source gives all "
     "credentials; a connector for files needs none"},
    {"rate", [] { return form::object(rate_keys); }, "how fast requests may be sent"},
    {"errors", [] { return form::list_of(form::object(error_keys)); },
     "what answers mean; the first rule that matches decides"},
    {"good", form::good_conditions, "what a good answer of a stream holds"},
    {"raw", form::kept_raw, "how much of a row is kept unchanged", R"("all")"},
    {"streams", [] { return form::map_of(form::object(stream_keys), 1); },
     "the lists that the broker offers, by name", "", true},
};

constexpr Key credential_table[] = {
    {"description", form::text, "shown to the user"},
    {"secret", form::flag, "false: may be shown, such as a login name", "true"},
    {"optional", form::flag, "true: a source may omit it", "false"},
};

constexpr Key setting_table[] = {
    {"description", form::text, "shown to the user"},
    {"default", form::scalar, "without a default, a source must set it"},
};

}  // namespace

Object const file_keys{"a connector file", "connector", file_table};
Object const credential_keys{"the credential", "credential", credential_table, true};
Object const setting_keys{"the setting", "setting", setting_table, true};

}  // namespace affsync::engine::grammar
