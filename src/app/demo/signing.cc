#include "app/demo/signing.h"

#include <fmt/format.h>

#include "base/clock.h"
#include "crypto/digest.h"
#include "trust/dkim/field_writer.h"

namespace chappe::app::demo {

namespace dkim = trust::dkim;

namespace {

dkim::BodyHash hash_of(const message::Letter& letter, std::optional<std::uint64_t> length) {
  const dkim::BodyHashKind kind{.canon = dkim::Canon::relaxed, .length = length};
  dkim::BodyHashes bodies({&kind, 1});
  bodies.feed(letter.body_bytes(letter.root()));
  bodies.finish();
  return *bodies.find(kind);
}

}  // namespace

Result<Bytes> signed_well(const dkim::SigningKey& key, const Bytes& octets) {
  return TRY(dkim::sign(message::Letter(octets), {&key, 1}, system_clock().now())).fields.front() + octets;
}

Result<Bytes> signed_carelessly(const dkim::SigningKey& key, const Bytes& octets, bool part) {
  const message::Letter letter(octets);
  const dkim::HeaderFields header(letter.fields());
  const auto names = TRY(dkim::signed_names(header, dkim::standard_names()));
  dkim::BodyHash body = hash_of(letter, std::nullopt);
  if (part) body = hash_of(letter, body.octets);
  dkim::FieldWriter field("DKIM-Signature", message::FieldName::dkim_signature);
  const bool rsa = key.key->kind() == crypto::KeyKind::rsa;
  field.tag("v", "1").tag("a", rsa ? "rsa-sha256" : "ed25519-sha256").tag("c", "relaxed/relaxed");
  field.tag("d", key.domain).tag("s", key.selector);
  if (part) field.tag("l", std::to_string(body.octets));
  field.list("h", names).base64("bh", body.hash);
  std::string text = header.canonical(dkim::Canon::relaxed, header.select(names, dkim::kNoField));
  const message::Field own = field.unsigned_field();
  dkim::append_own(text, dkim::Canon::relaxed, own, field.value_place(), field.value_place());
  const Bytes signature = TRY(key.key->sign(crypto::sha256(text).view()));
  return std::move(field).finish(signature) + octets;
}

Result<Bytes> sealed(const dkim::SigningKey& key, const Bytes& octets, trust::arc::Status came,
                     std::string_view results) {
  const message::Letter letter(octets);
  const trust::arc::SealOptions options;
  const dkim::BodyHashKind kind = options.body_kind();
  dkim::BodyHashes bodies({&kind, 1});
  bodies.feed(letter.body_bytes(letter.root()));
  bodies.finish();
  const auto made = TRY(trust::arc::seal(letter.fields(), bodies, came, results, key, system_clock().now(), options));
  return (made ? made->fields : std::string()) + octets;
}

}  // namespace chappe::app::demo
