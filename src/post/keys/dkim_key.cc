#include "post/keys/dkim_key.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "codec/idna.h"
#include "post/directory/rows.h"
#include "store/record.h"
#include "trust/dkim/key.h"

namespace chappe::post {
namespace {

constexpr std::uint8_t kVersion = 1;

constexpr KeyStateRow kStates[] = {
    {KeyState::next, "next", "made, in nobody's DNS yet", "créée, encore dans aucun DNS"},
    {KeyState::published, "published", "published, does not sign yet", "publiée, ne signe pas encore"},
    {KeyState::signing, "signing", "signs", "signe"},
    {KeyState::retiring, "retiring", "signs no more, stays published", "ne signe plus, reste publiée"},
    {KeyState::revoked, "revoked", "revoked, without private key", "révoquée, sans clef privée"},
};

struct KindRow {
  crypto::KeyKind kind;
  std::uint8_t number;  // on disk
};
constexpr KindRow kKinds[] = {{crypto::KeyKind::rsa, 1}, {crypto::KeyKind::ed25519, 2}};

const KindRow& kind_row(crypto::KeyKind kind) { return *std::ranges::find(kKinds, kind, &KindRow::kind); }

}  // namespace

std::span<const KeyStateRow> key_state_rows() { return kStates; }

const KeyStateRow& key_state_row(KeyState state) {
  for (const KeyStateRow& row : kStates)
    if (row.state == state) return row;
  std::unreachable();
}

std::optional<KeyState> parse_key_state(std::string_view id) {
  for (const KeyStateRow& row : kStates)
    if (row.id == id) return row.state;
  return std::nullopt;
}

bool may_become(KeyState from, KeyState to) {
  if (from == to || from == KeyState::revoked) return false;
  // What was published may be known to others: it is retired or revoked, and not new again.
  return to != KeyState::next;
}

std::string DkimKey::record() const {
  return trust::dkim::key_record(kind, state == KeyState::revoked ? ByteView() : ByteView(public_octets));
}

Result<std::string> parse_selector(std::string_view written, std::string_view domain) {
  std::string selector = to_lower(written);
  // The last label of a name of ours is never all digits; that of a selector may be.
  const std::string whole = fmt::format("{}._domainkey.{}", selector, domain);
  if (whole.size() > codec::kMaxDomain) return fail(Errc::too_large, "the selector {} is too long", printable(written));
  if (!codec::valid_domain(selector + ".x"))
    return fail(Errc::invalid, "{} is no selector: letters, digits and hyphens, with dots between", printable(written));
  return selector;
}

namespace rows {

Bytes dkim_key_key(DomainId domain, ByteView selector) {
  return key(Sub::dkim_key).u32(domain.value).rest(selector).take();
}
Bytes dkim_secret_key(DomainId domain, ByteView selector) {
  return key(Sub::dkim_secret).u32(domain.value).rest(selector).take();
}
store::Range dkim_keys_of(DomainId domain) { return key(Sub::dkim_key).u32(domain.value).range(); }
store::Range all_dkim_keys() { return key(Sub::dkim_key).range(); }

Bytes encode(const DkimKey& v) {
  return store::RecordWriter(kVersion)
      .u8(kind_row(v.kind).number)
      .number(v.bits)
      .u8(static_cast<std::uint8_t>(v.state))
      .signed_number(v.created.us)
      .signed_number(v.since.us)
      .text(v.public_octets)
      .take();
}

Result<DkimKey> decode_dkim_key(ByteView at, ByteView record) {
  const std::size_t prefix = all_dkim_keys().begin.size();
  store::KeyReader place(at.substr(std::min(at.size(), prefix)));
  DkimKey v;
  v.domain = {TRY(place.u32())};
  v.selector = place.rest();
  store::RecordReader in(record, kVersion);
  const auto* const kind = std::ranges::find(kKinds, in.u8(), &KindRow::number);
  if (kind == std::end(kKinds))
    in.fail_here();
  else
    v.kind = kind->kind;
  v.bits = in.number32();
  const auto state = in.u8();
  if (state < static_cast<std::uint8_t>(KeyState::next) || state > static_cast<std::uint8_t>(KeyState::revoked))
    in.fail_here();
  v.state = static_cast<KeyState>(state);
  v.created.us = in.signed_number();
  v.since.us = in.signed_number();
  v.public_octets = in.text();
  TRY(in.finish("DKIM key"));
  return v;
}

}  // namespace rows

}  // namespace chappe::post
