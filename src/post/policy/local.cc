#include "post/policy/local.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/text.h"
#include "post/address.h"
#include "post/directory/rows.h"
#include "store/record.h"
#include "trust/mail_domain.h"

namespace chappe::post {
namespace {

using trust::Ip;
using trust::dmarc::Action;
using enum Acquaintance::Kind;

constexpr std::uint8_t kVersion = 1;

// On disk.
struct ActionNumber {
  std::uint8_t number;
  Action action;
};
constexpr ActionNumber kNumbers[] = {
    {1, Action::accept}, {2, Action::junk}, {3, Action::quarantine}, {4, Action::reject}};
constexpr Action kRejected[] = {Action::reject, Action::junk, Action::accept};
constexpr Action kSuspect[] = {Action::junk, Action::quarantine, Action::accept};

constexpr AcquaintanceRow kKinds[] = {
    {sealer, "sealer", "DOMAIN", "its ARC seal is believed", "son sceau ARC est cru"},
    {list, "list", "DOMAIN or LIST-ID/DOMAIN", "a mailing list", "une liste de diffusion"},
    {forwarder, "forwarder", "NETWORK or DOMAIN", "passes on letters to us", "nous fait suivre des lettres"},
    {allow, "allow", "ADDRESS or DOMAIN", "is welcome, if it is proven", "est bienvenu, si c'est prouvé"},
    {block, "block", "ADDRESS, DOMAIN or NETWORK", "is turned away", "est éconduit"},
};

Result<Action> parse_one_of(std::span<const Action> among, std::string_view name) {
  std::string all;
  for (const Action action : among) {
    if (action_name(action) == name) return action;
    all += (all.empty() ? "" : ", ") + std::string(action_name(action));
  }
  return fail(Errc::invalid, "{} expected, or inherit, not {}", all, printable(name, 40));
}

constexpr std::string_view kInherited = "inherited";
constexpr std::string_view kRejectedIs = "rejected=", kSuspectIs = "suspect=";

std::string_view named(const std::optional<Action>& action) { return action ? action_name(*action) : kInherited; }

// The inverse.
Result<std::optional<Action>> read_named(std::string_view word, std::string_view front, std::span<const Action> among) {
  if (!word.starts_with(front)) return fail(Errc::invalid, "{} expected, not {}", front, printable(word, 40));
  word.remove_prefix(front.size());
  if (word == kInherited) return std::optional<Action>();
  return std::optional(TRY(parse_one_of(among, word)));
}

// Takes a line off the front.
std::string_view next_line(std::string_view& text) {
  const auto end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

Ip masked(const Ip& ip, unsigned bits) {
  const unsigned width = ip.v4() ? 32 : 128;
  const Ip::Number rest = bits == width ? 0 : ~Ip::Number{0} >> (128 - width + bits);
  return Ip::of_number(ip.number() & ~rest, ip.v4());
}

// What may be known of everybody.
Result<std::string> parse_name(Acquaintance::Kind kind, std::string_view written) {
  const bool networks = kind == forwarder || kind == block;
  const bool addresses = kind == allow || kind == block;
  if (networks)
    if (const auto prefix = parse_prefix(written)) return text_of(*prefix);
  if (addresses && written.find('@') != written.npos) {
    // As key, with the quotes that it needs to be read again.
    const AddressKey address = TRY(AddressKey::parse(written));
    return TRY(AddressKey::of(address.local(), address.domain())).written();
  }
  if (kind == list) {
    if (const auto slash = written.find('/'); slash != written.npos) {
      const std::string id = to_lower(written.substr(0, slash));
      if (id.empty() || std::ranges::any_of(id, [](char c) { return is_ctl(c) || c == ' ' || c == '<' || c == '>'; }))
        return fail(Errc::invalid, "no List-Id");
      return fmt::format("{}/{}", id, TRY(trust::mail_domain(written.substr(slash + 1))));
    }
  }
  return trust::mail_domain(written);
}

store::KeyWriter at(rows::Sub sub, Scope scope) {
  store::KeyWriter key = rows::key(sub);
  key.u8(static_cast<std::uint8_t>(scope.of)).u32(scope.id);
  return key;
}

Result<Scope> read_scope(store::KeyReader& key) {
  const std::uint8_t of = TRY(key.u8());
  const std::uint32_t id = TRY(key.u32());
  if (of > static_cast<std::uint8_t>(Scope::Of::account)) return fail(Errc::corrupt, "no such scope");
  return Scope{static_cast<Scope::Of>(of), id};
}

store::KeyReader behind(const store::Range& range, ByteView key) {
  return store::KeyReader(key.substr(std::min(key.size(), range.begin.size())));
}

std::uint8_t number_of(const std::optional<Action>& action) {
  if (!action) return 0;
  return std::ranges::find(kNumbers, *action, &ActionNumber::action)->number;
}

std::optional<Action> read_action(store::RecordReader& in, std::span<const Action> among) {
  const std::uint8_t number = in.u8();
  if (number == 0) return std::nullopt;
  const auto* const row = std::ranges::find(kNumbers, number, &ActionNumber::number);
  if (row == std::end(kNumbers) || std::ranges::find(among, row->action) == among.end()) {
    in.fail_here();
    return std::nullopt;
  }
  return row->action;
}

LaidDown read_made(store::RecordReader& in) {
  LaidDown made;
  made.when.us = in.signed_number();
  made.who = in.text();
  return made;
}

}  // namespace

std::string_view scope_name(Scope::Of of) {
  constexpr std::string_view kNames[] = {"site", "domain", "account"};
  return kNames[std::to_underlying(of)];
}

Result<Action> parse_rejected(std::string_view name) { return parse_one_of(kRejected, name); }
Result<Action> parse_suspect(std::string_view name) { return parse_one_of(kSuspect, name); }

std::span<const AcquaintanceRow> acquaintance_rows() { return kKinds; }
const AcquaintanceRow& acquaintance_row(Acquaintance::Kind kind) { return kKinds[std::to_underlying(kind) - 1]; }

Result<Acquaintance::Kind> parse_kind(std::string_view id) {
  std::string all;
  for (const AcquaintanceRow& row : kKinds) {
    if (row.id == id) return row.kind;
    all += (all.empty() ? "" : ", ") + std::string(row.id);
  }
  return fail(Errc::invalid, "one of {} expected, not {}", all, printable(id, 40));
}

Result<Acquaintance> parse_acquaintance(Acquaintance::Kind kind, std::string_view written) {
  if (written.size() > kMaxAcquaintanceName)
    return fail(Errc::too_large, "a name over {} octets", kMaxAcquaintanceName);
  auto name = parse_name(kind, written);
  const AcquaintanceRow& row = acquaintance_row(kind);
  if (!name) return fail(Errc::invalid, "{} is no {}, which a {} is", printable(written, 80), row.wanted, row.id);
  return Acquaintance{kind, std::move(*name)};
}

std::optional<Prefix> parse_prefix(std::string_view text) {
  const auto slash = text.find('/');
  const auto ip = Ip::parse(text.substr(0, slash));
  if (!ip) return std::nullopt;
  const unsigned width = ip->v4() ? 32 : 128;
  unsigned bits = width;
  if (slash != text.npos) {
    const auto given = to_number<unsigned>(text.substr(slash + 1));
    if (!given || *given > width) return std::nullopt;
    bits = *given;
  }
  return Prefix{masked(*ip, bits), bits};
}

std::string text_of(const Prefix& prefix) { return fmt::format("{}/{}", prefix.network.text(), prefix.bits); }

std::string in_words(const Handling& h) {
  return fmt::format("{}{} {}{}", kRejectedIs, named(h.rejected), kSuspectIs, named(h.suspect));
}
std::string in_words(const Acquaintance& known) {
  return fmt::format("{} {}", acquaintance_row(known.kind).id, known.name);
}

std::string rules_text(const ScopeRules& rules) {
  std::string out = in_words(rules.handling) + '\n';
  for (const Acquaintance& known : rules.known) out += in_words(known) + '\n';
  return out;
}

Result<ScopeRules> read_rules_text(std::string_view text) {
  ScopeRules out;
  const std::string_view first = next_line(text);
  const auto space = first.find(' ');
  out.handling.rejected = TRY(read_named(first.substr(0, space), kRejectedIs, kRejected));
  out.handling.suspect = TRY(read_named(space == first.npos ? "" : first.substr(space + 1), kSuspectIs, kSuspect));
  while (!text.empty()) {
    if (out.known.size() == kMaxAcquaintances) return fail(Errc::too_large, "over {} names", kMaxAcquaintances);
    const std::string_view line = next_line(text);
    const auto after = line.find(' ');
    if (after == line.npos) return fail(Errc::invalid, "a rule without a name");
    const Acquaintance::Kind kind = TRY(parse_kind(line.substr(0, after)));
    out.known.insert(TRY(parse_acquaintance(kind, line.substr(after + 1))));
  }
  return out;
}

namespace rows {

Bytes handling_key(Scope scope) { return at(Sub::handling, scope).take(); }
store::Range all_handlings() { return key(Sub::handling).range(); }
Bytes acquaintance_key(Scope scope, const Acquaintance& known) {
  return at(Sub::known, scope).u8(static_cast<std::uint8_t>(known.kind)).rest(known.name).take();
}
store::Range acquaintances_of(Scope scope) { return at(Sub::known, scope).range(); }
store::Range all_acquaintances() { return key(Sub::known).range(); }

Bytes encode(const Handling& handling, const LaidDown& made) {
  return store::RecordWriter(kVersion)
      .u8(number_of(handling.rejected))
      .u8(number_of(handling.suspect))
      .signed_number(made.when.us)
      .text(made.who)
      .take();
}
Bytes encode(const LaidDown& made) {
  return store::RecordWriter(kVersion).signed_number(made.when.us).text(made.who).take();
}

Result<HandlingAt> decode_handling(ByteView where, ByteView record) {
  store::KeyReader place = behind(all_handlings(), where);
  HandlingAt out;
  out.scope = TRY(read_scope(place));
  if (!place.done()) return fail(Errc::corrupt, "a key of a policy is too long");
  store::RecordReader in(record, kVersion);
  out.handling.rejected = read_action(in, kRejected);
  out.handling.suspect = read_action(in, kSuspect);
  out.made = read_made(in);
  TRY(in.finish("a policy"));
  return out;
}

Result<AcquaintanceAt> decode_acquaintance(ByteView where, ByteView record) {
  store::KeyReader place = behind(all_acquaintances(), where);
  AcquaintanceAt out;
  out.scope = TRY(read_scope(place));
  const std::uint8_t kind = TRY(place.u8());
  out.known.name = place.rest();
  store::RecordReader in(record, kVersion);
  if (kind == 0 || kind > std::size(kKinds) || out.known.name.size() > kMaxAcquaintanceName) in.fail_here();
  out.known.kind = static_cast<Acquaintance::Kind>(kind);
  out.made = read_made(in);
  TRY(in.finish("an acquaintance"));
  return out;
}

}  // namespace rows

}  // namespace chappe::post
