#include "post/directory/rows.h"

#include "store/record.h"

namespace chappe::post::rows {
namespace {

using store::RecordReader;
using store::RecordWriter;

constexpr std::uint8_t kVersion = 1;  // of every record here, but:
constexpr std::uint8_t kAccountVersion = 2;

RecordWriter writer() { return RecordWriter(kVersion); }
RecordReader reader(ByteView record) { return {record, kVersion}; }

void put_address(RecordWriter& out, const AddressKey& v) { out.text(v.local()).text(v.domain()).text(v.written()); }

AddressKey address(RecordReader& in) {
  const auto local = in.text();
  const auto domain = in.text();
  return AddressKey::stored(std::string(local), std::string(domain), std::string(in.text()));
}

crypto::Sum256 sum(RecordReader& in) {
  crypto::Sum256 out;
  const auto octets = in.octets(crypto::Sum256::kSize);
  octets.copy(out.octets.data(), octets.size());
  return out;
}

enum DomainFlag : std::uint8_t { kScram = 1, kDetailIsFolder = 2 };
enum AccountFlag : std::uint8_t { kEnabled = 1, kHasPassword = 2 };

}  // namespace

store::KeyWriter key(Sub sub) {
  return std::move(store::KeyWriter(store::kSystemAccount, store::Space::directory).u8(static_cast<std::uint8_t>(sub)));
}

Bytes encode(const Counters& v) {
  return writer().number(v.last_domain).number(v.last_account).number(v.last_serial).number(v.last_audit).take();
}

Result<Counters> decode_counters(ByteView record) {
  auto in = reader(record);
  Counters v;
  v.last_domain = in.number32();
  v.last_account = in.number32();
  v.last_serial = in.number();
  v.last_audit = in.number();
  TRY(in.finish("directory counters"));
  return v;
}

Bytes encode(const Domain& v) {
  const auto flags = (v.settings.scram ? kScram : 0) | (v.settings.detail_is_folder ? kDetailIsFolder : 0);
  return writer()
      .number(v.id.value)
      .text(v.name)
      .text(v.written)
      .signed_number(v.created.us)
      .u8(static_cast<std::uint8_t>(flags))
      .number(v.settings.scram_iterations)
      .u8(static_cast<std::uint8_t>(v.settings.separator))
      .take();
}

Result<Domain> decode_domain(ByteView record) {
  auto in = reader(record);
  Domain v;
  v.id = {in.number32()};
  v.name = in.text();
  v.written = in.text();
  v.created.us = in.signed_number();
  const auto flags = in.u8();
  v.settings.scram = (flags & kScram) != 0;
  v.settings.detail_is_folder = (flags & kDetailIsFolder) != 0;
  v.settings.scram_iterations = in.number32();
  v.settings.separator = static_cast<char>(in.u8());
  TRY(in.finish("domain"));
  return v;
}

Bytes encode(const Account& v) {
  RecordWriter out(kAccountVersion);
  out.number(v.id.value).number(v.domain.value);
  put_address(out, v.address);
  return out.text(v.name)
      .u8(static_cast<std::uint8_t>((v.enabled ? kEnabled : 0) | (v.has_password ? kHasPassword : 0)))
      .number(v.quota)
      .signed_number(v.created.us)
      .number(v.quota_messages)
      .take();
}

Result<Account> decode_account(ByteView record) {
  RecordReader in(record, kAccountVersion);
  Account v;
  v.id = {in.number32()};
  v.domain = {in.number32()};
  v.address = address(in);
  v.name = in.text();
  const auto flags = in.u8();
  v.enabled = (flags & kEnabled) != 0;
  v.has_password = (flags & kHasPassword) != 0;
  v.quota = in.number();
  v.created.us = in.signed_number();
  if (in.version() >= 2) v.quota_messages = in.number();
  TRY(in.finish("account"));
  return v;
}

Bytes encode(const Credential& v) {
  auto out = writer();
  out.number(v.serial).text(v.hash).u8(v.scram ? 1 : 0);
  if (v.scram)
    out.text(v.scram->salt)
        .number(v.scram->iterations)
        .octets(v.scram->stored_key.view())
        .octets(v.scram->server_key.view());
  return out.take();
}

Result<Credential> decode_credential(ByteView record) {
  auto in = reader(record);
  Credential v;
  v.serial = in.number();
  v.hash = in.text();
  if (in.u8() != 0) {
    v.scram.emplace();
    v.scram->salt = in.text();
    v.scram->iterations = in.number32();
    v.scram->stored_key = sum(in);
    v.scram->server_key = sum(in);
  }
  TRY(in.finish("credential"));
  return v;
}

Bytes encode(const Entry& v) {
  auto out = writer();
  out.number(v.account.value).text(v.written).signed_number(v.created.us).number(v.targets.size());
  for (const auto& target : v.targets) put_address(out, target);
  return out.take();
}

Result<Entry> decode_entry(ByteView record) {
  auto in = reader(record);
  Entry v;
  v.account = {in.number32()};
  v.written = in.text();
  v.created.us = in.signed_number();
  const auto count = in.number();
  if (count > in.left()) in.fail_here();
  for (std::uint64_t i = 0; in.ok() && i < count; ++i) v.targets.push_back(address(in));
  TRY(in.finish("address"));
  return v;
}

Bytes encode(const Grant& v) {
  return writer().u8(static_cast<std::uint8_t>(v.right)).text(v.identity.written()).signed_number(v.created.us).take();
}

Result<Grant> decode_grant(ByteView at, ByteView record) {
  store::KeyReader where(at.substr(key(Sub::grant).range().begin.size()));
  Grant v;
  v.account = {TRY(where.u32())};
  std::string domain = TRY(where.text());
  std::string local(where.rest());
  auto in = reader(record);
  const auto right = in.u8();
  if (right != static_cast<std::uint8_t>(SendRight::on_behalf) && right != static_cast<std::uint8_t>(SendRight::as))
    in.fail_here();
  v.right = static_cast<SendRight>(right);
  v.identity = AddressKey::stored(std::move(local), std::move(domain), std::string(in.text()));
  v.created.us = in.signed_number();
  TRY(in.finish("grant"));
  return v;
}

Bytes encode(const AuditRow& v) {
  return writer()
      .number(v.seq)
      .signed_number(v.when.us)
      .text(v.who)
      .text(v.what)
      .text(v.object)
      .text(v.before)
      .text(v.after)
      .take();
}

Result<AuditRow> decode_audit(ByteView record) {
  auto in = reader(record);
  AuditRow v;
  v.seq = in.number();
  v.when.us = in.signed_number();
  v.who = in.text();
  v.what = in.text();
  v.object = in.text();
  v.before = in.text();
  v.after = in.text();
  TRY(in.finish("audit row"));
  return v;
}

Bytes encode(const Hold& v) {
  return writer()
      .u8(static_cast<std::uint8_t>(v.of))
      .number(v.id)
      .text(v.object)
      .signed_number(v.since.us)
      .text(v.who)
      .text(v.reason)
      .take();
}

Result<Hold> decode_hold(ByteView record) {
  auto in = reader(record);
  Hold v;
  const auto of = in.u8();
  if (of != static_cast<std::uint8_t>(Hold::Of::account) && of != static_cast<std::uint8_t>(Hold::Of::domain))
    in.fail_here();
  v.of = static_cast<Hold::Of>(of);
  v.id = in.number32();
  v.object = in.text();
  v.since.us = in.signed_number();
  v.who = in.text();
  v.reason = in.text();
  TRY(in.finish("legal hold"));
  return v;
}

Bytes encode(const RemovedAccount& v) {
  auto out = writer();
  out.number(v.id.value).number(v.domain.value);
  put_address(out, v.address);
  return out.signed_number(v.when.us).take();
}

Result<RemovedAccount> decode_removed(ByteView record) {
  auto in = reader(record);
  RemovedAccount v;
  v.id = {in.number32()};
  v.domain = {in.number32()};
  v.address = address(in);
  v.when.us = in.signed_number();
  TRY(in.finish("removed account"));
  return v;
}

Bytes encode_id(std::uint32_t id) { return writer().number(id).take(); }

Result<std::uint32_t> decode_id(ByteView record) {
  auto in = reader(record);
  const auto id = in.number32();
  TRY(in.finish("domain name"));
  return id;
}

Bytes encode_secret(ByteView secret) { return writer().text(secret).take(); }

Result<crypto::Secret> decode_secret(ByteView record) {
  auto in = reader(record);
  crypto::Secret secret(in.text());
  TRY(in.finish("directory secret"));
  return secret;
}

Bytes encode(const ReturnSecrets& v) {
  return writer().text(v.current.reveal()).signed_number(v.since.us).text(v.previous.reveal()).take();
}

Result<ReturnSecrets> decode_return_secrets(ByteView record) {
  auto in = reader(record);
  ReturnSecrets out;
  out.current = crypto::Secret(in.text());
  out.since.us = in.signed_number();
  out.previous = crypto::Secret(in.text());
  if (out.current.empty()) in.fail_here();
  TRY(in.finish("secrets of return paths"));
  return out;
}

Bytes encode_nothing() { return writer().take(); }

}  // namespace chappe::post::rows
