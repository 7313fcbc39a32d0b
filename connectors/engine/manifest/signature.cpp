// Parses `signature` of an authentication: what is signed, how, and where it is sent.
#include <algorithm>

#include "connectors/engine/manifest/grammar.hpp"
#include "connectors/engine/manifest/keys.hpp"

namespace affsync::engine::grammar {
namespace {

using Signature = SignatureSpec;

constexpr std::pair<std::string_view, SignedPart> signed_parts[] = {
    {"method", SignedPart::method},
    {"host", SignedPart::host},
    {"path", SignedPart::path},
    {"query", SignedPart::query},
    {"sorted_query", SignedPart::sorted_query},
    {"raw_query", SignedPart::raw_query},
    {"sorted_raw_query", SignedPart::sorted_raw_query},
    {"sorted_names_and_values", SignedPart::sorted_names_and_values},
    {"path_and_query", SignedPart::path_and_query},
    {"path_and_raw_query", SignedPart::path_and_raw_query},
    {"path_and_sorted_raw_query", SignedPart::path_and_sorted_raw_query},
    {"body", SignedPart::body},
    {"body_sha256", SignedPart::body_sha256},
    {"body_sha512", SignedPart::body_sha512},
    {"timestamp", SignedPart::timestamp},
    {"nonce", SignedPart::nonce},
    {"receive_window", SignedPart::receive_window},
};
constexpr std::pair<std::string_view, Signature::Algorithm> algorithms[] = {
    {"hmac_sha256", Signature::Algorithm::hmac_sha256},
    {"hmac_sha512", Signature::Algorithm::hmac_sha512},
    {"hmac_sha1", Signature::Algorithm::hmac_sha1},
    {"sha256", Signature::Algorithm::sha256},
    {"double_sha256", Signature::Algorithm::double_sha256},
    {"sha1", Signature::Algorithm::sha1},
    {"md5", Signature::Algorithm::md5},
};
constexpr std::pair<std::string_view, Signature::Prehash> prehashes[] = {
    {"none", Signature::Prehash::none},
    {"upper_md5", Signature::Prehash::upper_md5},
};
constexpr std::pair<std::string_view, Signature::SecretForm> secret_forms[] = {
    {"text", Signature::SecretForm::text},
    {"base64", Signature::SecretForm::base64},
};
constexpr std::pair<std::string_view, Signature::Encoding> encodings[] = {
    {"hex", Signature::Encoding::hex},
    {"upper_hex", Signature::Encoding::upper_hex},
    {"base64", Signature::Encoding::base64},
    {"base64_of_hex", Signature::Encoding::base64_of_hex},
};
constexpr std::pair<std::string_view, Signature::TimestampForm> timestamp_forms[] = {
    {"seconds", Signature::TimestampForm::seconds},
    {"milliseconds", Signature::TimestampForm::milliseconds},
    {"iso", Signature::TimestampForm::iso},
    {"iso_milliseconds", Signature::TimestampForm::iso_milliseconds},
    {"iso_without_zone", Signature::TimestampForm::iso_without_zone},
    {"rfc1123", Signature::TimestampForm::rfc1123},
};
constexpr std::pair<std::string_view, bool> signature_places[] = {{"header", false},
                                                                  {"query", true}};
constexpr Range<int> receive_windows{1, 600'000};

constexpr Key signed_part_table[] = {
    {"const", form::text, "this text, with its placeholders filled in"},
    {"credential", form::name, "the credential of this name"},
    {"sha256", [] { return form::one_or_more(form::words(signed_parts)); },
     "the 32 bytes of the SHA-256 of these parts, one after the other"},
};

constexpr Key signed_text_table[] = {
    {"signed", form::text, "the text that is signed, such as ${credentials.passphrase}", "", true},
};

constexpr Key signature_table[] = {
    {"secret", form::text,
     "the key, such as ${credentials.secret}; required unless the hash has no key"},
    {"secret_form", [] { return form::words(secret_forms); },
     "base64: the key is the bytes that the secret encodes", R"("text")"},
    {"parts",
     [] {
       return form::one_or_more(
           form::any_of({form::words(signed_parts), form::object(signed_part_keys)}));
     },
     "what is signed, in order", "", true},
    {"join", form::text, "the text between the parts"},
    {"prehash", [] { return form::words(prehashes); },
     "upper_md5: what is signed is the MD5 of the parts, in upper-case hex digits", R"("none")"},
    {"algorithm", [] { return form::words(algorithms); }, "the hash", R"("hmac_sha256")"},
    {"encoding", [] { return form::words(encodings); }, "of the signature; hex is in lower case",
     R"("hex")"},
    {"in", [] { return form::words(signature_places); }, "where the signature is sent",
     R"("header")"},
    {"header", form::text, "name of the header for the signature; required with `in: header`"},
    {"parameter", form::text, "in: query: name of the parameter for the signature",
     R"("signature")"},
    {"prefix", form::text, "text in front of the signature, such as sha256="},
    {"timestamp_header", form::text, "name of the header for the time"},
    {"timestamp_parameter", form::text, "name of the parameter for the time"},
    {"timestamp_form", [] { return form::words(timestamp_forms); },
     "seconds or milliseconds since 1970, or ISO 8601", R"("seconds")"},
    {"nonce_header", form::text, "name of the header for the nonce"},
    {"nonce_parameter", form::text, "name of the parameter for the nonce"},
    {"receive_window", [] { return form::integer(receive_windows); },
     "for how many milliseconds the broker accepts the request"},
    {"receive_window_header", form::text, "name of the header for it"},
    {"receive_window_parameter", form::text, "name of the parameter for it"},
    {"headers", [] { return form::map_of(form::object(signed_text_keys)); },
     "further headers, each {signed: TEXT}: the text signed with the same key"},
};

Signature::Part read_part(yaml::Node const& node, Declared const& declared) {
  Signature::Part part;
  if (!node.is_map()) {
    part.kind = read_word<SignedPart>(node, signed_parts, "a part that can be signed");
    return part;
  }
  ObjectMap map(node, signed_part_keys);
  auto const text = map.find("const");
  auto const credential = map.find("credential");
  auto const hashed = map.find("sha256");
  map.finish();
  if (int(text.has_value()) + int(credential.has_value()) + int(hashed.has_value()) != 1) {
    node.fail("a part that is signed takes either `const`, `credential` or `sha256`");
  }
  if (hashed) {
    part.kind = SignedPart::sha256_of;
    for (auto const& item : one_or_more(*hashed)) {
      part.hashed.push_back(read_word<SignedPart>(item, signed_parts, "a part that can be signed"));
    }
    return part;
  }
  if (text) {
    part.text = read_template(*text, declared, {.credentials = true, .settings = true});
  } else {
    part.text = "${credentials." + credential->text() + "}";
    check_declared(*credential, credential->text(), declared.credentials, "credential");
  }
  return part;
}

bool signs(Signature const& signature, SignedPart kind) {
  return std::ranges::any_of(signature.parts, [kind](Signature::Part const& part) {
    return part.kind == kind || std::ranges::find(part.hashed, kind) != part.hashed.end();
  });
}

void read_key(ObjectMap& map, Signature& out, yaml::Node const& parts, Declared const& declared) {
  auto const secret = map.find("secret");
  auto const secret_form = map.find("secret_form");
  if (secret_form) {
    out.secret_form =
        read_word<Signature::SecretForm>(*secret_form, secret_forms, "a form of a secret");
  }
  if (!out.has_key()) {
    if (secret_form) secret_form->fail("this hash has no key");
    if (secret) {
      secret->fail("this hash has no key",
                   "Put the credential among the `parts`: {credential: NAME}.");
    }
    bool const has_credential = std::ranges::any_of(out.parts, [](auto const& part) {
      return part.text.find("${credentials.") != std::string::npos;
    });
    if (!has_credential) {
      parts.fail("without a credential anybody could compute this hash",
                 "Add {credential: NAME} to the `parts`.");
    }
    return;
  }
  if (!secret) map.node().fail("a signature needs a `secret`");
  out.secret = read_template(*secret, declared, {.credentials = true});
  if (out.secret.find("${credentials.") == std::string::npos) {
    secret->fail("a signature needs a credential as its key",
                 "For instance \"${credentials.secret}\".");
  }
}

// Reads NAME_header and NAME_parameter. A part that is signed must be sent in one of them.
void read_places(ObjectMap& map, std::string const& name, std::string& header,
                 std::string& parameter, yaml::Node const* signed_in, Declared const& declared) {
  if (auto const node = map.find(name + "_header")) header = read_header_name(*node, declared);
  if (auto const node = map.find(name + "_parameter")) parameter = read_parameter_name(*node);
  if (signed_in == nullptr || !header.empty() || !parameter.empty()) return;
  signed_in->fail("the signed " + name + " is not sent to the broker",
                  "Add `" + name + "_header` or `" + name + "_parameter`.");
}

void read_signed_headers(yaml::Node const& node, Signature& out, Declared const& declared) {
  if (!out.has_key() || out.algorithm == Signature::Algorithm::double_sha256) {
    node.fail("only a keyed hash can sign the values of headers",
              "Use one of the algorithms that begin with hmac_.");
  }
  check_header_names(node);
  for (auto const& [key, value] : node.entries()) {
    ObjectMap map(value, signed_text_keys);
    auto const text = map.require("signed");
    out.signed_headers.emplace_back(
        key.text(), read_template(text, declared, {.credentials = true, .settings = true}));
    map.finish();
  }
}

// Reads where the signature is sent.
void read_place(ObjectMap& map, Signature& out, Declared const& declared) {
  auto const place = map.find("in");
  bool const in_query =
      place && read_word<bool>(*place, signature_places, "a place for a signature");
  auto const header = map.find("header");
  auto const parameter = map.find("parameter");
  if (in_query) {
    if (header) header->fail("with `in: query` the signature has a `parameter`, not a header");
    out.parameter = parameter ? read_parameter_name(*parameter) : "signature";
    return;
  }
  if (parameter) parameter->fail("`parameter` is only allowed with `in: query`");
  if (!header) map.node().fail("a signature needs a `header`, or `in: query`");
  out.header = read_header_name(*header, declared);
}

void read_receive_window(ObjectMap& map, Signature& out, yaml::Node const& parts,
                         Declared const& declared) {
  auto const window = map.find("receive_window");
  if (window) out.receive_window = std::to_string(read_integer(*window, receive_windows));
  bool const is_signed = signs(out, SignedPart::receive_window);
  if (is_signed && !window) {
    parts.fail("the signed receive window is not given", "Add `receive_window`, such as 5000.");
  }
  read_places(map, "receive_window", out.receive_window_header, out.receive_window_parameter,
              window ? &*window : nullptr, declared);
  bool const is_sent = !out.receive_window_header.empty() || !out.receive_window_parameter.empty();
  if (is_sent && !window) {
    map.node().fail("`receive_window` is missing", "Give the milliseconds, such as 5000.");
  }
}

}  // namespace

Object const signed_part_keys{
    "a part that is signed", "signed_part", signed_part_table, false,
    R"({"oneOf": [{"required": ["const"]}, {"required": ["credential"]}, {"required": ["sha256"]}]})"};
Object const signed_text_keys{"a signed text", "signed_text", signed_text_table};
Object const signature_keys{"a signature", "signature", signature_table};

SignatureSpec read_signature(yaml::Node const& node, Declared const& declared) {
  ObjectMap map(node, signature_keys);
  Signature out;
  auto const parts = map.require("parts");
  for (auto const& item : one_or_more(parts)) out.parts.push_back(read_part(item, declared));
  if (auto const word = map.find("algorithm")) {
    out.algorithm =
        read_word<Signature::Algorithm>(*word, algorithms, "an algorithm of signatures");
  }
  read_key(map, out, parts, declared);
  // Not with read_template, because the text between parts is often a line break.
  map.read("join", out.join);
  if (auto const word = map.find("prehash")) {
    out.prehash = read_word<Signature::Prehash>(*word, prehashes, "a hash of the parts");
  }
  if (auto const word = map.find("encoding")) {
    out.encoding = read_word<Signature::Encoding>(*word, encodings, "an encoding of signatures");
  }
  read_place(map, out, declared);
  if (auto const prefix = map.find("prefix")) {
    out.prefix = read_template(*prefix, declared, {.settings = true});
  }
  read_places(map, "timestamp", out.timestamp_header, out.timestamp_parameter,
              signs(out, SignedPart::timestamp) ? &parts : nullptr, declared);
  if (auto const form = map.find("timestamp_form")) {
    out.timestamp_form =
        read_word<Signature::TimestampForm>(*form, timestamp_forms, "a form of timestamps");
  }
  read_places(map, "nonce", out.nonce_header, out.nonce_parameter,
              signs(out, SignedPart::nonce) ? &parts : nullptr, declared);
  read_receive_window(map, out, parts, declared);
  if (auto const headers = map.find("headers")) read_signed_headers(*headers, out, declared);
  map.finish();
  return out;
}

}  // namespace affsync::engine::grammar
