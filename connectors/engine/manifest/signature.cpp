// Parses `signature` of an authentication: what is signed, how, and which header carries it.
#include <algorithm>

#include "connectors/engine/manifest/grammar.hpp"
#include "connectors/engine/manifest/keys.hpp"

namespace affsync::engine::grammar {
namespace {

using Signature = SignatureSpec;

constexpr std::pair<std::string_view, SignedPart> signed_parts[] = {
    {"method", SignedPart::method},
    {"path", SignedPart::path},
    {"query", SignedPart::query},
    {"sorted_query", SignedPart::sorted_query},
    {"body_sha256", SignedPart::body_sha256},
    {"timestamp", SignedPart::timestamp},
    {"nonce", SignedPart::nonce},
};
constexpr std::pair<std::string_view, Signature::Algorithm> algorithms[] = {
    {"hmac_sha256", Signature::Algorithm::hmac_sha256},
    {"hmac_sha512", Signature::Algorithm::hmac_sha512},
};
constexpr std::pair<std::string_view, Signature::Encoding> encodings[] = {
    {"hex", Signature::Encoding::hex},
    {"base64", Signature::Encoding::base64},
};
constexpr std::pair<std::string_view, Signature::TimestampForm> timestamp_forms[] = {
    {"seconds", Signature::TimestampForm::seconds},
    {"milliseconds", Signature::TimestampForm::milliseconds},
    {"iso", Signature::TimestampForm::iso},
};

constexpr Key signed_part_table[] = {
    {"const", form::text, "this text, with its placeholders filled in", "", true},
};

constexpr Key signature_table[] = {
    {"secret", form::text, "such as ${credentials.secret}", "", true},
    {"parts",
     [] {
       return form::one_or_more(
           form::any_of({form::words(signed_parts), form::object(signed_part_keys)}));
     },
     "what is signed, in order", "", true},
    {"join", form::text, "the text between the parts"},
    {"algorithm", [] { return form::words(algorithms); }, "the keyed hash", R"("hmac_sha256")"},
    {"encoding", [] { return form::words(encodings); }, "of the signature; hex is in lower case",
     R"("hex")"},
    {"header", form::text, "name of the header for the signature", "", true},
    {"prefix", form::text, "text in front of the signature, such as sha256="},
    {"timestamp_header", form::text,
     "name of the header for the time; required if the time is signed"},
    {"timestamp_form", [] { return form::words(timestamp_forms); },
     "seconds or milliseconds since 1970, or ISO 8601", R"("seconds")"},
    {"nonce_header", form::text,
     "name of the header for the nonce; required if the nonce is signed"},
};

Signature::Part read_part(yaml::Node const& node, Declared const& declared) {
  Signature::Part part;
  if (node.is_map()) {
    ObjectMap map(node, signed_part_keys);
    part.text =
        read_template(map.require("const"), declared, {.credentials = true, .settings = true});
    map.finish();
  } else {
    part.kind = read_word<SignedPart>(node, signed_parts, "a part that can be signed");
  }
  return part;
}

bool signs(Signature const& signature, SignedPart kind) {
  return std::ranges::find(signature.parts, kind, &Signature::Part::kind) != signature.parts.end();
}

}  // namespace

Object const signed_part_keys{"a part that is signed", "signed_part", signed_part_table};
Object const signature_keys{"a signature", "signature", signature_table};

SignatureSpec read_signature(yaml::Node const& node, Declared const& declared) {
  ObjectMap map(node, signature_keys);
  Signature out;
  auto const secret = map.require("secret");
  out.secret = read_template(secret, declared, {.credentials = true});
  if (out.secret.find("${credentials.") == std::string::npos) {
    secret.fail("a signature needs a credential as its key",
                "For instance \"${credentials.secret}\".");
  }
  auto const parts = map.require("parts");
  for (auto const& item : one_or_more(parts)) out.parts.push_back(read_part(item, declared));
  // Not with read_template, because the text between parts is often a line break.
  map.read("join", out.join);
  if (auto const word = map.find("algorithm")) {
    out.algorithm =
        read_word<Signature::Algorithm>(*word, algorithms, "an algorithm of signatures");
  }
  if (auto const word = map.find("encoding")) {
    out.encoding = read_word<Signature::Encoding>(*word, encodings, "an encoding of signatures");
  }
  out.header = read_header_name(map.require("header"), declared);
  if (auto const prefix = map.find("prefix")) {
    out.prefix = read_template(*prefix, declared, {.settings = true});
  }
  if (auto const header = map.find("timestamp_header")) {
    out.timestamp_header = read_header_name(*header, declared);
  } else if (signs(out, SignedPart::timestamp)) {
    parts.fail("the signed timestamp is not sent to the broker", "Add `timestamp_header`.");
  }
  if (auto const form = map.find("timestamp_form")) {
    out.timestamp_form =
        read_word<Signature::TimestampForm>(*form, timestamp_forms, "a form of timestamps");
  }
  if (auto const header = map.find("nonce_header")) {
    out.nonce_header = read_header_name(*header, declared);
  } else if (signs(out, SignedPart::nonce)) {
    parts.fail("the signed nonce is not sent to the broker", "Add `nonce_header`.");
  }
  map.finish();
  return out;
}

}  // namespace affsync::engine::grammar
