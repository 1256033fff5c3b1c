#include "trust/dkim/key.h"

#include <algorithm>

#include "base/text.h"
#include "codec/base64.h"
#include "codec/utf8.h"
#include "trust/dkim/tag_list.h"

namespace chappe::trust::dkim {
namespace {

std::unexpected<Fault> malformed(std::string detail) {
  return std::unexpected(Fault{Reason::key_malformed, std::move(detail)});
}

bool has(const std::vector<std::string>& words, std::string_view word) {
  return std::ranges::any_of(words, [word](const std::string& w) { return iequals(w, word); });
}

std::string_view type_of(crypto::KeyKind kind) { return kind == crypto::KeyKind::rsa ? "rsa" : "ed25519"; }

}  // namespace

std::expected<Key, Fault> parse_key(ByteView record) {
  if (record.size() > kMaxKeyRecord) return malformed("more octets than are read");
  const auto tags = TagList::parse(record);
  if (!tags) return malformed(tags.error().text());
  Key key;
  if (const auto v = tags->value("v")) {
    // RFC 6376 §3.6.1: it stands first, and is compared octet by octet.
    if (tags->tags().front().name != "v") return malformed("v= is not the first tag");
    if (*v != "DKIM1") return malformed("v=" + printable(*v, 20));
  }
  if (const auto k = tags->value("k")) key.type = to_lower(*k);
  const auto words = [&](std::string_view name, std::vector<std::string>& out) {
    const auto value = tags->value(name);
    if (!value) return true;
    const auto list = colon_list(*value, kMaxKeyWords);
    if (list) out.assign(list->begin(), list->end());
    return list.has_value();
  };
  std::vector<std::string> flags;
  if (!words("h", key.hashes)) return malformed("h= is no list");
  if (!words("s", key.services)) return malformed("s= is no list");
  // An empty list of flags is as good as none: it is published often.
  if (const auto t = tags->value("t"); t && !t->empty() && !words("t", flags)) return malformed("t= is no list");
  key.testing = has(flags, "y");
  key.strict = has(flags, "s");
  if (const auto n = tags->value("n")) key.notes = codec::utf8_repair(unquote(*n).value_or(std::string(*n)));
  const auto p = tags->value("p");
  if (!p) return malformed("p= is missing");
  auto data = base64_with_blanks(*p);
  if (!data) return malformed("p= is no base64");
  key.data = std::move(*data);
  return key;
}

std::optional<Fault> unfit(const Key& key, const Signature& signature) {
  // RFC 6376 §3.6.1: a record for other services is ignored.
  if (!key.services.empty() && !has(key.services, "*") && !has(key.services, "email"))
    return Fault{Reason::key_service, "s=" + printable(key.services.front(), 40)};
  // RFC 6376 §6.1.2, steps 6 to 8
  const std::string_view hash = signature.digest_kind == crypto::DigestKind::sha1 ? "sha1" : "sha256";
  if (!key.hashes.empty() && !has(key.hashes, hash))
    return Fault{Reason::key_hash, "h= does not name " + std::string(hash)};
  if (key.revoked()) return Fault{Reason::key_revoked, {}};
  if (key.type != type_of(signature.key_kind))
    return Fault{Reason::key_type, "k=" + printable(key.type, 40) + ", a=" + signature.algorithm};
  // RFC 6376 §3.6.1 `t=s`; ARC has no such identity.
  if (key.strict && signature.form == Form::dkim && signature.identity_domain != signature.domain)
    return Fault{Reason::key_strict, signature.identity_domain + " is not " + signature.domain};
  return std::nullopt;
}

Result<crypto::PublicKey> public_key(const Key& key) {
  if (key.type == "rsa") return crypto::PublicKey::from_rsa(key.data);
  if (key.type == "ed25519") return crypto::PublicKey::from_ed25519(key.data);
  return fail(Errc::unsupported, "keys of the type {} are not known", printable(key.type, 40));
}

std::string key_record(crypto::KeyKind kind, ByteView public_octets, bool testing) {
  std::string out = "v=DKIM1; k=" + std::string(type_of(kind));
  if (testing) out += "; t=y";
  return out + "; p=" + codec::base64_encode(public_octets);
}

std::string key_record(const crypto::PrivateKey& key, bool testing) {
  return key_record(key.kind(), key.public_octets(), testing);
}

}  // namespace chappe::trust::dkim
