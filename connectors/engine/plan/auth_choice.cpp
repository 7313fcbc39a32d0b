#include "connectors/engine/plan/auth_choice.hpp"

#include <algorithm>
#include <set>

#include "base/suggest.hpp"
#include "base/yaml/node.hpp"
#include "connectors/engine/manifest/placeholders.hpp"
#include "connectors/engine/plan/credentials.hpp"
#include "connectors/engine/values/base64.hpp"

namespace affsync::engine {
namespace {

using Names = std::set<std::string, std::less<>>;

[[noreturn]] void refuse_credentials(std::string message, std::string hint) {
  throw Failure(ErrorCode::config_invalid, std::move(message), std::move(hint));
}

void add_names(Names& names, std::string_view text) {
  for (auto const& place : placeholder_names(text).value_or(std::vector<std::string>())) {
    if (auto const name = name_in_scope(place, "credentials")) names.emplace(*name);
  }
}

void add_names(Names& names, NamedTexts const& texts) {
  for (auto const& [name, text] : texts) add_names(names, text);
}

struct NamesOfAuth {
  Names names;

  void add(RequestSpec const& request) {
    for (auto const* texts : {&request.headers, &request.json, &request.form}) {
      add_names(names, *texts);
    }
    if (request.body) add_names(names, request.body->json.dump());
  }
  void operator()(NoAuth const&) {}
  void operator()(StaticTokenAuth const& auth) { add_names(names, auth.value); }
  void operator()(BasicAuth const& auth) {
    add_names(names, auth.user);
    add_names(names, auth.password);
  }
  void operator()(HmacAuth const&) {}
  void operator()(LoginTokenAuth const& auth) {
    add(auth.login);
    if (auth.refresh) add(auth.refresh->request);
    if (auth.login_basic) (*this)(*auth.login_basic);
    add_names(names, auth.value);
  }
};

Names names_of(SignatureSpec const& signature) {
  Names names;
  add_names(names, signature.secret);
  for (auto const& part : signature.parts) add_names(names, part.text);
  add_names(names, signature.signed_headers);
  return names;
}

// Credentials that one way to authenticate needs, and those that it can use.
struct Wants {
  Names needed;
  Names used;
};

Wants wants_of(AuthOption const& option, Manifest const& manifest) {
  NamesOfAuth of_auth;
  std::visit(of_auth, option.auth);
  add_names(of_auth.names, option.extras.headers);
  add_names(of_auth.names, option.extras.query);
  if (option.secret_path) {
    for (auto const& stream : manifest.streams) add_names(of_auth.names, stream.request.path);
  }
  Wants wants;
  wants.needed = of_auth.names;
  if (option.signature) {
    bool const alone = std::holds_alternative<HmacAuth>(option.auth);
    for (auto const& name : names_of(*option.signature)) {
      wants.used.insert(name);
      auto const spec = std::ranges::find(manifest.credentials, name, &CredentialSpec::name);
      bool const optional = spec != manifest.credentials.end() && spec->optional;
      if (alone || !optional) wants.needed.insert(name);
    }
  }
  wants.used.insert(wants.needed.begin(), wants.needed.end());
  return wants;
}

std::vector<Wants> all_wants(Manifest const& manifest) {
  std::vector<Wants> all;
  for (auto const& option : manifest.auth) all.push_back(wants_of(option, manifest));
  if (all.empty()) all.emplace_back();
  // A credential that no way uses is needed by all of them, because the file declares it.
  for (auto const& spec : manifest.credentials) {
    bool const is_used = std::ranges::any_of(
        all, [&](Wants const& wants) { return wants.used.count(spec.name) != 0; });
    if (is_used || spec.optional) continue;
    for (auto& wants : all) {
      wants.needed.insert(spec.name);
      wants.used.insert(spec.name);
    }
  }
  return all;
}

// "login (the e-mail), password"
std::string described(Manifest const& manifest, Names const& names) {
  std::string list;
  for (auto const& spec : manifest.credentials) {
    if (names.count(spec.name) == 0) continue;
    list += (list.empty() ? "" : ", ") + spec.name;
    if (!spec.description.empty()) list += " (" + spec.description + ")";
  }
  return list.empty() ? "none" : list;
}

std::string plain_list(Manifest const& manifest, Names const& names) {
  std::string list;
  for (auto const& spec : manifest.credentials) {
    if (names.count(spec.name) != 0) list += (list.empty() ? "`" : " and `") + spec.name + "`";
  }
  return list;
}

// Describes what the connector accepts, for all messages.
std::string wanted_sets(Manifest const& manifest, std::vector<Wants> const& all) {
  std::string text = "Connector " + yaml::quoted(manifest.name) + " needs under `credentials`";
  text += all.size() == 1 ? ": " : " either ";
  for (std::size_t i = 0; i < all.size(); ++i) {
    text += (i == 0 ? "" : "; or ") + described(manifest, all[i].needed);
  }
  Names optional;
  for (auto const& spec : manifest.credentials) {
    bool const is_needed = std::ranges::any_of(
        all, [&](Wants const& wants) { return wants.needed.count(spec.name) != 0; });
    if (spec.optional && !is_needed) optional.insert(spec.name);
  }
  if (!optional.empty()) text += "; optional: " + described(manifest, optional);
  return text + ".";
}

void check_each(Manifest const& manifest, std::vector<Wants> const& all, Credentials const& given) {
  std::vector<std::string> known;
  for (auto const& spec : manifest.credentials) known.push_back(spec.name);
  for (auto const& [name, value] : given) {
    if (std::ranges::find(known, name) == known.end()) {
      auto const near = nearest(name, known);
      std::string hint = near ? "Did you mean `" + *near + "`? " : "";
      Names const everything(known.begin(), known.end());
      hint += known.empty() ? "It takes no credentials."
                            : "It takes: " + described(manifest, everything) + ".";
      refuse_credentials(
          "connector " + yaml::quoted(manifest.name) + " has no credential " + yaml::quoted(name),
          std::move(hint));
    }
    if (value.empty()) {
      refuse_credentials("the credential " + yaml::quoted(name) + " is empty",
                         wanted_sets(manifest, all));
    }
    if (value.reveal().find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos) {
      refuse_credentials("the credential " + yaml::quoted(name) + " holds a line break",
                         "Check the file or variable that it is read from.");
    }
  }
}

bool has_all(Credentials const& given, Names const& names) {
  return std::ranges::all_of(names,
                             [&](std::string const& name) { return given.count(name) != 0; });
}

[[noreturn]] void refuse_incomplete(Manifest const& manifest, std::vector<Wants> const& all,
                                    Credentials const& given) {
  auto hint = wanted_sets(manifest, all);
  if (all.size() > 1) {
    refuse_credentials(
        given.empty() ? "there are no credentials" : "none of the sets of credentials is complete",
        std::move(hint));
  }
  for (auto const& spec : manifest.credentials) {
    if (all.front().needed.count(spec.name) != 0 && given.count(spec.name) == 0) {
      refuse_credentials("the credential " + yaml::quoted(spec.name) + " is missing",
                         std::move(hint));
    }
  }
  refuse_credentials("a credential is missing", std::move(hint));
}

void refuse_left_over(Manifest const& manifest, std::vector<Wants> const& all, Wants const& chosen,
                      Credentials const& given) {
  for (auto const& spec : manifest.credentials) {
    if (spec.optional || given.count(spec.name) == 0 || chosen.used.count(spec.name) != 0) continue;
    auto const others = plain_list(manifest, chosen.needed);
    refuse_credentials("the credential " + yaml::quoted(spec.name) + " would not be used" +
                           (others.empty() ? "" : " beside " + others),
                       "Remove it, or give only its own set. " + wanted_sets(manifest, all));
  }
}

// A key that is not what its broker hands out would be refused by each request.
void check_form(SignatureSpec const& signature, Credentials const& given) {
  if (signature.secret_form != SignatureSpec::SecretForm::base64) return;
  if (decode_base64(with_credentials(signature.secret, given)).value_or("").empty()) {
    std::string names;
    Names of_secret;
    add_names(of_secret, signature.secret);
    for (auto const& name : of_secret) names += (names.empty() ? "" : ", ") + yaml::quoted(name);
    refuse_credentials("the credential " + names + " is not Base64, as the broker's secrets are",
                       "Copy it as a whole, with the = at its end.");
  }
}

}  // namespace

std::vector<std::vector<std::string>> credential_sets(Manifest const& manifest) {
  std::vector<std::vector<std::string>> sets;
  for (auto const& wants : all_wants(manifest)) {
    auto& set = sets.emplace_back();
    for (auto const& spec : manifest.credentials) {
      if (wants.needed.count(spec.name) != 0) set.push_back(spec.name);
    }
  }
  return sets;
}

AuthOption choose_auth(Manifest const& manifest, Credentials const& given) {
  auto const all = all_wants(manifest);
  check_each(manifest, all, given);
  auto const chosen =
      std::ranges::find_if(all, [&](Wants const& wants) { return has_all(given, wants.needed); });
  if (chosen == all.end()) refuse_incomplete(manifest, all, given);
  refuse_left_over(manifest, all, *chosen, given);
  if (manifest.auth.empty()) return {};
  auto option = manifest.auth[static_cast<std::size_t>(chosen - all.begin())];
  if (option.signature && !has_all(given, names_of(*option.signature))) option.signature.reset();
  if (option.signature) check_form(*option.signature, given);
  return option;
}

}  // namespace affsync::engine
