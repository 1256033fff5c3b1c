#include "trust/dkim/sign.h"

#include <algorithm>

#include "base/text.h"
#include "crypto/digest.h"
#include "trust/dkim/field_writer.h"
#include "trust/dkim/signature.h"

namespace chappe::trust::dkim {
namespace {

constexpr std::size_t kMinBits = 1024;  // RFC 8301 §3.2

std::string_view algorithm_of(crypto::KeyKind kind) {
  return kind == crypto::KeyKind::rsa ? "rsa-sha256" : "ed25519-sha256";
}

// `i=` as it is written (RFC 6376 §3.5): a local part in dkim-quoted-printable, a domain under that of `d=`.
Result<std::string> identity_of(const SigningKey& key, std::string_view domain) {
  const std::size_t at = key.identity.rfind('@');
  const auto name = at == std::string::npos ? std::nullopt : signing_domain(ByteView(key.identity).substr(at + 1));
  if (!name || !is_under(*name, domain))
    return fail(Errc::invalid, "the identity {} is not under {}", printable(key.identity), domain);
  return quote(ByteView(key.identity).substr(0, at)) + '@' + *name;
}

}  // namespace

std::span<const SignedName> standard_names() {
  static const std::vector<SignedName> names = [] {
    std::vector<SignedName> out;
    for (const char* name :
         {"From", "To", "Cc", "Subject", "Date", "Reply-To", "Message-ID", "In-Reply-To", "References", "MIME-Version",
          "Content-Type", "Content-Transfer-Encoding", "Content-Disposition", "Content-ID", "Content-Description",
          "Content-Language", "Content-Location", "Content-MD5"})
      out.push_back({name, 1});
    return out;
  }();
  return names;
}

Result<SignerNames> signer_names(const SigningKey& key) {
  auto domain = signing_domain(key.domain);
  if (!domain) return fail(Errc::invalid, "{} is no domain that can sign", printable(key.domain));
  auto selector = selector_name(key.selector);
  if (!selector) return fail(Errc::invalid, "{} is no selector", printable(key.selector));
  if (key.key->kind() == crypto::KeyKind::rsa && key.key->bits() < kMinBits)
    return fail(Errc::invalid, "a key of {} bits signs nothing; RFC 8301 wants {}", key.key->bits(), kMinBits);
  return SignerNames{std::move(*domain), std::move(*selector), algorithm_of(key.key->kind())};
}

Result<std::string> timestamp(Time time) {
  if (time.us < 0) return fail(Errc::invalid, "no signature can be of {}: its time begins in 1970", to_rfc3339(time));
  return std::to_string(time.us / 1'000'000);
}

Result<std::vector<std::string>> signed_names(const HeaderFields& header, std::span<const SignedName> names) {
  std::vector<std::string> out;
  bool from = false;
  for (const SignedName& n : names) {
    const std::size_t present = header.count(n.name);
    from = from || (present > 0 && iequals(n.name, "From"));
    if (present + n.more > kMaxSignedFields - out.size())
      return fail(Errc::too_large, "more than {} fields to be signed", kMaxSignedFields);
    out.insert(out.end(), present + n.more, n.name);
  }
  if (!from) return fail(Errc::invalid, "without a From that is signed there is no signature");
  return out;
}

Result<std::vector<std::string>> sign(std::span<const message::Field> fields, const BodyHashes& bodies,
                                      std::span<const SigningKey> keys, Time now, const SignOptions& options) {
  const BodyHash* body = bodies.find(options.body_kind());
  if (body == nullptr) return fail(Errc::invalid, "the body was not hashed as it is to be signed");
  return sign(fields, body->hash, keys, now, options);
}

Result<std::vector<std::string>> sign(std::span<const message::Field> fields, ByteView body_hash,
                                      std::span<const SigningKey> keys, Time now, const SignOptions& options) {
  const HeaderFields header(fields);
  const std::vector<std::string> names = TRY(signed_names(header, options.names));
  const std::string text = header.canonical(options.header_canon, header.select(names, kNoField));
  std::vector<std::string> out;
  for (const SigningKey& key : keys) {
    const SignerNames signer = TRY(signer_names(key));
    FieldWriter field("DKIM-Signature", message::FieldName::dkim_signature);
    field.tag("v", "1").tag("a", signer.algorithm);
    field.tag("c", std::string(canon_name(options.header_canon)) + '/' + std::string(canon_name(options.body_canon)));
    field.tag("d", signer.domain).tag("s", signer.selector);
    if (!key.identity.empty()) field.tag("i", TRY(identity_of(key, signer.domain)));
    if (options.timestamp) field.tag("t", TRY(timestamp(now)));
    if (options.lifetime) field.tag("x", TRY(timestamp(now + *options.lifetime)));
    field.list("h", names).base64("bh", body_hash);
    std::string all = text;
    const message::Field own = field.unsigned_field();
    append_own(all, options.header_canon, own, field.value_place(), field.value_place());
    const Bytes signature = TRY(key.key->sign(crypto::sha256(all).view()));
    out.push_back(std::move(field).finish(signature));
  }
  return out;
}

Unfit unfit_for_wire(ByteView letter) {
  Unfit out;
  std::size_t at = 0;
  while (at < letter.size()) {
    const std::size_t lf = letter.find('\n', at);
    const std::size_t next = lf == ByteView::npos ? letter.size() : lf + 1;
    ByteView line = letter.substr(at, std::min(lf, letter.size()) - at);
    if (lf != ByteView::npos && line.ends_with('\r'))
      line.remove_suffix(1);
    else if (lf != ByteView::npos)
      out.bare_lf = true;
    if (line.contains('\r')) out.bare_cr = true;
    out.longest_line = std::max(out.longest_line, line.size());
    at = next;
  }
  return out;
}

Result<Signed> sign(const message::Letter& letter, std::span<const SigningKey> keys, Time now,
                    const SignOptions& options) {
  if (letter.is_outline()) return fail(Errc::bug, "an outline has no body to be signed");
  const BodyHashKind kinds[] = {options.body_kind()};
  BodyHashes bodies(kinds);
  bodies.feed(letter.body_bytes(letter.root()));
  bodies.finish();
  return Signed{TRY(sign(letter.fields(), bodies, keys, now, options)), unfit_for_wire(letter.bytes())};
}

}  // namespace chappe::trust::dkim
