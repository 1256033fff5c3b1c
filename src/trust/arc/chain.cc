#include "trust/arc/chain.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "base/text.h"
#include "message/lexer.h"

namespace chappe::trust::arc {
namespace {

constexpr ReasonRow kReasons[] = {
    {Reason::no_sets, "no-sets", Status::none, "RFC 8617 §5.2", "There is no chain", "Il n'y a pas de chaîne"},
    {Reason::verified, "verified", Status::pass, "RFC 8617 §5.2", "The chain holds", "La chaîne est valide"},
    {Reason::failed_before, "failed-before", Status::fail, "RFC 8617 §5.2",
     "Somebody on the way found the chain broken", "La chaîne a été trouvée rompue en chemin"},
    {Reason::bad_field, "bad-field", Status::fail, "RFC 8617 §4.2.1", "A field of the chain cannot be read",
     "Un champ de la chaîne est illisible"},
    {Reason::set_incomplete, "set-incomplete", Status::fail, "RFC 8617 §5.2", "A set lacks one of its three fields",
     "Il manque un des trois champs d'un jeu"},
    {Reason::set_twofold, "set-twofold", Status::fail, "RFC 8617 §5.2", "A set has a field twice",
     "Un jeu comporte deux fois un champ"},
    {Reason::gap, "gap", Status::fail, "RFC 8617 §5.2", "A set is missing in the chain",
     "Il manque un jeu dans la chaîne"},
    {Reason::chain_value, "chain-value", Status::fail, "RFC 8617 §5.2",
     "A seal says of the chain before it what cannot be",
     "Un sceau dit de la chaîne qui le précède ce qui ne peut être"},
    {Reason::message_signature, "message-signature", Status::fail, "RFC 8617 §5.2",
     "The newest signature of the chain does not hold", "La signature la plus récente de la chaîne n'est pas valide"},
    {Reason::seal, "seal", Status::fail, "RFC 8617 §5.2", "A seal of the chain does not hold",
     "Un sceau de la chaîne n'est pas valide"},
    {Reason::too_many_keys, "too-many-keys", Status::fail, "RFC 8617 §9.2",
     "The chain is made with more keys than are asked for", "La chaîne emploie plus de clés qu'il n'en est demandé"},
};

void fault(Chain& chain, Reason reason, std::uint32_t at, std::string detail) {
  if (chain.fault) return;
  chain.fault = reason;
  chain.at = at;
  chain.detail = std::move(detail);
}

// RFC 8617 §5.2, step 3.
void check_structure(Chain& chain) {
  // Step 2 comes first.
  const Set& newest = chain.sets.back();
  if (newest.seal && newest.seal->signature.chain == "fail")
    return fault(chain, Reason::failed_before, newest.instance, "cv=fail");
  std::uint32_t expected = 1;
  for (const Set& set : chain.sets) {
    if (set.instance != expected)
      return fault(chain, Reason::gap, expected, fmt::format("i={} comes before i={}", expected - 1, set.instance));
    if (!set.results) return fault(chain, Reason::set_incomplete, expected, "no ARC-Authentication-Results");
    if (!set.message) return fault(chain, Reason::set_incomplete, expected, "no ARC-Message-Signature");
    if (!set.seal) return fault(chain, Reason::set_incomplete, expected, "no ARC-Seal");
    ++expected;
  }
  for (const Set& set : chain.sets) {
    const std::string_view must = set.instance == 1 ? "none" : "pass";
    const std::string& says = set.seal->signature.chain;
    if (says != must)
      return fault(chain, Reason::chain_value, set.instance,
                   fmt::format("cv={} at i={}", printable(says, 20), set.instance));
  }
}

// `i=1;` of an ARC-Authentication-Results.
std::optional<std::uint32_t> take_instance(message::Lexer& in) {
  in.skip_cfws();
  if (!in.take('i')) return std::nullopt;
  in.skip_cfws();
  if (!in.take('=')) return std::nullopt;
  in.skip_cfws();
  const ByteView digits = in.take_while(is_digit);
  in.skip_cfws();
  if (!in.take(';')) return std::nullopt;
  return dkim::parse_instance(digits);
}

}  // namespace

std::string_view status_name(Status status) {
  switch (status) {
    case Status::none:
      return "none";
    case Status::pass:
      return "pass";
    case Status::fail:
      return "fail";
  }
  std::unreachable();
}

const ReasonRow& reason_row(Reason reason) {
  for (const ReasonRow& row : kReasons)
    if (row.reason == reason) return row;
  std::unreachable();
}

std::span<const ReasonRow> reason_rows() { return kReasons; }

std::optional<std::uint32_t> results_instance(ByteView value) {
  message::Lexer in(value);
  return take_instance(in);
}

std::optional<ByteView> results_text(ByteView value) {
  message::Lexer in(value);
  if (!take_instance(in)) return std::nullopt;
  return in.rest();
}

Chain collect(std::span<const message::Field> header) {
  using message::FieldName;
  Chain out;
  std::map<std::uint32_t, Set> sets;
  std::optional<std::pair<std::uint32_t, std::string>> twice;
  std::optional<std::string> unread;
  for (std::size_t i = 0; i < header.size(); ++i) {
    const message::Field& field = header[i];
    const bool is_results = field.id() == FieldName::arc_authentication_results;
    const bool is_message = field.id() == FieldName::arc_message_signature;
    if (!is_results && !is_message && field.id() != FieldName::arc_seal) continue;
    // A letter cannot have more of them and still be in order; what follows is not read.
    if (unread || twice) continue;
    dkim::SignatureVerdict v;
    std::uint32_t instance = 0;
    if (is_results) {
      instance = results_instance(field.value()).value_or(0);
    } else {
      v.field = i;
      v.signature = dkim::parse_signature(field, is_message ? dkim::Form::arc_message : dkim::Form::arc_seal);
      if (v.signature.fault) v.decide(*v.signature.fault);
      instance = v.signature.instance;
    }
    if (instance == 0) {
      unread = fmt::format("no instance in {}", field.name());
      continue;
    }
    Set& set = sets[instance];
    set.instance = instance;
    const bool there = is_results   ? set.results.has_value()
                       : is_message ? set.message.has_value()
                                    : set.seal.has_value();
    if (there)
      twice = {instance, std::string(field.name())};
    else if (is_results)
      set.results = i;
    else
      (is_message ? set.message : set.seal) = std::move(v);
  }
  for (auto& [instance, set] : sets) out.sets.push_back(std::move(set));
  if (unread) fault(out, Reason::bad_field, 0, std::move(*unread));
  if (twice) fault(out, Reason::set_twofold, twice->first, "two of " + twice->second);
  if (!out.sets.empty()) check_structure(out);
  return out;
}

}  // namespace chappe::trust::arc
