#include "post/policy/opinion.h"

#include <fmt/format.h>

#include "base/text.h"
#include "codec/utf8.h"
#include "proto/smtp/path.h"

namespace chappe::post {
namespace {

using proto::smtp::Reply;

constexpr UnheededRow kUnheeded[] = {
    {Unheeded::body, "body", "Another body was asked for; letters are never rewritten",
     "Un autre corps était demandé ; les lettres ne sont jamais réécrites"},
    {Unheeded::not_agreed, "not-agreed", "This kind of change was not agreed on",
     "Ce genre de changement n'était pas convenu"},
    {Unheeded::too_many, "too-many", "There are too many changes", "Il y a trop de changements"},
    {Unheeded::too_large, "too-large", "The changes are too large", "Les changements sont trop volumineux"},
    {Unheeded::bad_field, "bad-field", "This would not be a header field", "Ce ne serait pas un champ d'en-tête"},
    {Unheeded::bad_place, "bad-place", "There is no such place in a header",
     "Il n'y a pas de tel endroit dans un en-tête"},
    {Unheeded::bad_recipient, "bad-recipient", "This is no address of a recipient",
     "Ce n'est pas une adresse de destinataire"},
    {Unheeded::bad_sender, "bad-sender", "This is no address of a sender", "Ce n'est pas une adresse d'expéditeur"},
    {Unheeded::bad_reply, "bad-reply", "The reply does not fit; a common one takes its place",
     "La réponse ne convient pas ; une réponse ordinaire la remplace"},
    {Unheeded::forged, "forged", "This field could be taken for this server's own Authentication-Results",
     "Ce champ pourrait passer pour le propre Authentication-Results de ce serveur"},
    {Unheeded::reserved, "reserved", "This field is not a judge's to change",
     "Ce champ n'est pas à changer par un juge"},
    {Unheeded::no_destination, "no-destination", "This recipient leads nowhere", "Ce destinataire ne mène nulle part"},
    {Unheeded::parameters, "parameters", "The address is heeded, its parameters are not",
     "L'adresse est prise en compte, ses paramètres ne le sont pas"},
};

// RFC 5322 §2.2: printable ASCII without the colon.
bool is_field_name(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) { return c > 32 && c < 127 && c != ':'; });
}

// RFC 5322 §2.2.3: a further line begins with a blank and has more than blanks; §2.1.1: 998 octets; RFC 6532 §3.1.
bool is_field_value(std::string_view value) {
  if (!codec::utf8_valid(value)) return false;
  for (bool first = true;; first = false) {
    const auto end = value.find("\r\n");
    const std::string_view line = value.substr(0, end);
    if (line.size() > 998) return false;
    if (std::ranges::any_of(line, [](char c) { return c != '\t' && is_ctl(c); })) return false;
    if (!first && (line.empty() || !is_wsp(line.front()) || trim(line).empty())) return false;
    if (end == std::string_view::npos) return true;
    value.remove_prefix(end + 2);
  }
}

// RFC 5321 §4.1.2: words of printable octets.
bool are_parameters(std::string_view s) {
  return s.size() <= Opinion::kMaxParameters && std::ranges::none_of(s, [](char c) { return is_ctl(c) || is_8bit(c); });
}

// The address between angle brackets or without them, as Path::address() writes it.
std::optional<std::string> address_of(std::string_view text, bool may_be_null) {
  const bool bracketed = text.starts_with('<');
  const std::string path = bracketed ? std::string(text) : "<" + std::string(text) + ">";
  const auto parsed = may_be_null ? proto::smtp::parse_reverse_path(path) : proto::smtp::parse_forward_path(path);
  if (!parsed || !parsed->rest.empty()) return std::nullopt;
  return parsed->path.address();
}

}  // namespace

std::string_view action_id(Action action) {
  constexpr std::string_view kIds[] = {"nothing", "accept", "junk", "quarantine", "defer", "reject", "discard"};
  return kIds[static_cast<std::size_t>(action)];
}

const UnheededRow& unheeded_row(Unheeded unheeded) { return kUnheeded[static_cast<std::size_t>(unheeded)]; }
std::span<const UnheededRow> unheeded_rows() { return kUnheeded; }

Result<> fits(Action action, const Reply& reply) {
  const bool defers = action == Action::defer;
  if (!defers && action != Action::reject) return fail(Errc::invalid, "{} has no reply", action_id(action));
  if (defers ? !reply.transient() : !reply.permanent())
    return fail(Errc::invalid, "{} is no reply to {} with", reply.code, action_id(action));
  if (reply.code % 100 / 10 > 5) return fail(Errc::invalid, "{} is no reply (RFC 5321 §4.2)", reply.code);
  if (!reply.enhanced.empty()) {
    // RFC 3463 §2: class "." subject "." detail, of one digit and twice up to three.
    const auto parts = split(reply.enhanced, '.');
    if (parts.size() != 3 || parts[0] != (defers ? "4" : "5") ||
        !std::ranges::all_of(parts, [](auto p) { return p.size() <= 3 && to_number<unsigned>(p).has_value(); }))
      return fail(Errc::invalid, "{} is no enhanced code for {}", printable(reply.enhanced, 40), reply.code);
  }
  if (reply.text.size() > Opinion::kMaxReplyText) return fail(Errc::invalid, "the text of the reply is too long");
  if (std::ranges::any_of(reply.text, [](char c) { return c != '\n' && is_ctl(c); }))
    return fail(Errc::invalid, "the text of the reply has control characters");
  return {};
}

void Opinion::decide(Action action) {
  action_ = action;
  reply_ = action == Action::defer    ? Reply(451, "4.7.1", "This letter cannot be taken now, try again later")
           : action == Action::reject ? Reply(550, "5.7.1", "This letter is refused")
                                      : Reply();
}

void Opinion::decide(Action action, Reply reply) {
  decide(action);
  if (const auto fit = fits(action, reply); !fit) return leave(Unheeded::bad_reply, fit.error().text());
  reply_ = std::move(reply);
}

void Opinion::reason(std::string_view text) { reason_ = printable(text, kMaxReason); }

void Opinion::leave(Unheeded why, std::string_view what) {
  if (unheeded_.size() < kMaxUnheeded)
    unheeded_.push_back({why, printable(what)});
  else
    ++more_unheeded_;
}

bool Opinion::room(std::size_t octets, std::string_view what) {
  if (fields_.size() + recipients_.size() >= kMaxChanges) {
    leave(Unheeded::too_many, what);
    return false;
  }
  if (octets > kMaxOctets - octets_) {
    leave(Unheeded::too_large, what);
    return false;
  }
  octets_ += octets;
  return true;
}

void Opinion::change(HeaderChange change) {
  using Kind = HeaderChange::Kind;
  if (!is_field_name(change.name)) return leave(Unheeded::bad_field, change.name);
  if (change.name.size() > kMaxFieldName || change.value.size() > kMaxFieldValue)
    return leave(Unheeded::too_large, change.name);
  if (change.kind == Kind::remove) change.value.clear();
  if (change.kind == Kind::add) change.place = 0;
  if (change.kind == Kind::insert) change.place = std::min<std::uint32_t>(change.place, kMaxFieldPlace);
  if (!is_field_value(change.value)) return leave(Unheeded::bad_field, change.name);
  // The first line of the field has the name and the colon too.
  if (change.name.size() + 1 + std::min(change.value.find("\r\n"), change.value.size()) > 998)
    return leave(Unheeded::bad_field, change.name);
  const bool counted = change.kind == Kind::change || change.kind == Kind::remove;
  if (change.place > kMaxFieldPlace || (counted && change.place == 0)) return leave(Unheeded::bad_place, change.name);
  if (room(change.name.size() + change.value.size(), change.name)) fields_.push_back(std::move(change));
}

void Opinion::change(RecipientChange change) {
  auto address = address_of(change.address, false);
  if (!address || !are_parameters(change.parameters)) return leave(Unheeded::bad_recipient, change.address);
  if (!room(address->size() + change.parameters.size(), change.address)) return;
  change.address = std::move(*address);
  recipients_.push_back(std::move(change));
}

void Opinion::change(SenderChange change) {
  auto address = address_of(change.address, true);
  if (!address || !are_parameters(change.parameters)) return leave(Unheeded::bad_sender, change.address);
  change.address = std::move(*address);
  sender_ = std::move(change);
}

}  // namespace chappe::post
