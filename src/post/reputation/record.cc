#include "post/reputation/record.h"

#include <bit>

#include "store/record.h"

namespace chappe::post::records {
namespace {

using store::KeyReader;
using store::KeyWriter;
using store::kSystemAccount;
using store::RecordReader;
using store::RecordWriter;
using store::Space;

constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kOctets = 8;  // of a tally

Bytes octets_of(double value) { return KeyWriter().u64(std::bit_cast<std::uint64_t>(value)).take(); }

double read_tally(RecordReader& r) {
  KeyReader octets(r.octets(kOctets));
  const double value = std::bit_cast<double>(octets.u64().value_or(0));
  // Zeros are left out; this refuses what is not a number, too.
  if (!(value > 0 && value <= kMostLetters)) r.fail_here();
  return value;
}

}  // namespace

Bytes reputation_key(const Identity& identity) {
  return KeyWriter(kSystemAccount, Space::reputation)
      .u8(static_cast<std::uint8_t>(identity.kind))
      .rest(identity.name)
      .take();
}

store::Range all_reputation() { return KeyWriter(kSystemAccount, Space::reputation).range(); }

store::Range reputation_of(IdentityKind kind) {
  return KeyWriter(kSystemAccount, Space::reputation).u8(static_cast<std::uint8_t>(kind)).range();
}

Result<Identity> decode_identity(ByteView key) {
  KeyReader r(key);
  TRY(r.expect(kSystemAccount, Space::reputation));
  const std::uint8_t kind = TRY(r.u8());
  if (kind < static_cast<std::uint8_t>(IdentityKind::network) || kind > static_cast<std::uint8_t>(IdentityKind::author))
    return fail(Errc::corrupt, "there is no identity of kind {}", kind);
  Identity out{static_cast<IdentityKind>(kind), std::string(r.rest())};
  if (out.name.empty() || out.name.size() > kMaxIdentityName)
    return fail(Errc::corrupt, "an identity has a name of {} octets", out.name.size());
  return out;
}

Bytes encode(const Remembered& row) {
  std::uint64_t mask = 0;
  for (std::size_t i = 0; i < kTallies; ++i)
    if (row.tallies[Tally(i)] > 0) mask |= std::uint64_t{1} << i;
  RecordWriter w(kVersion);
  w.signed_number(row.at.us).signed_number(row.first.us).signed_number(row.last.us).number(mask);
  for (std::size_t i = 0; i < kTallies; ++i)
    if (row.tallies[Tally(i)] > 0) w.octets(octets_of(row.tallies[Tally(i)]));
  return w.take();
}

Result<Remembered> decode_remembered(ByteView bytes) {
  RecordReader r(bytes, kVersion);
  Remembered row;
  row.at.us = r.signed_number();
  row.first.us = r.signed_number();
  row.last.us = r.signed_number();
  const std::uint64_t mask = r.number();
  if (mask >> kTallies != 0) r.fail_here();
  for (std::size_t i = 0; i < kTallies && r.ok(); ++i)
    if (mask >> i & 1) row.tallies[Tally(i)] = read_tally(r);
  TRY(r.finish("what is remembered of an identity"));
  return row;
}

}  // namespace chappe::post::records
